"""``xcompliance query``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from compliance.runs import JobType
from xcompliance.commands.names import query_names
from xcompliance.commands.options import Json, Prefix, form_of
from xcompliance.commands.output import notes
from xcompliance.formats import ROWS_ON_A_SCREEN, Format
from xcompliance.text import count


def query(
    question: Annotated[
        str,
        typer.Argument(
            metavar="NAME|SQL", help="A view, table or saved query, or SQL of Athena's.", autocompletion=query_names
        ),
    ],
    *,
    form: Annotated[Format, typer.Option("--format", help="Of the answer.")] = "table",
    file: Annotated[Path | None, typer.Option("--output", "-o", help="Where the answer goes; to the screen.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"Rows of a view or table at most; {ROWS_ON_A_SCREEN} in a --format table, else all."),
    ] = None,
    job_type: Annotated[JobType | None, typer.Option("--type", help="Read nothing but tweets or users.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Read nothing of runs that began before that day.")
    ] = None,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Ask Athena: what must be deleted, what has changed, what was checked? docs/sql.md has the names."""
    from xcompliance import target
    from xcompliance.query import ask, narrowing_of, write

    chosen = form_of(form, as_json=as_json)
    narrowing = narrowing_of(job_type, since)
    first = ROWS_ON_A_SCREEN if limit is None and chosen == "table" else None
    found = write(ask(target.stack_of(prefix), question, limit or first, narrowing), chosen, file)
    if file is not None:
        notes().print(f"{count(found)} rows are in {escape(str(file))}.")
    if found == first:
        notes().print("There may be more: --limit says how many, --format csv or jsonl has all.")
