"""``xcompliance runs``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from xcompliance.commands.options import Json, Prefix
from xcompliance.commands.output import answer, print_json

if TYPE_CHECKING:
    from xcompliance.records import RunRecord


def runs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """List the last runs, the newest first."""
    from xcompliance import report, target
    from xcompliance.runs import latest_runs

    found = latest_runs(target.stack_of(prefix), limit)
    if as_json:
        print_json([_summary(run) for run in found])
    elif found:
        answer().print(report.listing(found))
    else:
        answer().print("There are no runs yet. Start one with: xcompliance submit FILE --type tweets")


def _summary(run: "RunRecord") -> dict[str, Any]:
    return {name: value for name, value in run.as_json().items() if name != "part_records"}
