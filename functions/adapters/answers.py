"""X's answers that are not in the index yet, in the runs table: what a newer answer must know of the older ones."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key

from adapters import runs_table
from adapters.aws import dynamodb
from adapters.settings import settings
from compliance.clock import time_text
from compliance.errors import ProtocolViolation
from compliance.retention import ttl
from compliance.runs import JobType, Part, PartRef
from compliance.x_api import ComplianceJob

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


def keep(ref: PartRef, part: Part, job: ComplianceJob, now: float) -> None:
    """Writes down that X has completed a part's job, and before that that its answer is there.

    Raises ProtocolViolation, and does nothing, where X does not say where, or until when, to download it, or names a
    host that is neither its own nor Google's; JobNotFound once the part has another job or none.
    """
    if job.download_url is None or job.download_expires_at is None:
        raise ProtocolViolation("X completed the job without saying where, or until when, to download.")
    settings().transfer_hosts.of(job.download_url)  # what is kept is not asked for again
    completed_at = time_text(now)
    open_answer(ref.type, part["job_name"], completed_at)
    runs_table.update_part(
        ref,
        job=part["job_name"],
        polls=part["polls"] + 1,
        completed_at=completed_at,
        download_url=job.download_url,
        download_expires_at=time_text(job.download_expires_at.timestamp()),
    )


def open_answer(job_type: JobType, job_name: str, answered_at: str) -> None:
    """Writes down that a job's answer is there, or may come; comes before anybody can index it."""
    lifetime = ttl(answered_at, settings().proof_days)
    runs_table.update_item(_key(job_type, job_name), {"answered_at": answered_at, **lifetime})


def close_answer(part: Part) -> None:
    """Forgets the answer of a part's job, as it is in the index."""
    _table().delete_item(Key=_key(part["type"], part["job_name"]))


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
    return runs_table.items_where(Key("pk").eq(_pk(job_type)), is_consistent=is_consistent)


def _table() -> "Table":
    return dynamodb().Table(settings().runs_table)


def _key(job_type: JobType, job_name: str) -> dict[str, str]:
    return {"pk": _pk(job_type), "sk": job_name}


def _pk(job_type: JobType) -> str:
    return f"ANSWERS#{job_type}"
