"""Follows runs to their ends."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from xcompliance.errors import OutcomeError
from xcompliance.progress import Display, Doing
from xcompliance.records import PartRecord, RunRecord
from xcompliance.runs import find_run
from xcompliance.stack import Stack
from xcompliance.submit import Submission
from xcompliance.text import count, duration, size

REGISTERED_WITHIN_SECONDS = 300.0
"""How long S3's event and the run's first step may take."""


def watch(
    stack: Stack,
    submissions: Sequence[Submission],
    display: Display,
    pause: float = 2.0,
    patience: float = float("inf"),
) -> list[RunRecord]:
    """Shows the runs of submissions until all have ended; returns them in the same order.

    Seconds: ``pause`` between two looks, ``patience`` with runs to which nothing happens. Raises OutcomeError when that
    is over, or when a run does not begin.
    """
    began = changed = time.monotonic()
    before: list[RunRecord | None] = []
    warned: set[tuple[str, str]] = set()
    while True:
        runs = [find_run(stack, submission.run_id) for submission in submissions]
        if runs != before:
            before, changed = runs, time.monotonic()
        elif time.monotonic() - changed > patience:
            raise OutcomeError(f"Nothing has happened for {duration(patience)}.")
        for submission, run in zip(submissions, runs, strict=True):
            display.show(submission.key, doing_now(run, datetime.now(UTC)))
            for warning in run.warnings if run else ():
                if (submission.key, warning) not in warned:
                    warned.add((submission.key, warning))
                    display.warn(submission.key, warning)
            if run is None and time.monotonic() - began > REGISTERED_WITHIN_SECONDS:
                raise OutcomeError(
                    f"No run has begun for {submission.key} in {duration(REGISTERED_WITHIN_SECONDS)}. The file is in "
                    f"the bucket {submission.bucket}; look at the EventBridge rule and its dead-letter queue."
                )
        ended = [run for run in runs if run is not None and run.is_told(datetime.now(UTC))]
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
        case "skipped":
            return Doing("skipped", done=1.0)
        case "registered" if run.dataset:
            return Doing("waiting", "for another run of the dataset, or for Athena")
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
    if part.status == "uploading":
        return Doing("uploading", f"{size(part.uploaded_bytes)} of {size(part.bytes)}")
    if part.status == "in_progress" and part.completed_at is None:
        polls = f", asked {part.polls} times" if part.polls > 1 else ""
        return Doing("X is working", f"{_since(part.uploaded_at, now)}{polls}")
    if part.status in _PHASES:
        return Doing(_PHASES[part.status])
    if part.conflict_with:
        return Doing("waiting for somebody else's job to end", part.conflict_with)
    ends = [each.indexed_at for each in run.part_records if each.indexed_at]
    return Doing("waiting for its turn", _since(max(ends, default=run.prepared_at), now))


_PHASES = {
    "created": "opening the upload",
    "in_progress": "downloading the results",
    "downloaded": "writing the results",
}


def _since(moment: datetime | None, now: datetime) -> str:
    return duration(max(0.0, (now - moment).total_seconds())) if moment else ""
