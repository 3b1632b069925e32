"""Arguments and options that several commands have."""

from typing import Annotated, TypeVar

import typer

from compliance.runs import JobType
from xcompliance.errors import CommandError
from xcompliance.formats import FileFormat, Format

Run = Annotated[str, typer.Argument(help="A run's ID, as `xcompliance runs` lists it.")]
Type = Annotated[JobType, typer.Option("--type", help="What the IDs are.")]
Column = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|NUMBER",
        show_default="chosen by name",
        help="Column or field that holds the IDs, by name or, in a table, by 1-based number.",
    ),
]
AcceptRounded = Annotated[
    bool, typer.Option("--accept-rounded", help="Warn of rounded IDs (docs/input.md), and check them all the same.")
]
Prefix = Annotated[
    str | None,
    typer.Option(envvar="XCOMPLIANCE_PREFIX", help="Of the stacks in an AWS account; XCompliance by default."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, and nothing else.")]

F = TypeVar("F", Format, FileFormat)


def form_of(form: F, *, as_json: bool) -> F:
    """``--json`` is short for ``--format json``; raises CommandError beside any other format."""
    if not as_json:
        return form
    if form not in ("table", "json"):
        raise CommandError(f"--json and --format {form} contradict each other: leave one out.")
    return "json"
