"""``xcompliance inspect``."""

from dataclasses import asdict
from typing import Annotated

import typer

from xcompliance.commands.options import AcceptRounded, Column, Json, Prefix, Type
from xcompliance.commands.output import answer, print_json, progress
from xcompliance.errors import FAILED, CommandError


def inspect(
    source: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="A file, a folder that is to become one run, or s3://bucket/key."),
    ],
    *,
    job_type: Type,
    column: Column = None,
    accept_rounded: AcceptRounded = False,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Read a file as a run would, and show what becomes of it. Nothing is sent anywhere, and X is not asked.

    A deployment's settings are used if --prefix names it or a sandbox is up, else the defaults.
    """
    from xcompliance.inspecting import look_at
    from xcompliance.inspection_view import show

    if len(source) > 1:
        raise CommandError(
            "Inspect one file at a time: each file is a run of its own. A folder of files is inspected as one run."
        )
    look, settings = look_at(source[0], job_type, column, prefix, progress(), accept_rounded=accept_rounded)
    if as_json:
        print_json(asdict(look.result))
    else:
        show(answer(), source[0], look, settings)
    if look.result.outcome == "refused":
        raise typer.Exit(FAILED)
