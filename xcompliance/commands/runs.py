"""``xcompliance runs``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from xcompliance.commands.options import Json, Prefix
from xcompliance.commands.output import answer, notes, print_json

if TYPE_CHECKING:
    from xcompliance.records import RunRecord


def runs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """List the last runs, the newest first."""
    from xcompliance import report, target
    from xcompliance.misplaced import notice
    from xcompliance.runs import latest_runs

    stack = target.stack_of(prefix)
    found = latest_runs(stack, limit)
    if as_json:
        print_json([_summary(run) for run in found])
    elif found:
        answer().print(report.listing(found))
    else:
        answer().print("There are no runs yet. Start one with: xcompliance submit FILE --type tweets")
    if said := notice(stack):
        notes().print(f"[yellow]Warning[/]  {escape(said.found)} {escape(said.advice)}")


def _summary(run: "RunRecord") -> dict[str, Any]:
    return {name: value for name, value in run.as_json().items() if name != "part_records"}
