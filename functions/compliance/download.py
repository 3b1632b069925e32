"""Fetches X's results into an object of ours, over as many invocations as it takes, and verifies them."""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import google_crc32c

from compliance.clock import Clock
from compliance.errors import (
    ComplianceError,
    CreditsDepleted,
    DownloadInterrupted,
    DownloadRefused,
    ProtocolViolation,
    RateLimited,
    ResultsCorrupted,
    ResultsExpired,
    RouteNotLive,
    UsageCapExceeded,
    XUnavailable,
)
from compliance.gcs_resumable import stored_crc32c
from compliance.wire import Download, Fetch, Request, Response, WireError
from compliance.x_api import refusal

T = TypeVar("T")

MAX_ERROR_BODY = 65_536
"""Bytes of an error's body that are read."""

MAX_QUESTIONS = 4
"""Questions for a CRC32C that the answer left out before the results count as unverified."""

_CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-[0-9]+/(?:([0-9]+)|\*)", re.ASCII)
_NO_SUCH_RANGE = re.compile(r"bytes \*/([0-9]+)", re.ASCII)


@dataclass(frozen=True)
class State:
    """What is stored so far: enough for another process to go on.

    ``crc32c`` is the running checksum over ``offset`` bytes and ``etags`` name the pieces in order; ``total`` bytes and
    CRC32C ``expected`` are what the server said of the whole file.
    """

    offset: int = 0
    crc32c: int = 0
    etags: tuple[str, ...] = ()
    upload_id: str | None = None
    total: int | None = None
    expected: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every byte is stored."""
        return self.total is not None and self.offset >= self.total


class Sink(Protocol):
    """An object that is written in pieces. A piece that is written again replaces the one before."""

    @property
    def piece_bytes(self) -> int:
        """Length of every piece but the last, in bytes."""

    def begin(self) -> str:
        """Starts the object; returns the upload's ID."""

    def write(self, upload_id: str, number: int, piece: bytes) -> str:
        """Writes piece ``number``, from 1; returns its ETag."""

    def finish(self, upload_id: str, etags: tuple[str, ...]) -> None:
        """Puts the pieces together; succeeds as well when that is already done.

        Raises ResultsCorrupted when they are not those that were named.
        """

    def write_whole(self, content: bytes) -> None:
        """Writes an object that fits into one piece."""

    def save(self, state: State) -> None:
        """Keeps the state where the next invocation finds it."""


@dataclass(frozen=True)
class ResultsDownload:
    """One invocation's work on a download.

    ``refusal`` names the error that an answer other than success stands for; ``reserve`` is how many seconds before
    the invocation's end it pauses; ``is_answer`` tells by the first piece whether this is the file, as a server in
    trouble says 200 to something else. ``promises_crc32c`` says whether each answer should name the file's CRC32C, so
    that it is asked for if it is missing.
    """

    request: Request
    refusal: Callable[[Response], ComplianceError] = field(repr=False)
    fetch: Fetch = field(repr=False)
    sink: Sink = field(repr=False)
    clock: Clock
    reserve: float
    is_answer: Callable[[bytes], bool] = field(repr=False, default=lambda _: True)
    promises_crc32c: bool = False

    def run(self, state: State) -> tuple[bool, State]:
        """Work until the file is whole and stored (True) or the time is up (False).

        The state says what it was held against: ``expected`` is None if the server named no CRC32C, even when asked
        again. Raises DownloadInterrupted when nothing was gained, and ResultsCorrupted when length, CRC32C or pieces
        disagree; the next run then starts from byte 0.
        """
        try:
            if not state.is_whole:
                state, ended = self._continue(state)
                if not ended:
                    return False, state
            if (upload_id := state.upload_id) is not None:
                state = self._verified(state)
                self.sink.finish(upload_id, state.etags)
        except ResultsCorrupted:
            self.sink.save(State())
            raise
        return True, state

    def _continue(self, state: State) -> tuple[State, bool]:
        began = state.offset
        headers = {**self.request.headers, **({"range": f"bytes={began}-"} if began else {})}
        try:
            with self.fetch(replace(self.request, headers=headers)) as answer:
                if answer.status == 416 and began:
                    return self._ended_before(state, answer), True
                state = self._described(state, answer)
                blocks = _behind(state, answer.blocks) if answer.status == 200 else answer.blocks
                for piece in _pieces(blocks, self.sink.piece_bytes):
                    is_last = len(piece) < self.sink.piece_bytes
                    if is_last and state.total not in (None, state.offset + len(piece)):
                        raise WireError("the answer ended early")
                    state = self._kept(state, piece)
                    if not is_last and state.offset != state.total and self.clock.remaining() <= self.reserve:
                        return state, False
                if state.total not in (None, state.offset):
                    raise WireError("the answer ended early")
                state = self._ended(state)
        except WireError as error:
            if state.offset > began:
                return state, False
            raise DownloadInterrupted(f"The download was cut off: {error}.") from None
        return state, True

    def _ended(self, state: State) -> State:
        """Note the length of a chunked answer that has ended where a piece does: its last chunk alone tells."""
        if state.total is not None:
            return state
        state = replace(state, total=state.offset)
        self.sink.save(state)
        return state

    def _ended_before(self, state: State, answer: Download) -> State:
        """Take a 416 for the end of the file if all of it is stored: an earlier invocation ended before it knew."""
        match = _NO_SUCH_RANGE.fullmatch(answer.headers.get("content-range", ""))
        if match is None or int(match[1]) != state.offset:
            raise ResultsCorrupted("The server has no bytes where the download stands.")
        return self._ended(state)

    def _described(self, state: State, answer: Download) -> State:
        """What this answer says of the whole file, held against what an earlier one said."""
        head = Response(answer.status, answer.headers)
        if answer.status not in (200, 206):
            body = next(_pieces(answer.blocks, MAX_ERROR_BODY), b"")
            raise self.refusal(replace(head, body=body))
        total, expected = _total(head, state.offset), stored_crc32c(head)
        return replace(state, total=_same(state.total, total), expected=_same(state.expected, expected))

    def _kept(self, state: State, piece: bytes) -> State:
        """Stores a piece: as the whole object when it is all there is, which is then verified first."""
        if state.upload_id is not None and not piece:
            return state
        if state.offset == 0 and not self.is_answer(piece):
            raise DownloadInterrupted("What came instead of the results holds not one record.")
        grown = replace(state, offset=state.offset + len(piece), crc32c=google_crc32c.extend(state.crc32c, piece))
        if len(piece) < self.sink.piece_bytes:
            grown = replace(grown, total=grown.offset)
            if state.upload_id is None:
                grown = self._verified(grown)
                self.sink.write_whole(piece)
                return grown
        upload_id = state.upload_id or self.sink.begin()
        etag = self.sink.write(upload_id, len(state.etags) + 1, piece)
        grown = replace(grown, upload_id=upload_id, etags=(*state.etags, etag))
        self.sink.save(grown)
        return grown

    def _verified(self, state: State) -> State:
        """Return the state with the CRC32C that it was held against, if the server names one."""
        if state.offset != state.total:
            raise ResultsCorrupted(f"The results have {state.offset} bytes, the server says {state.total}.")
        if state.expected is None and self.promises_crc32c:
            state = replace(state, expected=self._asked_again(state))
        ours = base64.b64encode(state.crc32c.to_bytes(4, "big")).decode()
        if state.expected not in (None, ours):
            raise ResultsCorrupted("The results' CRC32C is not the one that the server says.")
        return state

    def _asked_again(self, state: State) -> str | None:
        """Return the CRC32C from the headers of another answer, or None if each answer leaves it out.

        Raises DownloadInterrupted when there was no answer.
        """
        is_answered = False
        headers = {**self.request.headers, **({"range": "bytes=0-0"} if state.total else {})}
        for question in range(MAX_QUESTIONS):
            with suppress(WireError), self.fetch(replace(self.request, headers=headers)) as answer:
                expected = stored_crc32c(Response(answer.status, answer.headers))
                is_answered |= answer.status in (200, 206)
                if is_answered and expected is not None:
                    return expected
            self.clock.sleep(min(2.0**question, max(0.0, self.clock.remaining() - self.reserve)))
        if not is_answered:
            raise DownloadInterrupted("The server was asked for the CRC32C of the results, and did not answer.")
        return None


