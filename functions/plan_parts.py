"""Plan Parts: cuts the object into ranges, each of which becomes one upload."""

from typing import Any

from adapters import objects, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.settings import settings
from compliance.errors import NothingToCheck
from compliance.ids import MAX_LINE
from compliance.kinds import HEAD_BYTES, refuse_other_kinds
from compliance.runs import Part, Run
from compliance.sources import GZIP_MAGIC, plan_ranges


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id`` and ``execution_arn``; returns ``parts``, the input of Prepare Part for each.

    A range's last line may begin in it and end behind it, so ranges are a line shorter than a part may be. A gzip file
    cannot be cut: it is planned as one part. A run that is started again keeps its plan.

    Raises NothingToCheck for an empty object, UnsupportedInput for one that begins as no list of IDs does.
    """
    run = runs_table.get_run(event["run_id"])
    if "parts" in run:
        runs_table.update_run(run["run_id"], owner=event["execution_arn"], status="preparing")
        return _plan(run, run["parts"])
    size, head = objects.source_head(run["bucket"], run["key"], run["version_id"], HEAD_BYTES)
    if size == 0:
        raise NothingToCheck("The file is empty: there is nothing to check.")
    is_gzip = head.startswith(GZIP_MAGIC)
    if not is_gzip:
        refuse_other_kinds(head)
    ranges = [(0, size)] if is_gzip else plan_ranges(size, settings().part_bytes - MAX_LINE)
    for number, (start, end) in enumerate(ranges, 1):
        runs_table.plan(
            Part(
                run_id=run["run_id"],
                part=number,
                type=run["type"],
                status="planned",
                bucket=run["bucket"],
                key=run["key"],
                version_id=run["version_id"],
                source_start=start,
                source_end=end,
                is_gzip=is_gzip,
                planned_parts=len(ranges),
                checked_on=run["checked_on"],
            )
        )
    runs_table.update_run(
        run["run_id"], owner=event["execution_arn"], status="preparing", bytes=size, parts=len(ranges)
    )
    return _plan(run, len(ranges))


def _plan(run: Run, parts: int) -> dict[str, Any]:
    return {"parts": [{"run_id": run["run_id"], "type": run["type"], "part": n + 1} for n in range(parts)]}
