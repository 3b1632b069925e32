"""The prepared object of a part, as it was prepared."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import HTTPClientError, IncompleteReadError

from adapters import objects
from adapters.aws import s3
from adapters.inbox_object import source_errors
from adapters.settings import settings
from compliance.runs import Part
from compliance.upload import Source
from compliance.wire import Readable, WireError

if TYPE_CHECKING:
    from botocore.response import StreamingBody


def blocks(part: Part) -> Iterator[bytes]:
    """From its beginning to its end. Raises SourceChanged when it is another object by now."""
    with source_errors():
        yield from objects.blocks(part["object_key"], etag=part["object_etag"])


def source(part: Part) -> Source:
    """For the upload."""
    return Source(part["bytes"], part["crc32c"], lambda start, length: _part_range(part, start, length))


@contextmanager
def _part_range(part: Part, start: int, length: int) -> Iterator[Readable]:
    with source_errors():
        answer = s3().get_object(
            Bucket=settings().results_bucket,
            Key=part["object_key"],
            IfMatch=part["object_etag"],
            Range=f"bytes={start}-{start + length - 1}",
        )
    with closing(answer["Body"]) as body:
        yield _Body(body)


@dataclass(frozen=True)
class _Body:
    """An S3 body whose failures are the wire's, so that the upload reads the part again from where it stands."""

    body: "StreamingBody"

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self.body.read(size)
        except (HTTPClientError, IncompleteReadError, OSError) as error:
            raise WireError(f"S3 broke off: {type(error).__name__}") from None
