"""Objects of the inbox, each in the version that its run is about."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from adapters.aws import s3
from adapters.objects import blocks_around, blocks_of, whole_length
from compliance.errors import SourceChanged, UnsupportedInput
from compliance.segments import Segment

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_GONE = ("NoSuchKey", "NoSuchVersion", "404", "405", "MethodNotAllowed", "PreconditionFailed", "412")


def latest_version(bucket: str, key: str, etag: str | None) -> str:
    """The version that an inbox object has now; raises SourceChanged when its ETag is not the one given."""
    with source_errors():
        head = s3().head_object(Bucket=bucket, Key=key)
    if etag is not None and head["ETag"].strip('"') != etag.strip('"'):
        raise SourceChanged("The object was replaced before its run began; the new one has a run of its own.")
    if "VersionId" not in head:
        raise UnsupportedInput("The bucket keeps no versions: only a versioned one can be read safely.")
    return head["VersionId"]


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an object of ``size`` bytes, and what S3 says of the object with it."""

    size: int
    beginning: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: int = 0


def source_head(bucket: str, key: str, version_id: str, size: int) -> Head:
    """The first ``size`` bytes of an inbox object."""
    try:
        answer = _get(bucket, key, version_id, f"bytes=0-{size - 1}")
    except ClientError as error:
        # No range is one of an object without bytes.
        if error.response.get("Error", {}).get("Code") != "InvalidRange":
            raise
        return Head(0, b"")
    beginning = b"".join(blocks_of(answer))
    return Head(whole_length(answer), beginning, answer.get("Metadata", {}), answer.get("TagCount", 0))


def described(bucket: str, key: str, version_id: str) -> Head:
    """Return the length and metadata of an inbox object, without its content. It may have tags."""
    with source_errors():
        answer = s3().head_object(Bucket=bucket, Key=key, VersionId=version_id)
    return Head(answer["ContentLength"], b"", answer["Metadata"], tags=1)


def source_end(segment: Segment, size: int) -> tuple[int, bytes]:
    """Length of a segment's object in bytes, and its last ``size`` bytes."""
    answer = _get_of(segment, f"bytes=-{size}")
    return whole_length(answer), b"".join(blocks_of(answer))


def source_range(segment: Segment, start: int, end: int) -> Iterator[bytes]:
    """The bytes ``start`` to ``end`` (exclusive) of a segment's object."""
    yield from blocks_of(_get_of(segment, f"bytes={start}-{end - 1}"))


def source_blocks(segment: Segment) -> Iterator[bytes]:
    """The object of a segment, in its version, as ``blocks_around`` reads it."""
    yield from blocks_around(partial(_get_of, segment), segment.start, segment.end)


def _get_of(segment: Segment, byte_range: str) -> "GetObjectOutputTypeDef":
    return _get(segment.bucket, segment.key, segment.version_id, byte_range)


def _get(bucket: str, key: str, version_id: str, byte_range: str) -> "GetObjectOutputTypeDef":
    with source_errors():
        return s3().get_object(Bucket=bucket, Key=key, VersionId=version_id, Range=byte_range)


@contextmanager
def source_errors() -> Iterator[None]:
    """Raises what S3 says of an inbox object that cannot be read: SourceChanged or UnsupportedInput."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _GONE:
            raise SourceChanged(
                "The object is gone, or not the one that the run was planned from: drop it again."
            ) from None
        if code == "InvalidObjectState":
            raise UnsupportedInput("The object is archived: restore it, then start the run again.") from None
        raise
