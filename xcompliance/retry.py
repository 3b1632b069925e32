"""Starts a failed run again: what is done stays done."""

import time
from datetime import UTC, datetime
from typing import Any

from compliance.clock import time_text
from xcompliance.errors import CommandError, OutcomeError
from xcompliance.records import RunRecord
from xcompliance.runs import get_run
from xcompliance.stack import Stack
from xcompliance.start import start_run
from xcompliance.text import duration

TAKEN_OVER_WITHIN_SECONDS = 120.0
"""How long an execution's first step may take."""


def retry(stack: Stack, run: RunRecord) -> str:
    """Starts an execution that takes the run over, and returns its ARN.

    Raises CommandError unless the run has failed and may yet go on.
    """
    if run.status != "failed":
        raise CommandError(f"The run {run.run_id} is {run.status}: only a failed one can be started again.")
    if run.copies_expire_at is not None and run.copies_expire_at < datetime.now(UTC):
        raise CommandError(
            f"What the run {run.run_id} had prepared was kept until {run.copies_expire_at:%Y-%m-%d}: it cannot be "
            "started again. Drop the file again: it then has a run of its own."
        )
    source = _check_of(run) if run.dataset else {"object": {"key": run.key, "version-id": run.version_id}}
    return start_run(stack, source | {"bucket": {"name": run.bucket}, "retry": True})


def _check_of(run: RunRecord) -> dict[str, Any]:
    """What the run's schedule had said of it."""
    about: dict[str, Any] = {"name": run.dataset, "type": run.type, "overlap": run.overlap}
    if run.rounded_ids:
        about["rounded_ids"] = run.rounded_ids
    if run.reads_embedded is not None:
        about["embedded"] = run.reads_embedded
    at = run.scheduled_at or run.started_at
    source: dict[str, Any] = {"dataset": about, "scheduled_at": time_text(at.timestamp())}
    if run.query:
        about |= {"query": run.query, "database": run.database}
        return source
    return source | {"object": {"key": run.key}}


def await_start(stack: Stack, run: RunRecord, execution_arn: str, pause: float = 0.5) -> None:
    """Waits until the execution has taken the run over: until then, the run's record tells of the failure before.

    ``pause`` is the time between two looks, in seconds. Raises OutcomeError when that does not happen.
    """
    deadline = time.monotonic() + TAKEN_OVER_WITHIN_SECONDS
    while get_run(stack, run.run_id).execution_arn != execution_arn:
        if time.monotonic() > deadline:
            waited = duration(TAKEN_OVER_WITHIN_SECONDS)
            raise OutcomeError(f"The run has not begun again in {waited}. Look at its execution: {execution_arn}")
        time.sleep(pause)
