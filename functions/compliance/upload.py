"""Sends a part to where X wants it, from where the server says it stands."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from compliance import gcs_resumable as gcs
from compliance.clock import Clock
from compliance.errors import UploadCorrupted, UploadInterrupted
from compliance.gcs_resumable import CHUNK_UNIT, Persisted, Progress, Stored, Unclear
from compliance.wire import ExactReader, OutOfTime, Readable, Send, WireError

MAX_FAILURES = 6
"""Failures in a row, without a byte of progress between them, before the invocation gives up."""

MAX_QUESTIONS = 4
"""Questions in a row that are answered without the stored object's CRC32C before it counts as unverified."""

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
    """How far the upload has come: ``uploaded`` bytes are persisted.

    A complete one is ``verified`` if the stored CRC32C is the part's, and not if Google names none.
    """

    complete: bool
    uploaded: int
    verified: bool = True


@dataclass
class ResumableUpload:
    """One invocation's work on a session: asks first, then sends chunk after chunk.

    A chunk streams from the source to the socket, so nothing is held back for a retry: the source is read again.
    ``max_chunk`` is in bytes, a multiple of CHUNK_UNIT. ``reserve`` is how many seconds before the invocation's end
    no byte is sent any more, so that there is time left to ask what was kept.

    ``is_last_sent`` says whether an earlier invocation began to send the last chunk of this session, and
    ``before_last`` is called before this one does. Without that, a 200 that names no CRC32C proves nothing.
    """

    session_uri: str = field(repr=False)
    source: Source
    send: Send = field(repr=False)
    clock: Clock
    max_chunk: int
    reserve: float
    report: Callable[[int], None] = lambda _: None
    is_last_sent: bool = False
    before_last: Callable[[], None] = lambda: None
    _rate: float = ASSUMED_RATE

    def run(self) -> Outcome:
        """Work until the object is stored or the time is up.

        Raises UploadInterrupted when there was no progress at all, UploadCorrupted when the stored CRC32C is another,
        and whatever the protocol refuses for good.
        """
        first = offset = -1
        failures = questions = 0
        progress = self._ask()
        while True:
            match progress:
                case Stored(self.source.crc32c):
                    return self._complete(verified=True)
                case Stored(None) if not self.is_last_sent:
                    failures += 1
                    progress = Unclear("Google calls the object stored though its last byte was not sent")
                case Stored(None):
                    questions += 1
                    if questions > MAX_QUESTIONS:
                        return self._complete(verified=False)
                case Stored():
                    raise UploadCorrupted("The stored object's CRC32C is not the part's.")
                case Persisted(persisted) if persisted > offset:
                    failures = questions = 0
                    offset = persisted
                    first = offset if first < 0 else first
                    self.report(offset)
                case Persisted():
                    failures, questions = failures + 1, 0
                case Unclear():
                    failures += 1
            if failures > MAX_FAILURES or self.clock.remaining() <= self.reserve:
                return self._pause(first, offset, progress)
            if not isinstance(progress, Persisted) or progress.offset == self.source.total:
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
        if start + length == self.source.total and not self.is_last_sent:
            self.before_last()
            self.is_last_sent = True
        began = self.clock.now()
        try:
            with self.source.open(start, length) as stream:
                response = self.send(request, ExactReader(stream, length, self._is_late))
        except OutOfTime:
            return self._ask()
        except WireError as error:
            return Unclear(str(error))
        self._rate = length / max(self.clock.now() - began, 1e-3)
        if gcs.may_be_gap(response):
            progress = self._ask()
            if progress != Persisted(start):
                return progress
        return gcs.judge_chunk(response, self.source.total)

    def _is_late(self) -> bool:
        return self.clock.remaining() <= self.reserve

    def _complete(self, *, verified: bool) -> Outcome:
        self.report(self.source.total)
        return Outcome(complete=True, uploaded=self.source.total, verified=verified)

    def _pause(self, first: int, offset: int, progress: Progress) -> Outcome:
        if offset > first:
            return Outcome(complete=False, uploaded=offset)
        reason = progress.reason if isinstance(progress, Unclear) else "the server keeps nothing of what is sent"
        raise UploadInterrupted(f"The upload made no headway: {reason}.")
