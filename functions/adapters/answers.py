"""X's answers that are not in the index yet, in the runs table: what a newer answer must know of the older ones."""

from collections.abc import Iterator
from typing import Any

from boto3.dynamodb.conditions import Key

from adapters import items, runs_table
from adapters.settings import settings
from compliance.clock import time_text
from compliance.errors import AwsUnavailable, JobNotFound, ProtocolViolation
from compliance.retention import ttl
from compliance.runs import JobType, Part, PartRef
from compliance.x_api import ComplianceJob


def keep(ref: PartRef, part: Part, job: ComplianceJob, now: float) -> None:
    """Writes down that X has completed a part's job, and before that that its answer is there.

    Raises ProtocolViolation, and does nothing, where X does not say where, or until when, to download it, or names a
    host that is neither its own nor Google's; JobNotFound once the part has another job or none.
    """
    if job.download_url is None or job.download_expires_at is None:
        raise ProtocolViolation("X completed the job without saying where, or until when, to download.")
    settings().transfer_hosts.of(job.download_url)  # what is kept is not asked for again
    completed_at = time_text(now)
    open_answer(
        ref,
        part,
        completed_at,
        polls=part["polls"] + 1,
        completed_at=completed_at,
        download_url=job.download_url,
        download_expires_at=time_text(job.download_expires_at.timestamp()),
    )


def open_answer(ref: PartRef, part: Part, answered_at: str, **attributes: Any) -> None:
    """Write down that a job's answer is there, or may come, together with ``attributes`` of its part.

    Comes before anybody can index it, and changes nothing once somebody has written down that X has completed the job.
    Raises JobNotFound once the part has another job or none.
    """
    lifetime = ttl(answered_at, settings().proof_days)
    answer = items.update_of(_key(ref.type, part["job_name"]), {"answered_at": answered_at, **lifetime}, None)
    if items.transact(answer, runs_table.update_of_job(ref, part["job_name"], attributes, until="completed_at")):
        return
    known = runs_table.get_part(ref.run_id, ref.part)
    if known.get("job_name") != part["job_name"]:
        raise JobNotFound("The job was given up in the meantime.")
    if "completed_at" not in known:
        raise AwsUnavailable("DynamoDB was writing the same part for somebody else.")


def close_answer(part: Part) -> None:
    """Forgets the answer of a part's job, as it is in the index."""
    items.delete(_key(part["type"], part["job_name"]), None)


def open_answers(job_type: JobType) -> list[str]:
    """The names of the jobs whose answers are there and not in the index yet."""
    return [str(item["sk"]) for item in _open(job_type, is_consistent=False)]


def open_until(part: Part) -> str:
    """When the newest came of the answers of this type that are older than the part's and may yet be indexed.

    Empty when there is none. One that nobody ever indexes, as its run is not started again, stays.
    """
    times = (str(item["answered_at"]) for item in _open(part["type"]))
    return max((time for time in times if time < part["completed_at"]), default="")


def _open(job_type: JobType, *, is_consistent: bool = True) -> Iterator[dict[str, Any]]:
    return items.where(Key("pk").eq(_pk(job_type)), is_consistent=is_consistent)


def _key(job_type: JobType, job_name: str) -> dict[str, str]:
    return {"pk": _pk(job_type), "sk": job_name}


def _pk(job_type: JobType) -> str:
    return f"ANSWERS#{job_type}"
