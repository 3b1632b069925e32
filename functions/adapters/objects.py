"""Objects of the results bucket: read as streams, and written so that S3 compares their CRC32C."""

import base64
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import google_crc32c
from botocore.exceptions import ClientError

from adapters.aws import s3
from adapters.http import BLOCK
from adapters.settings import settings
from compliance.blocks import whole_lines
from compliance.sources import cut_to_lines
from compliance.wire import skip

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, GetObjectRequestTypeDef


CRC32C = "crc32c"
"""The metadata of an object that hold its CRC32C, which S3 tells with each range of it."""

_OVERHANG = 64 << 10
"""Bytes that are asked for behind a range, as its last line may end there; twice as many each time it does not."""


def blocks(key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """An object from byte ``start`` to its end, or to byte ``end`` (exclusive)."""
    byte_range = f"bytes={start}-{'' if end is None else end - 1}" if start or end is not None else None
    yield from blocks_of(_get(key, byte_range))


def blocks_of(answer: "GetObjectOutputTypeDef") -> Iterator[bytes]:
    """The body of S3's answer, whichever bucket it is from."""
    with closing(answer["Body"]) as body:
        yield from iter(lambda: body.read(BLOCK), b"")


def blocks_around(get: "Callable[[str], GetObjectOutputTypeDef]", start: int, end: int) -> Iterator[bytes]:
    """An object from the byte before ``start`` on, which tells whether a line begins there, for as long as it is read.

    ``get`` returns S3's answer for a range. Behind ``end`` no more is asked for than must be: what is asked for and not
    read was sent for nothing.
    """
    position, stop, further = max(0, start - 1), end + _OVERHANG, _OVERHANG
    size = end
    while position < size:
        answer = get(f"bytes={position}-{stop - 1}")
        size, is_range = whole_length(answer), "ContentRange" in answer
        yield from skip(blocks_of(answer), 0 if is_range else position)
        further *= 2
        position, stop = stop if is_range else size, stop + further


def whole_length(answer: "GetObjectOutputTypeDef") -> int:
    """Of an object, in bytes; an answer that is not a range of it is the whole of it."""
    if "ContentRange" in answer:
        return int(answer["ContentRange"].rpartition("/")[2])
    return answer["ContentLength"]


def read(key: str, start: int = 0, end: int | None = None) -> bytes:
    """The same in one piece."""
    return b"".join(blocks(key, start, end))


def head_of(key: str, size: int) -> tuple[bytes, int]:
    """The first ``size`` bytes of an object that is not empty, and its length."""
    answer = _get(key, f"bytes=0-{size - 1}")
    return b"".join(blocks_of(answer)), whole_length(answer)


def lines_between(key: str, start: int, end: int) -> Iterator[bytes]:
    """The lines of an object that begin at bytes ``start`` to ``end`` (exclusive), with their newlines."""
    around = blocks_around(partial(_get, key), start, end)
    yield from BytesIO(b"".join(cut_to_lines(around, start, end)))


def first_lines(key: str, most: int) -> list[bytes]:
    """The first lines of an object, with their newlines."""
    return list(islice(chain.from_iterable(map(BytesIO, whole_lines(blocks(key)))), most))


def _get(key: str, byte_range: str | None = None) -> "GetObjectOutputTypeDef":
    request: GetObjectRequestTypeDef = {"Bucket": settings().results_bucket, "Key": key}
    if byte_range is not None:
        request["Range"] = byte_range
    return s3().get_object(**request)


def write(key: str, body: bytes | IO[bytes], crc32c: str, *, content_type: str = "binary/octet-stream") -> None:
    """Writes an object of the results bucket, whole; S3 refuses it when its CRC32C (base64) is another."""
    s3().put_object(
        Bucket=settings().results_bucket,
        Key=key,
        Body=body,
        ChecksumCRC32C=crc32c,
        ContentType=content_type,
        Metadata={CRC32C: crc32c},
    )


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


def crc32c_text(checksum: int) -> str:
    """Base64 of the big-endian checksum, as S3 and Google write it."""
    return base64.b64encode(checksum.to_bytes(4, "big")).decode()


def crc32c_of(content: bytes) -> str:
    """The checksum of a content, as S3 and Google write it."""
    return crc32c_text(google_crc32c.value(content))
