"""Create Job: creates X's job for a part, once, however often it is tried."""

from typing import Any

from adapters import http, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.secret import x_api
from adapters.settings import settings
from compliance.clock import time_text
from compliance.errors import ProtocolViolation, RequestRefused
from compliance.jobs import Jobs
from compliance.runs import Part, PartRef, Transport, job_name
from compliance.x_api import ComplianceJob

_OF_AN_ATTEMPT = (
    "job_id",
    "transport",
    "session_uri",
    "uploaded_bytes",
    "uploaded_at",
    "completed_at",
    "download",
    "downloaded_at",
    "error",
    "error_message",
)


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference; returns the ``transport`` that X's upload URL asks for.

    The job's name is written down before X hears of it, so that a create whose answer was lost is found by name.
    """
    ref = PartRef.of(event)
    part = runs_table.get_part(ref.run_id, ref.part)
    if "transport" in part and part["status"] != "failed":
        return {"transport": part["transport"]}
    jobs = Jobs(x_api(), http.send)
    job = None
    if "job_name" in part and part["status"] != "failed":
        job = jobs.find(ref.type, part["job_name"])
    else:
        part = _begin_attempt(ref, part, clock.now())
    if job is None:
        job, part = _create(jobs, ref, part, clock.now())
    if job.upload_url is None or job.upload_expires_at is None:
        raise ProtocolViolation("X created a job without saying where, or until when, to upload.")
    transport = _transport(job.upload_url, part["resumable"])
    runs_table.update_part(
        ref,
        status="created",
        transport=transport,
        job_id=job.id,
        created_at=time_text(clock.now()),
        upload_url=job.upload_url,
        upload_expires_at=time_text(job.upload_expires_at.timestamp()),
    )
    return {"transport": transport}


def _begin_attempt(ref: PartRef, part: Part, now: float) -> Part:
    """Writes the next attempt's name down and forgets the job of the last one."""
    attempt = part.get("attempt", 0) + 1
    wanted = settings().resumable
    return runs_table.update_part(
        ref,
        status="prepared",
        attempt=attempt,
        job_name=job_name(ref.run_id, ref.part, attempt),
        resumable=wanted == "always" or (wanted == "auto" and not runs_table.resumable_was_refused(now)),
        **dict.fromkeys(_OF_AN_ATTEMPT),
    )


def _create(jobs: Jobs, ref: PartRef, part: Part, now: float) -> tuple[ComplianceJob, Part]:
    name = part["job_name"]
    if not part["resumable"] or settings().resumable == "always":
        return jobs.create(ref.type, name, resumable=part["resumable"]), part
    try:
        return jobs.create(ref.type, name, resumable=True), part
    except RequestRefused:
        part = runs_table.update_part(ref, resumable=False)
        job = jobs.create(ref.type, name, resumable=False)
        runs_table.remember_resumable_refused(now)
        return job, part


def _transport(upload_url: str, resumable: bool) -> Transport:
    if settings().transfer_hosts.of(upload_url) == "x":
        return "x_hosted"
    return "gcs_resumable" if resumable else "gcs_put"
