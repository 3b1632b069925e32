"""S3 objects as streams: sources that are pinned to a version, parts, and what is written beside them."""

import base64
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import google_crc32c
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from adapters.aws import s3
from adapters.http import BLOCK
from adapters.settings import settings
from compliance.errors import AwsUnavailable, SourceChanged, UnsupportedInput
from compliance.runs import Part
from compliance.segments import Segment
from compliance.sources import cut_to_lines
from compliance.upload import Source
from compliance.wire import Readable, WireError, skip

if TYPE_CHECKING:
    from botocore.response import StreamingBody

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
    with closing(answer["Body"]) as body:
        yield from skip(iter(lambda: body.read(BLOCK), b""), surplus)


def prepared(part: Part) -> Source:
    """The prepared object of a part, for the upload."""
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


def prepared_blocks(part: Part) -> Iterator[bytes]:
    """The prepared object of a part, as it was prepared."""
    with source_errors():
        answer = s3().get_object(Bucket=settings().results_bucket, Key=part["object_key"], IfMatch=part["object_etag"])
    with closing(answer["Body"]) as body:
        yield from iter(lambda: body.read(BLOCK), b"")


def blocks(key: str) -> Iterator[bytes]:
    """An object of the results bucket, from its beginning to its end."""
    with closing(s3().get_object(Bucket=settings().results_bucket, Key=key)["Body"]) as body:
        yield from iter(lambda: body.read(BLOCK), b"")


def read_lines(key: str, start: int) -> Generator[list[bytes]]:
    """The lines, with their newlines, of an object of the results bucket that has bytes from ``start`` on."""
    answer = s3().get_object(Bucket=settings().results_bucket, Key=key, Range=f"bytes={start}-")
    rest = b""
    with closing(answer["Body"]) as body:
        for block in iter(lambda: body.read(BLOCK), b""):
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            yield [line + b"\n" for line in lines]
    if rest:
        yield [rest]


def lines_between(key: str, start: int, end: int) -> Iterator[bytes]:
    """The lines of an object of the results bucket that begin at bytes ``start`` to ``end`` (exclusive)."""
    first = max(0, start - 1)
    answer = s3().get_object(Bucket=settings().results_bucket, Key=key, Range=f"bytes={first}-")
    with closing(answer["Body"]) as body:
        lines = b"".join(cut_to_lines(iter(lambda: body.read(BLOCK), b""), start, end))
    yield from lines.splitlines()


def first_lines(key: str, most: int) -> list[bytes]:
    """The first lines of an object of the results bucket that is not empty."""
    with closing(read_lines(key, 0)) as blocks:
        return list(islice(chain.from_iterable(blocks), most))


def write(key: str, body: bytes | IO[bytes], crc32c: str, *, content_type: str = "binary/octet-stream") -> str:
    """Writes an object of the results bucket, whole; S3 refuses it when its CRC32C (base64) is another.

    Returns its ETag.
    """
    answer = s3().put_object(
        Bucket=settings().results_bucket, Key=key, Body=body, ChecksumCRC32C=crc32c, ContentType=content_type
    )
    return answer["ETag"]


def write_file(key: str, path: Path) -> None:
    """Writes a file as an object of the results bucket."""
    checksum = 0
    with path.open("rb") as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            checksum = google_crc32c.extend(checksum, block)
        file.seek(0)
        write(key, file, crc32c_text(checksum))


def write_once(key: str, body: bytes) -> bytes:
    """Writes an object of the results bucket, unless there is one; returns what it holds."""
    bucket = settings().results_bucket
    try:
        s3().put_object(Bucket=bucket, Key=key, Body=body, ChecksumCRC32C=crc32c_of(body), IfNoneMatch="*")
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in ("PreconditionFailed", "412"):
            raise
        return read(key)
    return body


def replace(key: str, body: bytes, etag: str | None) -> bool:
    """Writes an object of the results bucket if it is still the one with that ETag, or if there is none yet (None)."""
    bucket, crc32c = settings().results_bucket, crc32c_of(body)
    try:
        if etag is None:
            s3().put_object(Bucket=bucket, Key=key, Body=body, ChecksumCRC32C=crc32c, IfNoneMatch="*")
        else:
            s3().put_object(Bucket=bucket, Key=key, Body=body, ChecksumCRC32C=crc32c, IfMatch=etag)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in ("PreconditionFailed", "412"):
            raise
        return False
    return True


def etag_of(key: str) -> str:
    """The ETag of an object that is in the results bucket."""
    return s3().head_object(Bucket=settings().results_bucket, Key=key)["ETag"]


def read(key: str) -> bytes:
    """What an object of the results bucket holds."""
    with closing(s3().get_object(Bucket=settings().results_bucket, Key=key)["Body"]) as body:
        return body.read()


def head_of(key: str, size: int) -> tuple[bytes, int]:
    """The first ``size`` bytes of an object of the results bucket that is not empty, and its length."""
    answer = s3().get_object(Bucket=settings().results_bucket, Key=key, Range=f"bytes=0-{size - 1}")
    with closing(answer["Body"]) as body:
        return body.read(), int(answer["ContentRange"].rpartition("/")[2])


def read_range(key: str, start: int, end: int) -> bytes:
    """Bytes ``start`` to ``end`` (exclusive) of an object of the results bucket."""
    return b"".join(blocks_between(key, start, end))


def blocks_between(key: str, start: int, end: int) -> Iterator[bytes]:
    """The same, in blocks."""
    answer = s3().get_object(Bucket=settings().results_bucket, Key=key, Range=f"bytes={start}-{end - 1}")
    with closing(answer["Body"]) as body:
        yield from iter(lambda: body.read(BLOCK), b"")


def crc32c_text(checksum: int) -> str:
    """Base64 of the big-endian checksum, as S3 and Google write it."""
    return base64.b64encode(checksum.to_bytes(4, "big")).decode()


def crc32c_of(content: bytes) -> str:
    """The checksum of a content, as S3 and Google write it."""
    return crc32c_text(google_crc32c.value(content))


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