def google_refusal(response: Response) -> ComplianceError:
    """What Google's answer to a signed download URL stands for, when it is not the results."""
    if response.status in (408, 429) or response.status >= 500:
        return DownloadInterrupted(f"Google answered the download with {response.status}.")
    if b"xpired" in response.body:
        return ResultsExpired("The download URL has expired: the results are gone. Start the run again.")
    return DownloadRefused(f"Google refused the download ({response.status}).")


def x_refusal(response: Response) -> ComplianceError:
    """Return what X's answer to a download stands for, when it is not the results.

    X's remedy for a token that its byte path refuses is another job [X, batch compliance].
    """
    error = refusal(response)
    kept = (XUnavailable, RateLimited, CreditsDepleted, UsageCapExceeded, RouteNotLive)
    return error if isinstance(error, kept) else DownloadRefused(f"X refused the download. {error}")


def _same(known: T | None, said: T | None) -> T | None:
    """What is known of the file; an answer may leave it out, but not contradict it."""
    if known is not None and said is not None and known != said:
        raise ResultsCorrupted("The results changed while they were downloaded.")
    return said if known is None else known


def _total(head: Response, offset: int) -> int | None:
    """The whole file's length in bytes; None when only the end of a chunked answer tells it."""
    if head.status == 206:
        match = _CONTENT_RANGE.fullmatch(head.headers.get("content-range", ""))
        if match is None or int(match[1]) != offset:
            raise ProtocolViolation("The download did not continue where it was asked to.")
        if match[2] is None:
            raise ResultsCorrupted("The answer does not say whether it goes to the end: the results are fetched anew.")
        return int(match[2])
    # A Content-Length that is repeated with one value counts as that value [RFC 9110, 8.6].
    lengths = {
        length.strip()
        for name in ("content-length", "x-goog-stored-content-length")
        for length in head.headers.get(name, "").split(",")
        if length.strip()
    }
    if len(lengths) > 1:
        raise ResultsCorrupted("The results' Content-Length is not the stored length.")
    if lengths:
        return int(lengths.pop())
    if "chunked" in head.headers.get("transfer-encoding", ""):
        return None
    raise ProtocolViolation("The download does not say how long it is.")


def _behind(state: State, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what an answer from byte 0 on holds behind the bytes that are stored, which it must repeat.

    Raises WireError if it ends before, as a page does, and ResultsCorrupted if it has other bytes there.
    """
    left, crc32c = state.offset, 0
    for block in blocks:
        known, rest = block[:left], block[left:]
        crc32c, left = google_crc32c.extend(crc32c, known), left - len(known)
        if not left and crc32c != state.crc32c:
            raise ResultsCorrupted("The results changed while they were downloaded.")
        if rest:
            yield rest
    if left:
        raise WireError("the answer ended before what is stored already")


def _pieces(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Cuts a stream into pieces of one size and a shorter last one; an empty stream gives one empty piece."""
    buffer = bytearray()
    count = 0
    for block in blocks:
        buffer += block
        while len(buffer) >= size:
            yield bytes(buffer[:size])
            del buffer[:size]
            count += 1
    if buffer or not count:
        yield bytes(buffer)
