"""What becomes an object of the results bucket is collected in memory: the disk takes longer, and its cache as much."""

import io
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from functools import cached_property, reduce
from itertools import accumulate

import google_crc32c

from adapters import objects
from adapters.http import BLOCK
from adapters.objects import crc32c_text


class Spool:
    """An object while it is made of blocks, with its length; with its CRC32C when all of them are there."""

    def __init__(self) -> None:
        self._blocks: deque[bytes] = deque()
        self.bytes = 0

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the memory back."""
        self._blocks.clear()

    @cached_property
    def crc32c(self) -> str:
        """Base64 of the checksum of what was written."""
        return crc32c_text(reduce(google_crc32c.extend, self._blocks, 0))

    def write(self, block: bytes) -> None:
        """Appends a block."""
        self._blocks.append(block)
        self.bytes += len(block)

    def read(self) -> Iterator[bytes]:
        """What was written, in blocks; each is forgotten then."""
        while self._blocks:
            yield self._blocks.popleft()

    def store(self, key: str) -> None:
        """Writes the object to S3."""
        objects.write(key, io.BufferedReader(_File(self._blocks), BLOCK), self.crc32c)


class _File(io.RawIOBase):
    """Blocks as a file, which boto3 reads, and reads again when S3 has to be asked again.

    They stay the spool's: whoever keeps the file for longer does not keep their memory.
    """

    def __init__(self, blocks: Sequence[bytes]) -> None:
        self._blocks = blocks
        self._starts = list(accumulate(map(len, blocks), initial=0))
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._position = (0, self._position, self._starts[-1])[whence] + offset
        return self._position

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        index = bisect_right(self._starts, self._position) - 1
        if index >= len(self._blocks):
            return 0
        piece = memoryview(self._blocks[index])[self._position - self._starts[index] :][: len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)
