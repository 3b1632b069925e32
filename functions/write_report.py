"""Write Report: leaves a page beside a run's results that people can look at."""

from itertools import chain, islice
from typing import Any

from adapters import objects, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.settings import settings
from compliance.attempts import Attempt
from compliance.report.content import (
    MOST_REJECTS,
    MOST_SEGMENTS,
    Content,
    Places,
    Rejected,
    rejected_of,
    rejects_objects,
)
from compliance.report.document import document
from compliance.runs import Part, Run, report_key, segments_key
from compliance.segments import Segment, segment_of


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id`` and an ``Attempt`` of the execution of a run that is over; returns the key of its ``report``."""
    return {"report": write_report(event["run_id"], Attempt.of(event))["report"]}


def write_report(run_id: str, attempt: Attempt) -> Run:
    """Writes the report, in the place of an earlier one, and where it is; returns the run's record.

    Raises RunTakenOver if another execution, or a later attempt, has written the run since.
    """
    run = runs_table.get_owned_run(run_id, attempt)
    parts = runs_table.list_parts(run_id)
    page = document(Content(run=run, parts=parts, segments=_segments(run), rejects=_rejects(parts), places=_places()))
    key = report_key(run)
    objects.write(key, page, objects.crc32c_of(page), content_type="text/html; charset=utf-8")
    return runs_table.update_run(run_id, attempt=attempt, report=key)


def _segments(run: Run) -> list[Segment]:
    """The first of what the run has read; a run without a plan has read nothing."""
    lines = objects.first_lines(segments_key(run), MOST_SEGMENTS) if "files" in run else []
    return [segment_of(line) for line in lines]


def _rejects(parts: list[Part]) -> list[Rejected]:
    lines = chain.from_iterable(objects.first_lines(key, MOST_REJECTS) for key in rejects_objects(parts))
    return [rejected_of(line) for line in islice(lines, MOST_REJECTS)]


def _places() -> Places:
    return Places(
        bucket=settings().results_bucket,
        database=settings().glue_database,
        work_group=settings().athena_work_group,
        results_table=settings().results_table if settings().results_index else None,
    )
