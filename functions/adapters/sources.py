"""Where the objects of segments are read from: S3 or a disk."""

from collections.abc import Iterator
from typing import Protocol

from compliance.segments import Segment


class Source(Protocol):
    """Reads objects, each in the version that its segment names."""

    def source_blocks(self, segment: Segment) -> Iterator[bytes]:
        """Yield an object from the byte before the segment on, for as long as it is read."""

    def source_end(self, segment: Segment, size: int) -> tuple[int, bytes]:
        """Return the length of a segment's object in bytes, and its last ``size`` bytes."""

    def source_range(self, segment: Segment, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes ``start`` to ``end`` (exclusive) of a segment's object."""
