"""Files that are read before they are dropped: on this machine, or anywhere in S3."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from botocore.exceptions import ClientError

from adapters.inbox_object import source_errors
from adapters.object_word import word_in
from adapters.objects import blocks_around, blocks_of, whole_length
from adapters.sources import Source
from compliance.formats import HEAD_BYTES, Format
from compliance.segments import Found, Segment
from xcompliance.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, TagTypeDef

_BLOCK: Final = 1 << 20


class Files(Source, Protocol):
    """The files of one run."""

    def found(self) -> Iterator[Found]:
        """Yield them, in the order of their keys."""

    def word(self, name: str) -> str | None:
        """Return what the owner of the files says under that name."""


class Disk:
    """Files on this machine, by the keys that they would have in the inbox.

    Raises CommandError for one that cannot be read.
    """

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = paths

    def found(self) -> Iterator[Found]:
        """Yield the files."""
        for key, path in sorted(self._paths.items()):
            yield Found("", key, "", path.stat().st_size, b"".join(self._blocks(key, 0, HEAD_BYTES)))

    def word(self, _: str) -> str | None:
        """A file on a disk says nothing."""
        return None

    def source_blocks(self, segment: Segment) -> Iterator[bytes]:
        """Yield a file from the byte before the segment on."""
        yield from self._blocks(segment.key, max(0, segment.start - 1), None)

    def source_end(self, segment: Segment, size: int) -> tuple[int, bytes]:
        """Return the length of a file, and its last ``size`` bytes."""
        length = self._paths[segment.key].stat().st_size
        return length, b"".join(self._blocks(segment.key, max(0, length - size), None))

    def source_range(self, segment: Segment, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes ``start`` to ``end`` (exclusive) of a file."""
        yield from self._blocks(segment.key, start, end)

    def _blocks(self, key: str, start: int, end: int | None) -> Iterator[bytes]:
        try:
            with self._paths[key].open("rb") as file:
                file.seek(start)
                while block := file.read(_BLOCK if end is None else min(_BLOCK, end - file.tell())):
                    yield block
        except OSError as error:
            raise CommandError(f"{self._paths[key]} cannot be read: {error.strerror}.") from None


class Bucket:
    """One object in S3, as it is now; one that is replaced while it is read raises SourceChanged.

    Raises CommandError if there is none.
    """

    def __init__(self, s3: "S3Client", bucket: str, key: str) -> None:
        self._s3 = s3
        try:
            self._about = s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in ("404", "NoSuchKey", "NoSuchBucket"):
                raise
            raise CommandError(f"There is no object s3://{bucket}/{key}.") from None
        self._place = bucket, key
        self.size = self._about["ContentLength"]

    def found(self) -> Iterator[Found]:
        """Yield the object."""
        bucket, key = self._place
        whole = Segment(bucket, key, self._about.get("VersionId", ""), 0, self.size, Format("lines"))
        beginning = b"".join(self.source_range(whole, 0, HEAD_BYTES)) if self.size else b""
        yield Found(bucket, key, whole.version_id, self.size, beginning)

    def word(self, name: str) -> str | None:
        """Return what the object's metadata says, else its tag."""
        bucket, key = self._place

        def tags() -> "list[TagTypeDef]":
            return self._s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]

        return word_in(name, self._about["Metadata"], tags if self._about.get("TagCount") else list)

    def source_blocks(self, segment: Segment) -> Iterator[bytes]:
        """Yield the object from the byte before the segment on."""
        yield from blocks_around(partial(self._get, segment), segment.start, segment.end)

    def source_end(self, segment: Segment, size: int) -> tuple[int, bytes]:
        """Return the length of the object, and its last ``size`` bytes."""
        answer = self._get(segment, f"bytes=-{size}")
        return whole_length(answer), b"".join(blocks_of(answer))

    def source_range(self, segment: Segment, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes ``start`` to ``end`` (exclusive) of the object."""
        yield from blocks_of(self._get(segment, f"bytes={start}-{end - 1}"))

    def _get(self, segment: Segment, byte_range: str) -> "GetObjectOutputTypeDef":
        with source_errors():
            return self._s3.get_object(
                Bucket=segment.bucket, Key=segment.key, IfMatch=self._about["ETag"], Range=byte_range
            )
