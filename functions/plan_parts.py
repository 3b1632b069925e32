"""Plan Parts: cuts what was dropped into ranges and packs them into parts, each of which becomes one upload."""

from typing import Any

from adapters import inbox, objects, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.settings import settings
from compliance.attempts import Attempt
from compliance.runs import Part, Run, segments_key
from compliance.segments import check_count, listing_of, pack, places, planned_intact, planned_warnings, segment_of


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id`` and an ``Attempt``; returns ``parts``, the input of Prepare Part for each, and whether
    to ``deduplicate`` them.

    The listing of segments is written once and is the plan: whoever plans again, or starts the run again, reads it.

    Raises NothingToCheck, UnsupportedInput and PartTooLarge as ``inbox.segments_of``.
    """
    run = runs_table.get_run(event["run_id"])
    listing, notes = _listing(run)
    ranges = list(places(listing))
    for number, (start, end) in enumerate(ranges, 1):
        runs_table.plan(
            Part(
                run_id=run["run_id"],
                part=number,
                type=run["type"],
                status="planned",
                segments_start=start,
                segments_end=end,
                planned_parts=len(ranges),
                checked_on=run["checked_on"],
            )
        )
    segments = [segment_of(line) for line in listing.splitlines()]
    runs_table.update_run(
        run["run_id"],
        attempt=Attempt.of(event),
        status="preparing",
        files=len({segment.key for segment in segments}),
        bytes=sum(segment.end - segment.start for segment in segments),
        parts=len(ranges),
        **notes,
    )
    parts = [{"run_id": run["run_id"], "type": run["type"], "part": n + 1} for n in range(len(ranges))]
    return {"parts": parts, "deduplicate": settings().deduplicate_across_parts}


def _listing(run: Run) -> tuple[bytes, dict[str, Any]]:
    """The segments of the run, and what its record is to say of the files."""
    if "files" in run:
        return objects.read(segments_key(run)), {"warnings": run.get("warnings", [])}
    segments = inbox.segments_of(run)
    parts = pack(segments, settings().part_bytes)
    check_count(len(parts))
    notes = {"warnings": planned_warnings(segments), "intact": planned_intact(segments) or None}
    return objects.write_once(segments_key(run), listing_of(parts, run["run_id"])), notes
