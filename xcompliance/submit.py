"""Puts a file of IDs into the inbox, and names the run that this starts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from compliance.runs import JobType, run_id
from xcompliance.errors import CommandError
from xcompliance.stack import Stack


@dataclass(frozen=True)
class Submission:
    """An object version in the inbox and the run that checks it."""

    run_id: str
    bucket: str
    key: str
    version_id: str


def submit(
    stack: Stack, file: Path, job_type: JobType, name: str | None = None, report: Callable[[int], None] | None = None
) -> Submission:
    """Uploads a file as ``<type>/<name>``; ``report`` is called with bytes that were sent since the last time.

    Raises CommandError for what is no file, is empty, or cannot be read.
    """
    check_file(file)
    bucket, key = stack["InboxBucketName"], f"{job_type}/{name or file.name}"
    stack.s3.upload_file(str(file), bucket, key, Callback=report)
    version_id = stack.s3.head_object(Bucket=bucket, Key=key)["VersionId"]
    return Submission(run_id(job_type, bucket, key, version_id), bucket, key, version_id)


def check_file(file: Path) -> int:
    """The length of a file with something in it, in bytes; raises CommandError for anything else."""
    try:
        with file.open("rb") as stream:
            stream.read(1)
        length = file.stat().st_size
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
    if not length:
        raise CommandError(f"{file} is empty: there is nothing to check.")
    return length
