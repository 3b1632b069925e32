"""``xcompliance results``."""

from pathlib import Path
from typing import Annotated

import typer

from xcompliance.commands.options import Json, Prefix, Run, form_of
from xcompliance.commands.output import notes
from xcompliance.errors import CommandError
from xcompliance.formats import FileFormat


def results(
    run: Run,
    *,
    form: Annotated[FileFormat, typer.Option("--format", help="Of the records.")] = "table",
    action: Annotated[
        str | None,
        typer.Option(
            help="Nothing but delete, rehydrate or scrub_geo.",
            autocompletion=lambda: ["delete", "rehydrate", "scrub_geo"],
        ),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Nothing but this reason, in X's words.")] = None,
    file: Annotated[Path | None, typer.Option("--output", "-o", help="Where they go; to the screen.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Take what is there of an incomplete run.")] = False,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Fetch what X said in a run, record by record, from its files."""
    from xcompliance import target
    from xcompliance.results import Wanted, write
    from xcompliance.runs import get_run

    chosen = form_of(form, as_json=as_json)
    if chosen == "parquet" and file is None:
        raise CommandError("Parquet is no text: name a file for it with -o FILE.")
    stack = target.stack_of(prefix)
    found = get_run(stack, run)
    for note in write(stack, found, Wanted(action, reason), chosen, file, partial=partial):
        notes().print(note, markup=False)
