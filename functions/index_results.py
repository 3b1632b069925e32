"""Index Results: writes a short answer to the results index itself, and says which ranges of a long one are left."""

from dataclasses import asdict
from typing import Any

from adapters import answers, metrics, objects, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.results_index import ResultsIndex
from adapters.settings import settings
from compliance.clock import time_text
from compliance.indexing import Progress, Range, add, begin, counts_of, next_round, ranges_of, wait_seconds
from compliance.metrics import IDS_AFFECTED, IDS_CHECKED, PARTS_UNVERIFIED, by_action
from compliance.results import records_in
from compliance.runs import Part, PartRef, raw_key

RESERVE_SECONDS = 60
"""Kept at most of an invocation's time for the requests under way; a third where that is less."""


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference, the ``progress`` that it returned the last time, and the ``outcomes`` of its ranges.

    Returns whether the part is ``complete``, the ``progress``, which is empty at first, and the ``ranges`` that come
    next, after ``wait_seconds``. The part's record says in the end how many records were ``indexed``, ``unchanged`` and
    ``outranked``.
    """
    ref = PartRef.of(event)
    part = runs_table.get_part_with_job(ref)
    counts: dict[str, Any] = {}
    if settings().results_index:
        progress, ranges = _go_on(part, event, clock)
        if ranges:
            wait = wait_seconds(progress)
            return {"complete": False, "progress": progress, "ranges": ranges, "wait_seconds": wait}
        counts = asdict(counts_of(progress))
    done = {"status": "complete", "indexed_at": time_text(clock.now()), "error": None, "error_message": None}
    runs_table.update_part(ref, job=part["job_name"], until="indexed_at", **done, **counts)
    if part["status"] != "complete":
        _tell(part)
    answers.close_answer(part)
    return {"complete": True, "progress": {}, "ranges": [], "wait_seconds": 0}


def _tell(part: Part) -> None:
    unverified = {PARTS_UNVERIFIED: 1} if "unverified" in part else {}
    metrics.tell({IDS_CHECKED: part["accepted"], **unverified}, part["run_id"])
    for action, number in by_action(part["by_action"]).items():
        metrics.tell({IDS_AFFECTED: number}, part["run_id"], action=action)


def _go_on(part: Part, event: Event, clock: LambdaClock) -> tuple[Progress, list[Range]]:
    if event["progress"]:
        return next_round(part, event["progress"], event["outcomes"])
    progress = begin(answers.open_until(part))
    ranges = ranges_of(part)
    if len(ranges) > 1:
        return next_round(part, progress, [])
    for start, end in ranges:
        lines = objects.lines_between(raw_key(part["run_id"], part["part"]), start, end)
        index = ResultsIndex(part, progress["open_until"], clock, min(RESERVE_SECONDS, clock.remaining() / 3))
        progress = add(progress, index.write(records_in(lines)))
    return progress, []
