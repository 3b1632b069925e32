"""Objects of the inbox, each in the version that its run is about."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from botocore.exceptions import ClientError

from adapters.aws import s3
from adapters.objects import blocks_of
from compliance.errors import AwsUnavailable, SourceChanged, UnsupportedInput
from compliance.segments import Segment
from compliance.wire import skip

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


def source_head(bucket: str, key: str, version_id: str, size: int) -> tuple[int, bytes]:
    """Length of an inbox object in bytes, and its first ``size`` bytes."""
    with source_errors():
        answer = s3().get_object(Bucket=bucket, Key=key, VersionId=version_id)
    with closing(answer["Body"]) as body:
        head = body.read(size)
    if len(head) < min(size, answer["ContentLength"]):
        raise AwsUnavailable("S3 broke off at the beginning of the object.")
    return answer["ContentLength"], head


def source_blocks(segment: Segment) -> Iterator[bytes]:
    """The object of a segment, in its version, from the byte before the segment on, which tells whether a line ends."""
    start = max(0, segment.start - 1)
    with source_errors():
        answer = s3().get_object(
            Bucket=segment.bucket, Key=segment.key, VersionId=segment.version_id, Range=f"bytes={start}-"
        )
    # An answer that is not a range of the object is the whole of it.
    surplus = start if "ContentRange" not in answer else 0
    yield from skip(blocks_of(answer), surplus)


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
