"""Sends a part to where X wants it, from where the server says it stands."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from compliance import gcs_resumable as gcs
from compliance.clock import Clock
from compliance.errors import ProtocolViolation, UploadCorrupted, UploadInterrupted
from compliance.gcs_resumable import CHUNK_UNIT, Persisted, Progress, Stored, Unclear
from compliance.wire import ExactReader, OutOfTime, Readable, Send, WireError

MAX_FAILURES = 6
"""Failures in a row, without a byte of progress between them, before the invocation gives up."""

ASSUMED_RATE = 10_000_000
"""Bytes per second, taken for the link's speed until a chunk has been measured."""


@dataclass(frozen=True)
class Source:
    """The part's bytes, readable from any offset as often as needed.

    ``open(start, length)`` streams at least the bytes from ``start`` to ``start + length``.
    """

    total: int
    crc32c: str
    open: Callable[[int, int], AbstractContextManager[Readable]] = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """How far the upload has come: ``uploaded`` bytes are persisted; it is complete when they are verified."""

    complete: bool
    uploaded: int


@dataclass
class ResumableUpload:
    """One invocation's work on a session: asks first, then sends chunk after chunk.

    A chunk streams from the source to the socket, so nothing is held back for a retry: the source is read again.
    ``max_chunk`` is in bytes, a multiple of CHUNK_UNIT. ``reserve`` is how many seconds before the invocation's end
    no byte is sent any more, so that there is time left to ask what was kept.
    """

    session_uri: str = field(repr=False)
    source: Source
    send: Send = field(repr=False)
    clock: Clock
    max_chunk: int
    reserve: float
    report: Callable[[int], None] = lambda _: None
    _rate: float = ASSUMED_RATE

    def run(self) -> Outcome:
        """Works until the object is stored or the time is up.

        Raises UploadInterrupted when there was no progress at all, UploadCorrupted when the stored CRC32C is another,
        and whatever the protocol refuses for good.
        """
        first = offset = -1
        failures = 0
        progress = self._ask()
        while True:
            match progress:
                case Stored(crc32c):
                    return self._verified(crc32c)
                case Persisted(persisted) if persisted > offset:
                    failures = 0
                    offset = persisted
                    first = offset if first < 0 else first
                    self.report(offset)
                case Persisted():
                    failures += 1
                case Unclear():
                    failures += 1
            if failures > MAX_FAILURES or self.clock.remaining() <= self.reserve:
                return self._pause(first, offset, progress)
            if isinstance(progress, Unclear) or progress.offset == self.source.total:
                self.clock.sleep(min(2.0**failures, 30.0, max(0.0, self.clock.remaining() - self.reserve)))
                progress = self._ask()
                continue
            length = self._next_length(progress.offset)
            if length == 0:
                return self._pause(first, offset, progress)
            progress = self._send_chunk(progress.offset, length)

    def _next_length(self, offset: int) -> int:
        """The longest chunk that should end in time; 0 when not even the smallest would."""
        left = self.source.total - offset
        affordable = int(self._rate * (self.clock.remaining() - self.reserve))
        length = min(self.max_chunk, affordable)
        return left if length >= left else length // CHUNK_UNIT * CHUNK_UNIT

    def _ask(self) -> Progress:
        try:
            response = self.send(gcs.ask_request(self.session_uri, self.source.total), None)
        except WireError as error:
            return Unclear(str(error))
        return gcs.judge_ask(response, self.source.total)

    def _send_chunk(self, start: int, length: int) -> Progress:
        request = gcs.chunk_request(self.session_uri, start, length, self.source.total, self.source.crc32c)
        began = self.clock.now()
        try:
            with self.source.open(start, length) as stream:
                response = self.send(request, ExactReader(stream, length, self._is_late))
        except OutOfTime:
            return self._ask()
        except WireError as error:
            return Unclear(str(error))
        self._rate = length / max(self.clock.now() - began, 1e-3)
        progress = gcs.judge_chunk(response, start + length)
        if isinstance(progress, Stored) and start + length < self.source.total:
            raise ProtocolViolation("Google calls the object stored while bytes are still to be sent.")
        return progress

    def _is_late(self) -> bool:
        return self.clock.remaining() <= self.reserve

    def _verified(self, crc32c: str | None) -> Outcome:
        if crc32c is not None and crc32c != self.source.crc32c:
            raise UploadCorrupted("The stored object's CRC32C is not the part's.")
        self.report(self.source.total)
        return Outcome(True, self.source.total)

    def _pause(self, first: int, offset: int, progress: Progress) -> Outcome:
        if offset > first:
            return Outcome(False, offset)
        reason = progress.reason if isinstance(progress, Unclear) else "the server keeps nothing of what is sent"
        raise UploadInterrupted(f"The upload made no headway: {reason}.")
