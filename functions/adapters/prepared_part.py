"""The prepared object of a part, as it was prepared."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import HTTPClientError, IncompleteReadError

from adapters.aws import s3
from adapters.inbox_object import source_errors
from adapters.objects import CRC32C, blocks_of
from adapters.settings import settings
from compliance.errors import SourceChanged
from compliance.runs import Part
from compliance.upload import Source
from compliance.wire import Readable, WireError

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, GetObjectRequestTypeDef


def blocks(part: Part) -> Iterator[bytes]:
    """From its beginning to its end. Raises SourceChanged when it is another object by now."""
    yield from blocks_of(_get(part))


def source(part: Part) -> Source:
    """For the upload."""
    return Source(part["bytes"], part["crc32c"], lambda start, length: _part_range(part, start, length))


@contextmanager
def _part_range(part: Part, start: int, length: int) -> Iterator[Readable]:
    answer = _get(part, f"bytes={start}-{start + length - 1}")
    with closing(answer["Body"]) as body:
        yield _Body(body)


def _get(part: Part, byte_range: str | None = None) -> "GetObjectOutputTypeDef":
    """The object, or a range of it, if it holds what the part's record says.

    It is known by the checksum and not by its ETag: under a KMS key, the same bytes get another one each time.
    """
    request: GetObjectRequestTypeDef = {"Bucket": settings().results_bucket, "Key": part["object_key"]}
    if byte_range is not None:
        request["Range"] = byte_range
    if "object_etag" in part:
        request["IfMatch"] = part["object_etag"]
    with source_errors():
        answer = s3().get_object(**request)
    if "object_etag" not in part and answer["Metadata"].get(CRC32C) != part["crc32c"]:
        answer["Body"].close()
        raise SourceChanged("The prepared part is not the one that was prepared: drop the file again.")
    return answer


@dataclass(frozen=True)
class _Body:
    """An S3 body whose failures are the wire's, so that the upload reads the part again from where it stands."""

    body: "StreamingBody"

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self.body.read(size)
        except (HTTPClientError, IncompleteReadError, OSError) as error:
            raise WireError(f"S3 broke off: {type(error).__name__}") from None
