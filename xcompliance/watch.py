"""Follows runs to their ends."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from xcompliance.errors import Failed
from xcompliance.progress import Display, Doing
from xcompliance.records import PartRecord, RunRecord
from xcompliance.runs import find_run
from xcompliance.stack import Stack
from xcompliance.submit import Submission
from xcompliance.text import count, duration, size

REGISTERED_WITHIN_SECONDS = 300.0
"""How long S3's event and the run's first step may take."""


def watch(stack: Stack, submissions: Sequence[Submission], display: Display, pause: float = 1.0) -> list[RunRecord]:
    """Shows the runs of submissions until all have ended; returns them in the same order.

    ``pause`` is the time between two looks, in seconds. Raises Failed when a run does not begin.
    """
    began = time.monotonic()
    while True:
        runs = [find_run(stack, submission.run_id) for submission in submissions]
        for submission, run in zip(submissions, runs, strict=True):
            display.show(submission.key, doing_now(run, datetime.now(UTC)))
            if run is None and time.monotonic() - began > REGISTERED_WITHIN_SECONDS:
                raise Failed(
                    f"No run has begun for {submission.key} in {duration(REGISTERED_WITHIN_SECONDS)}. The file is in "
                    f"the bucket {submission.bucket}; look at the EventBridge rule and its dead-letter queue."
                )
        ended = [run for run in runs if run is not None and run.has_ended]
        if len(ended) == len(submissions):
            return ended
        time.sleep(pause)


def doing_now(run: RunRecord | None, now: datetime) -> Doing:
    """What is happening to a run, and how far it is."""
    if run is None:
        return Doing("waiting for the run to begin")
    match run.status:
        case "complete":
            return Doing("complete", f"{count(run.accepted)} IDs checked, {count(run.affected)} affected", 1.0)
        case "failed":
            return Doing("failed", run.error or "", 1.0)
        case "checking":
            part = next((part for part in run.part_records if not part.has_ended and part.accepted), None)
            doing = _checking(part, run, now)
            of_all = f"part {part.part} of {run.parts}" if part and run.parts > 1 else ""
        case _:
            prepared = sum(part.prepared_at is not None for part in run.part_records)
            doing = Doing("preparing")
            of_all = f"{prepared} of {run.parts} parts" if run.parts > 1 else size(run.bytes) if run.bytes else ""
    return Doing(doing.phase, ", ".join(filter(None, [of_all, doing.detail])), run.progress)


def _checking(part: PartRecord | None, run: RunRecord, now: datetime) -> Doing:
    """The step at which a part stands."""
    if part is None:
        return Doing("adding up")
    if part.status == "in_progress" and part.completed_at is not None:
        return Doing("downloading the results")
    if part.status == "in_progress" and part.uploaded_at is not None:
        polls = f", asked {part.polls} times" if part.polls > 1 else ""
        return Doing("X is working", f"{duration(max(0.0, (now - part.uploaded_at).total_seconds()))}{polls}")
    match part.status:
        case "created":
            return Doing("opening the upload")
        case "uploading":
            return Doing("uploading", f"{size(part.uploaded_bytes)} of {size(part.bytes)}")
        case "downloaded":
            return Doing("writing the results")
        case _:
            waited = [each.indexed_at for each in run.part_records if each.indexed_at] or [run.prepared_at or now]
            return Doing("waiting for its turn", duration(max(0.0, (now - max(waited)).total_seconds())))
