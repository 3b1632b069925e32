"""Puts a file of IDs, or a folder of them, into the inbox, and names the run that this starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from adapters.object_word import ID_COLUMN, ROUNDED_IDS
from compliance.inbox_keys import is_ignored
from compliance.runs import DATASETS, MARKER, JobType, is_hidden, run_id
from xcompliance.errors import CommandError
from xcompliance.records import RunRecord
from xcompliance.stack import Stack


@dataclass(frozen=True)
class Submission:
    """What is checked, an object version in the inbox or what a dataset is, and the run that does so."""

    run_id: str
    bucket: str
    key: str
    version_id: str | None


def submission_of(run: RunRecord) -> Submission:
    """What has started a run."""
    return Submission(run.run_id, run.bucket, run.key, run.version_id)


def path_of(sources: Sequence[str], job_type: JobType, name: str | None) -> Path:
    """Return the one file or folder that is to be submitted; raise CommandError for anything else."""
    if len(sources) > 1:
        raise CommandError(
            "Submit one file at a time: each is a run of its own. To check several in one run, put them into a folder "
            "and submit that."
        )
    (source,) = sources
    if source.startswith("s3://"):
        raise CommandError(
            f"{source} is in S3 already. Look at it with: xcompliance inspect {quote(source)} --type {job_type}, and "
            f"copy it into the inbox with: aws s3 cp {quote(source)} s3://<InboxBucketName>/{job_type}/ (--metadata "
            f"{ID_COLUMN}=NAME names the column)."
        )
    path = Path(source)
    if is_ignored(_key(path, job_type, name), None):
        raise CommandError(
            f"“{name or path.name}” is named like a temporary file, which the inbox ignores: give it another name with "
            "--name."
        )
    return path


def _key(path: Path, job_type: JobType, name: str | None) -> str:
    """The key of the object that starts the run."""
    key = f"{job_type}/{name or path.resolve().name}"
    return f"{DATASETS}{key}/{MARKER}" if path.is_dir() else key


def submit(
    stack: Stack,
    path: Path,
    job_type: JobType,
    name: str | None = None,
    report: Callable[[int], None] | None = None,
    *,
    column: str | None = None,
    accept_rounded: bool = False,
) -> Submission:
    """Uploads a file as ``<type>/<name>``, or the files of a folder below ``datasets/<type>/<name>/`` and its marker.

    ``report`` is called with bytes that were sent since the last time. ``column`` is the one that holds the IDs.
    Raises CommandError for what is empty, or cannot be read.
    """
    words = {} if column is None else {ID_COLUMN: _metadata(column)}
    words |= {ROUNDED_IDS: "warn"} if accept_rounded else {}
    options: dict[str, Any] = {"Callback": report, "ExtraArgs": {"Metadata": words}}
    check(path)
    bucket, key = stack["InboxBucketName"], _key(path, job_type, name)
    if path.is_dir():
        for file in files_of(path):
            place = key.removesuffix(MARKER) + file.relative_to(path).as_posix()
            stack.s3.upload_file(str(file), bucket, place, **options)
        version_id = stack.s3.put_object(Bucket=bucket, Key=key, Body=b"", Metadata=words)["VersionId"]
    else:
        stack.s3.upload_file(str(path), bucket, key, **options)
        version_id = stack.s3.head_object(Bucket=bucket, Key=key)["VersionId"]
    return Submission(run_id(job_type, bucket, key, version_id), bucket, key, version_id)


def _metadata(column: str) -> str:
    """Raises CommandError for a name that S3 takes for no metadata."""
    if not column.isascii() or not column.isprintable() or not column.strip():
        raise CommandError(
            f"S3 keeps nothing but ASCII in an object's metadata, and “{column}” is not: give the column's number."
        )
    return column


def check(path: Path) -> int:
    """The length of a file, or of a folder's files together, in bytes.

    Raises CommandError for anything that cannot be read, and where there is nothing to check.
    """
    if not path.is_dir():
        return check_file(path)
    lengths = [check_file(file) for file in files_of(path)]
    if not lengths:
        raise CommandError(f"{path} holds no file with something in it: there is nothing to check.")
    return sum(lengths)


def files_of(folder: Path) -> list[Path]:
    """The files in a folder and those below it, but for empty and hidden ones, in the order of their names."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if path.stat().st_size and not is_hidden(path.relative_to(folder).as_posix())]


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
