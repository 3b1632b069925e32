"""Get Job: asks X how the job stands, and says when to ask again."""

from typing import Any

from adapters import answers, durations, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.http import Wire
from adapters.secret import x_api
from adapters.settings import settings
from compliance.clock import parse_time, time_text
from compliance.errors import JobExpired, JobFailed, JobOverdue, ProtocolViolation, RateLimited
from compliance.jobs import Jobs
from compliance.polling import wait_until
from compliance.runs import Part, PartRef
from compliance.waiting import observation, wait_seconds


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference; returns X's ``status`` of the job and ``wait_seconds`` before the next poll.

    Raises JobFailed, JobExpired, or JobOverdue after the deadline that the deployer set.
    """
    ref = PartRef.of(event)
    part = runs_table.get_part_with_job(ref)
    if "completed_at" in part:
        return {"status": "complete", "wait_seconds": 0}
    try:
        job = Jobs(x_api(), Wire(clock).send).get(part["job_id"])
    except RateLimited as limit:
        _check_deadline(part["created_at"], clock.now())
        if limit.reset_at is None:
            raise
        return {"status": "unknown", "wait_seconds": wait_until(limit.reset_at, clock.now())}
    now = clock.now()
    match job.status:
        case "complete":
            _learn(part, now)
            answers.keep(ref, part, job, now)
            return {"status": job.status, "wait_seconds": 0}
        case "created" | "in_progress":
            polled: dict[str, Any] = {"polls": part["polls"] + 1, "working_at": time_text(now)}
            runs_table.update_part(ref, job=part["job_name"], until="completed_at", **polled)
            _check_deadline(part["created_at"], now)
            wait = wait_seconds(part, settings().poll_schedule, settings().job_deadline_seconds, now)
            return {"status": job.status, "wait_seconds": wait}
        case "failed":
            raise JobFailed("X reports the job as failed: it was cancelled, or X could not work on it.")
        case "expired":
            raise JobExpired("X reports the job as expired: it did not get the upload in time.")
        case _:
            raise ProtocolViolation("X reports a status of the job that is not known.")


def _learn(part: Part, now: float) -> None:
    """Remembers how long the job has taken, before its completion is written down: it is asked for only until then."""
    took = observation(part, settings().poll_schedule, settings().job_deadline_seconds, now)
    if took:
        durations.remember(part, took)


def _check_deadline(created_at: str, now: float) -> None:
    if now - parse_time(created_at).timestamp() > settings().job_deadline_seconds:
        raise JobOverdue(f"X has not ended the job within {settings().job_deadline_hours:g} hours.")
