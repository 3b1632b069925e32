"""Abandon Job: gives X's job of a part up, and says whether a new one may help."""

from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from adapters import answers, event_bus, metrics, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.http import Wire
from adapters.log import logger
from adapters.secret import x_api
from adapters.settings import settings
from compliance.attempts import Attempt
from compliance.clock import parse_time, time_text
from compliance.errors import (
    ComplianceError,
    CreditsDepleted,
    JobNotFound,
    ProtocolViolation,
    ResultsExpired,
    is_job_ended,
    is_job_lost,
    known,
    message_of,
)
from compliance.events import part_failed
from compliance.jobs import Jobs
from compliance.metrics import PARTS_FAILED
from compliance.runs import NO_JOB, Part, PartRef
from compliance.x_api import ComplianceJob

DOWNLOAD_SECONDS = 7 * 86_400
"""How long after a job's creation X keeps its answer [X, batch compliance]."""

MAX_JOBS = 3
"""Jobs that a part gets before it fails."""

MAX_UNPAID_CANCELS = 2
"""Cancellations that X refuses for want of credits before the job is left alone; the machine waits after each."""


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference and an ``Attempt`` with the ``error`` and ``cause`` that Step Functions caught.

    Returns whether to try ``again`` with a new job; else the part has failed with ``error`` and ``error_message``.
    Raises CreditsDepleted, MAX_UNPAID_CANCELS times, where X would cancel the job only for credits: they may come.
    """
    message = message_of(event["error"], event["cause"])
    ref, attempt = PartRef.of(event), Attempt.of(event)
    return abandon(ref, attempt, event["error"], message, clock, unpaid_cancels=MAX_UNPAID_CANCELS)


def abandon(
    ref: PartRef, attempt: Attempt, error: str, message: str, clock: LambdaClock, *, unpaid_cancels: int = 0
) -> dict[str, Any]:
    """Cancels X's job, so that its slot is free at once, and writes down what becomes of the part.

    A job that X has completed, or could not cancel, is kept: whoever goes on need not pay for another. Its answer is
    watched over like any that is ready, though nobody may have seen it yet. A part that is complete, or that another
    execution or a later attempt has claimed by now, is left alone. ``unpaid_cancels`` is how often CreditsDepleted may
    be raised: not at all where nobody calls again, and not where credits have been waited for already.
    """
    failure = {"error": error, "error_message": message}
    while True:
        part = runs_table.get_part(ref.run_id, ref.part)
        is_ours = part.get("execution_arn") == attempt.execution_arn and not attempt.is_before(part)
        if part["status"] == "complete" or not is_ours:
            return {"again": False, **failure}
        is_useless = is_job_lost(error) or error == ResultsExpired.__name__
        is_over = "completed_at" in part or is_job_ended(error)
        try:
            is_gone, complete = (False, None) if is_over else _cancel(part, clock)
        except CreditsDepleted:
            refused = part.get("unpaid_cancels", 0)
            if refused < unpaid_cancels and error != CreditsDepleted.__name__:
                if runs_table.update_unchanged_part(part, unpaid_cancels=refused + 1):
                    raise
                continue
            is_gone, complete = False, None
        forgotten = NO_JOB if is_useless or is_gone else {}
        abandoned = part.get("abandoned_jobs", 0) + ("job_name" in part)
        again = is_job_lost(error) and abandoned < MAX_JOBS
        if not forgotten:
            _watch_over(ref, part, complete, clock.now())
        ending = {"status": "prepared"} if again else {"status": "failed", **failure}
        counted = {"abandoned_jobs": abandoned, "unpaid_cancels": None}
        if written := runs_table.update_unchanged_part(part, **counted, **ending, **forgotten):
            break
    if again:
        return {"again": True}
    tell_of_failure(written, clock)
    return {"again": False, **failure}


def _watch_over(ref: PartRef, part: Part, complete: ComplianceJob | None, now: float) -> None:
    """Writes down until when X keeps the answer of a kept job that has its upload: it is there, or may come."""
    if "uploaded_at" not in part or "completed_at" in part:
        return
    with suppress(JobNotFound):
        if complete is not None:
            with suppress(ProtocolViolation):
                answers.keep(ref, part, complete, now)
                return
        expires_at = time_text(parse_time(part["created_at"]).timestamp() + DOWNLOAD_SECONDS)
        answers.open_answer(ref, part, time_text(now), download_expires_at=expires_at)


def tell_of_failure(part: Part, clock: LambdaClock) -> None:
    """Tells that a part has failed, unless it was told, then writes that down: twice is better than never."""
    if "told_at" in part:
        return
    now = time_text(clock.now())
    event_bus.publish(*part_failed(part, settings().results_bucket, now))
    runs_table.update_unchanged_part(part, told_at=now)
    metrics.tell({PARTS_FAILED: 1}, part["run_id"], error=known(part["error"]))


def _cancel(part: Part, clock: LambdaClock) -> tuple[bool, ComplianceJob | None]:
    """Cancels the job unless it has ended.

    Returns whether it is certain that it answers for nothing any more, and the job where X has completed it. Tries
    once: a job that stays is in the way of the next one, which then cancels it. Raises CreditsDepleted.
    """
    if "job_name" not in part:
        return True, None
    try:
        jobs = Jobs(x_api(), Wire(clock).send)
        job = jobs.get(part["job_id"]) if "job_id" in part else jobs.find(part["type"], part["job_name"])
        if job and not job.has_ended:
            jobs.cancel(job.id)
    except CreditsDepleted:
        raise
    except (ComplianceError, ClientError, BotoCoreError) as error:
        logger.warning("X's job could not be cancelled", extra={"error": type(error).__name__})
        return False, None
    return (False, job) if job and job.status == "complete" else (True, None)
