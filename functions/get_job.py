"""Get Job: asks X how the job stands, and says when to ask again."""

from typing import Any, Final

from adapters import answers, durations, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.http import Wire
from adapters.log import logger
from adapters.secret import x_api
from adapters.settings import settings
from compliance.clock import parse_time, time_text
from compliance.errors import JobExpired, JobFailed, JobOverdue, RateLimited
from compliance.jobs import Jobs
from compliance.polling import wait_for_limit
from compliance.runs import Part, PartRef
from compliance.waiting import observation, wait_seconds

_ENDINGS: Final = {
    "failed": (JobFailed, ": it was cancelled, or X could not work on it"),
    "expired": (JobExpired, ": it did not get the upload in time"),
}
"""The error that each end of a job without an answer is, and its usual reason if X gives none."""


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference; returns X's ``status`` of the job and ``wait_seconds`` before the next poll.

    A status that nobody knows ends nothing: the job is polled on. Raises JobFailed, JobExpired, or JobOverdue after the
    deadline that the deployer set.
    """
    ref = PartRef.of(event)
    part = runs_table.get_part_with_job(ref)
    if "completed_at" in part:
        return {"status": "complete", "wait_seconds": 0}
    jobs = Jobs(x_api(), Wire(clock).send)
    try:
        job = jobs.get(part["job_id"])
    except RateLimited as limit:
        return {"status": "unknown", "wait_seconds": _limited(ref, part, limit, clock.now())}
    now = clock.now()
    match job.status:
        case "complete":
            _learn(part, now)
            answers.keep(ref, part, job, now)
            return {"status": job.status, "wait_seconds": 0}
        case "failed" | "expired":
            reason = jobs.reason(job)
            _note(ref, part, polls=part["polls"] + 1, job_error=reason)
            error, usual = _ENDINGS[job.status]
            raise error(f"X reports the job as {job.status}{f' ({reason})' if reason else usual}.")
    if not job.is_active:
        logger.warning("X reports the job as %s, which is no known status. Polling goes on.", job.shown_status)
    _note(ref, part, polls=part["polls"] + 1, working_at=time_text(now), rate_limits=None)
    _check_deadline(part["created_at"], now, job.shown_status)
    wait = wait_seconds(part, settings().poll_schedule, settings().job_deadline_seconds, now)
    return {"status": job.status if job.is_active else "unknown", "wait_seconds": wait}


def _note(ref: PartRef, part: Part, **polled: Any) -> None:
    runs_table.update_part(ref, job=part["job_name"], until="completed_at", **polled)


def _limited(ref: PartRef, part: Part, limit: RateLimited, now: float) -> int:
    """Seconds to wait for X's rate limit; raises the limit itself where X does not say when it is lifted."""
    _check_deadline(part["created_at"], now)
    if limit.reset_at is None:
        raise limit
    tries = part.get("rate_limits", 0)
    _note(ref, part, rate_limits=tries + 1)
    return wait_for_limit(limit.reset_at, now, tries)


def _learn(part: Part, now: float) -> None:
    """Remembers how long the job has taken, before its completion is written down: it is asked for only until then."""
    took = observation(part, settings().poll_schedule, settings().job_deadline_seconds, now)
    if took:
        durations.remember(part, took)


def _check_deadline(created_at: str, now: float, status: str = "unknown") -> None:
    if now - parse_time(created_at).timestamp() > settings().job_deadline_seconds:
        hours = f"{settings().job_deadline_hours:g} hours"
        raise JobOverdue(f"X has not ended the job within {hours}; its last known status is {status}.")
