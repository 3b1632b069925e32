"""Stored objects: files in a directory or bytes in memory, written front to back and checksummed on the way."""

import base64
import hashlib
import io
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import google_crc32c

from xcompliance.sandbox.simulator.wire import BLOCK


class Content(Protocol):
    """Bytes that are written once, front to back, and then read."""

    def append(self, block: bytes) -> None:
        """Add bytes at the end."""

    def finish(self) -> None:
        """Write no more."""

    def open(self) -> BinaryIO:
        """Return a stream of the bytes."""

    def discard(self) -> None:
        """Free the room that the bytes take."""


class _File:
    """Content on the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb", buffering=0)

    def append(self, block: bytes) -> None:
        self._file.write(block)

    def finish(self) -> None:
        self._file.close()

    def open(self) -> BinaryIO:
        return self._path.open("rb", buffering=0)

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


class InMemory:
    """Content that lives as long as whoever refers to it."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def append(self, block: bytes) -> None:
        """Add bytes at the end."""
        self._bytes += block

    def finish(self) -> None:
        """Write no more."""

    def open(self) -> BinaryIO:
        """Return a stream of the bytes."""
        return io.BytesIO(self._bytes)

    def discard(self) -> None:
        """Free the room that the bytes take."""


def files_in(directory: Path) -> Callable[[], Content]:
    """Return what makes new, numbered files in the directory."""
    numbers = itertools.count(1)
    return lambda: _File(directory / str(next(numbers)))


@dataclass(frozen=True)
class StoredObject:
    """A finished object. ``crc32c`` and ``md5`` are base64, as Google tells them; ``size`` is in bytes.

    ``generation`` is when it was finished, in microseconds since 1970. A composite has no MD5.
    """

    content: Content
    size: int
    crc32c: str
    md5: str | None
    generation: int

    def blocks(self, start: int, length: int) -> Iterator[bytes]:
        """``length`` bytes from ``start``."""
        with self.content.open() as file:
            file.seek(start)
            while length > 0 and (block := file.read(min(BLOCK, length))):
                length -= len(block)
                yield block


class ObjectWriter:
    """An object that is still being written."""

    def __init__(self, content: Content, md5: bool, now: Callable[[], float]) -> None:
        self.size = 0
        self._content = content
        self._now = now
        self._crc32c = 0
        self._md5 = hashlib.md5(usedforsecurity=False) if md5 else None

    def append(self, block: bytes) -> None:
        """Adds bytes at the end."""
        self._content.append(block)
        self._crc32c = google_crc32c.extend(self._crc32c, block)
        if self._md5 is not None:
            self._md5.update(block)
        self.size += len(block)

    def finish(self) -> StoredObject:
        """The object, complete."""
        self._content.finish()
        crc32c = base64.b64encode(self._crc32c.to_bytes(4, "big")).decode()
        md5 = None if self._md5 is None else base64.b64encode(self._md5.digest()).decode()
        return StoredObject(self._content, self.size, crc32c, md5, int(self._now() * 1e6))

    def discard(self) -> None:
        """Gives it up."""
        self._content.discard()


class ObjectStore:
    """Objects by their path, ``/bucket/name``."""

    def __init__(self, new_content: Callable[[], Content], md5: bool, now: Callable[[], float] = time.time) -> None:
        self._new_content = new_content
        self._md5 = md5
        self._now = now
        self._lock = threading.Lock()
        self._objects: dict[str, StoredObject] = {}

    def writer(self, *, composite: bool = False) -> ObjectWriter:
        """Begins an object, which is not to be seen before it is put."""
        with self._lock:
            return ObjectWriter(self._new_content(), self._md5 and not composite, self._now)

    def put(self, name: str, stored: StoredObject) -> None:
        """Shows a finished object under a name."""
        with self._lock:
            self._objects[name] = stored

    def get(self, name: str) -> StoredObject | None:
        """The object of that name."""
        with self._lock:
            return self._objects.get(name)
