"""What protocol code speaks of instead of sockets: requests, answers, and the ports that carry them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol


class WireError(Exception):
    """No whole answer arrived: refused, reset, timed out or cut off. Says the kind, never the URL."""


class OutOfTime(Exception):
    """The invocation's time is up in the middle of a body."""


@dataclass(frozen=True)
class Request:
    """One HTTP request without its body. URL and headers may be credentials, so ``repr`` leaves them out."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class Response:
    """One whole answer. Header names are lower-case; values of a repeated one are joined by commas [RFC 9110, 5.3]."""

    status: int
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    body: bytes = field(repr=False, default=b"")


class Readable(Protocol):
    """A byte stream, read front to back."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


@dataclass(frozen=True)
class Download:
    """An answer whose body is still on the way."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    blocks: Iterator[bytes] = field(repr=False)


Send = Callable[[Request, bytes | Readable | None], Response]
"""Sends a request and waits for its whole answer; raises WireError."""

Fetch = Callable[[Request], AbstractContextManager[Download]]
"""Opens a request whose answer's body is streamed; raises WireError, also from the blocks."""


class ExactReader:
    """Hands out exactly ``length`` bytes of a stream, as HTTP clients neither pad nor cut a body themselves.

    Raises WireError when the stream ends early, and OutOfTime when ``stop`` says so between two reads.
    """

    def __init__(self, stream: Readable, length: int, stop: Callable[[], bool]) -> None:
        self._stream = stream
        self._left = length
        self._stop = stop

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; none once ``length`` bytes have been read."""
        if self._left == 0:
            return b""
        if self._stop():
            raise OutOfTime
        block = self._stream.read(self._left if size < 0 else min(size, self._left))
        if not block:
            raise WireError(f"the source ended {self._left} bytes early")
        self._left -= len(block)
        return block


def skip(blocks: Iterator[bytes], count: int) -> Iterator[bytes]:
    """A stream without its first ``count`` bytes."""
    for block in blocks:
        if count < len(block):
            yield block[count:]
        count = max(0, count - len(block))
