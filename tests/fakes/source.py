"""A part's bytes, in memory."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from compliance.upload import Source
from compliance.wire import Readable
from tests.fakes.breach import crc32c


@dataclass
class MemorySource:
    """A source that can be read again; ``behind`` are bytes that follow the range, ``shortage`` are missing from it."""

    content: bytes
    behind: bytes = b""
    shortage: int = 0
    opened: list[tuple[int, int]] = field(default_factory=list)

    def source(self) -> Source:
        return Source(len(self.content), crc32c(self.content), self._open)

    @contextmanager
    def _open(self, start: int, length: int) -> Iterator[Readable]:
        self.opened.append((start, length))
        yield io.BytesIO((self.content + self.behind)[start : start + length + len(self.behind) - self.shortage])
