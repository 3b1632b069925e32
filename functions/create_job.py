"""Create Job: creates X's job for a part, once, however often it is tried."""

from contextlib import suppress
from typing import Any

from adapters import runs_table, turns
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.http import Wire
from adapters.secret import x_api
from adapters.settings import settings
from compliance.clock import parse_time, time_text
from compliance.errors import (
    ComplianceError,
    JobConflict,
    JobNotFound,
    ProtocolViolation,
    RequestRefused,
    TurnLost,
)
from compliance.jobs import Jobs
from compliance.polling import CONFLICT_WAITS
from compliance.retention import check_part_is_kept
from compliance.runs import Part, PartRef, job_name, part_of_job
from compliance.x_api import ComplianceJob


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference and ``execution_arn``.

    Returns whether the job is ``created``, and if not, ``wait_seconds`` until the next try: another job of this type
    is active. Raises JobConflict when that lasts too long, TurnLost when the execution may create no job, and
    SourceChanged when the part may be gone before a job has ended.

    The job's name is written down before X hears of it, so that a create whose answer was lost is found by name.
    """
    ref = PartRef.of(event)
    if not turns.holds(ref.type, event["execution_arn"]):
        raise TurnLost("The execution does not hold the turn: it queues again.")
    part = runs_table.get_part(ref.run_id, ref.part)
    if "job_id" in part:
        return {"created": True}
    jobs = Jobs(x_api(), Wire(clock).send)
    job = None
    if "job_name" in part:
        job = jobs.find(ref.type, part["job_name"])
    else:
        part = _begin_attempt(ref, part, clock.now())
    try:
        job = job or _create(jobs, ref, part, clock.now())
    except JobConflict:
        return {"created": False, "wait_seconds": _conflict(jobs, ref, part, clock.now())}
    if job.upload_url is None or job.upload_expires_at is None:
        raise ProtocolViolation("X created a job without saying where, or until when, to upload.")
    try:
        part = runs_table.update_part(
            ref,
            job=part["job_name"],
            until="job_id",
            status="created",
            transport=settings().transfer_hosts.transport(job.upload_url),
            job_id=job.id,
            created_at=time_text(clock.now()),
            upload_url=job.upload_url,
            upload_expires_at=time_text(job.upload_expires_at.timestamp()),
            conflicts=None,
            conflict_since=None,
            conflict_with=None,
        )
    except JobNotFound:
        _cancel_unused(jobs, job)
        raise
    if part["job_id"] != job.id:
        _cancel_unused(jobs, job)
    return {"created": True}


def _cancel_unused(jobs: Jobs, job: ComplianceJob) -> None:
    """Cancel a job that came too late: the part has been given another, or none, meanwhile."""
    with suppress(ComplianceError):
        jobs.cancel(job.id)


def _begin_attempt(ref: PartRef, part: Part, now: float) -> Part:
    """Writes the next attempt's name down."""
    check_part_is_kept(part, now, settings().working_copies_days, settings().job_deadline_seconds)
    attempt = part.get("attempt", 0) + 1
    wanted = settings().resumable
    begun = runs_table.update_unchanged_part(
        part,
        attempt=attempt,
        job_name=job_name(ref.run_id, ref.part, attempt),
        resumable=wanted == "always" or (wanted == "auto" and not runs_table.resumable_was_refused(now)),
    )
    if begun is None:
        raise TurnLost("Somebody else has changed the part in the meantime: the execution queues again.")
    return begun


def _create(jobs: Jobs, ref: PartRef, part: Part, now: float) -> ComplianceJob:
    """Creates the job; where X refuses ``resumable`` and it is not insisted on, without it."""
    name = part["job_name"]
    if not part["resumable"] or settings().resumable == "always":
        return jobs.create(ref.type, name, resumable=part["resumable"])
    try:
        return jobs.create(ref.type, name, resumable=True)
    except RequestRefused:
        part.update(runs_table.update_part(ref, job=name, until="job_id", resumable=False))
        job = jobs.create(ref.type, name, resumable=False)
        runs_table.remember_resumable_refused(now)
        return job


def _conflict(jobs: Jobs, ref: PartRef, part: Part, now: float) -> int:
    """Seconds to wait for the job that is in the way. One of ours, which nobody waits for any more, is cancelled."""
    since = part.get("conflict_since", time_text(now))
    conflicts = part.get("conflicts", 0) + 1
    other = jobs.in_the_way(ref.type)
    in_the_way = _described(other) if other else "X does not list it"
    hours = (now - parse_time(since).timestamp()) / 3600
    if hours >= settings().conflict_deadline_hours:
        raise JobConflict(
            f"Another job of this type has been active under the same App for {hours:.1f} hours: {in_the_way}. "
            "Wait for its end or cancel it, then start the run again."
        )
    if other and _is_left_over(other, part["job_name"]):
        with suppress(ComplianceError):
            jobs.cancel(other.id)
    found: dict[str, Any] = {"conflicts": conflicts, "conflict_since": since, "conflict_with": in_the_way}
    runs_table.update_part(ref, job=part["job_name"], until="job_id", **found)
    return CONFLICT_WAITS.wait(conflicts - 1)


def _described(job: ComplianceJob) -> str:
    return f"job {job.id}, {f'named {job.name[:64]}' if job.name else 'without a name'}"


def _is_left_over(job: ComplianceJob, own_name: str) -> bool:
    """Whether a job is one of ours: only the holder of the turn has any use for one, and that is the asker."""
    part = part_of_job(job.name or "")
    return part is not None and job.name != own_name and runs_table.has_part(*part)
