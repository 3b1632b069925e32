"""An upload goes on from where Google's session stands, whoever has brought it there."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from adapters.http import Wire
from compliance.errors import ProtocolViolation, RequestRefused, UploadCorrupted, UploadInterrupted
from compliance.upload import Outcome, ResumableUpload, Source
from compliance.wire import Readable
from tests.fakes.breach import crc32c
from tests.fakes.clock import ManualClock
from tests.transfers.server import Answer, Heard, Server, serving

UNIT = 262_144
CONTENT = b"".join(b"%016d" % number for number in range(5 * UNIT // 16)) + b"tail"
TOTAL = len(CONTENT)
HASHES = [("x-goog-hash", f"crc32c={crc32c(CONTENT)}"), ("x-goog-hash", "md5=Ojk9c3dhfxgoKVVHYwFbHQ==")]
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


@dataclass
class Google:
    """A session at a server that is shared with somebody else: ``leap`` is where a twin brings it after a chunk.

    A chunk that leaves a gap is refused with ``gap``. ``hashes`` are the header lines about the stored object.
    """

    persisted: bytearray = field(default_factory=bytearray)
    leaps: list[int] = field(default_factory=list)
    gap: int = 400
    hashes: list[tuple[str, str]] = field(default_factory=lambda: list(HASHES))
    chunks: list[int] = field(default_factory=list)
    questions: int = 0

    def answer(self, heard: Heard) -> Answer:
        match = _RANGE.fullmatch(heard.headers["content-range"])
        assert match
        assert int(match[3]) == TOTAL
        if match[1] is None:
            self.questions += 1
        else:
            start = int(match[1])
            self.chunks.append(start)
            if start > len(self.persisted):
                return Answer(self.gap)
            if start + len(heard.body) > len(self.persisted):
                self.persisted[start:] = heard.body
            if self.leaps:
                self.persisted[:] = CONTENT[: self.leaps.pop(0)]
        if len(self.persisted) == TOTAL:
            return Answer(200, self.hashes)
        return Answer(308, [("Range", f"bytes=0-{len(self.persisted) - 1}")] if self.persisted else [])


@contextmanager
def opened(start: int, length: int) -> Iterator[Readable]:
    yield io.BytesIO(CONTENT[start : start + length])


def upload(server: Server, *, is_last_sent: bool = False) -> Outcome:
    """One invocation, in chunks of a unit."""
    clock, source = ManualClock(), Source(TOTAL, crc32c(CONTENT), opened)
    session = f"{server.url}/object?upload_id=SECRET"
    return ResumableUpload(session, source, Wire(clock).send, clock, UNIT, 20, is_last_sent=is_last_sent).run()


def test_a_session_that_a_twin_has_brought_further_is_gone_on_with() -> None:
    google = Google(leaps=[3 * UNIT])
    with serving(google.answer) as server:
        assert upload(server) == Outcome(complete=True, uploaded=TOTAL)
    assert google.chunks == [0, 3 * UNIT, 4 * UNIT, 5 * UNIT]
    assert bytes(google.persisted) == CONTENT


def test_an_object_that_a_twin_has_completed_is_verified_by_its_checksum() -> None:
    google = Google(leaps=[TOTAL])
    with serving(google.answer) as server:
        assert upload(server) == Outcome(complete=True, uploaded=TOTAL)
    assert google.chunks == [0]


@pytest.mark.parametrize("gap", [400, 416, 503])
def test_a_gap_is_closed_from_where_the_session_stands(gap: int) -> None:
    google = Google(leaps=[UNIT, 2 * UNIT], gap=gap)

    def answer(heard: Heard) -> Answer:
        told = google.answer(heard)
        if len(google.chunks) == 2 and google.questions == 1:
            del google.persisted[UNIT:]
        return told

    with serving(answer) as server:
        assert upload(server) == Outcome(complete=True, uploaded=TOTAL)
    assert google.chunks == [0, UNIT, 2 * UNIT, UNIT, 2 * UNIT, 3 * UNIT, 4 * UNIT, 5 * UNIT]
    assert bytes(google.persisted) == CONTENT


@pytest.mark.parametrize("status", [400, 416])
def test_a_refusal_of_a_chunk_that_leaves_no_gap_is_not_repeated(status: int) -> None:
    google = Google()

    def answer(heard: Heard) -> Answer:
        return google.answer(heard) if heard.headers["content-range"].startswith("bytes */") else Answer(status)

    with serving(answer) as server:
        with pytest.raises(RequestRefused, match=str(status)):
            upload(server)
        assert len(server.heard) == 3


def test_a_session_that_loses_every_chunk_is_not_fed_for_ever() -> None:
    google = Google(persisted=bytearray(CONTENT[: 2 * UNIT]))

    def answer(heard: Heard) -> Answer:
        if heard.headers["content-range"].startswith("bytes */"):
            google.persisted[:] = CONTENT[: UNIT if len(google.persisted) != UNIT else 0]
            return google.answer(heard)
        return Answer(400)

    with serving(answer) as server:
        with pytest.raises(UploadInterrupted):
            upload(server)
        assert len(server.heard) < 30


def test_a_range_beyond_the_part_is_refused() -> None:
    beyond = Answer(308, [("Range", f"bytes=0-{TOTAL}")])
    with serving(lambda heard: beyond) as server, pytest.raises(ProtocolViolation):
        upload(server)


PAGE = Answer(200, [("Content-Type", "text/html")], b"<html>Please sign in</html>")


@pytest.mark.parametrize("lie", [PAGE, Answer(200), Answer(200, HASHES[1:])], ids=["page", "nothing", "md5 alone"])
def test_a_success_before_the_last_chunk_was_sent_is_asked_again(lie: Answer) -> None:
    google = Google()

    def answer(heard: Heard) -> Answer:
        told = google.answer(heard)
        return lie if google.questions == 1 and not google.chunks else told

    with serving(answer) as server:
        assert upload(server) == Outcome(complete=True, uploaded=TOTAL)
    assert bytes(google.persisted) == CONTENT


@pytest.mark.parametrize("lie", [PAGE, Answer(200)], ids=["page", "nothing"])
def test_a_success_that_nobody_has_sent_a_last_chunk_for_is_never_the_end(lie: Answer) -> None:
    with serving(lambda heard: lie) as server:
        with pytest.raises(UploadInterrupted):
            upload(server)
        assert all(heard.body == b"" for heard in server.heard)


def test_a_missing_checksum_is_asked_for() -> None:
    google = Google()

    def answer(heard: Heard) -> Answer:
        told = google.answer(heard)
        return told if told.status == 308 or google.questions > 2 else Answer(200, HASHES[1:])

    with serving(answer) as server:
        assert upload(server) == Outcome(complete=True, uploaded=TOTAL)
    assert google.questions == 3


def test_a_success_that_the_session_contradicts_is_never_the_end() -> None:
    """Something on the way takes every last chunk for itself, and lets questions through."""
    google = Google()

    def answer(heard: Heard) -> Answer:
        is_last = heard.headers["content-range"].endswith(f"-{TOTAL - 1}/{TOTAL}")
        return Answer(200) if is_last else google.answer(heard)

    with serving(answer) as server:
        assert upload(server) == Outcome(complete=False, uploaded=5 * UNIT)
        with pytest.raises(UploadInterrupted):
            upload(server, is_last_sent=True)


def test_an_object_whose_checksum_is_never_named_is_not_verified() -> None:
    google = Google(hashes=[])
    with serving(google.answer) as server:
        assert upload(server) == Outcome(complete=True, uploaded=TOTAL, verified=False)
        assert upload(server, is_last_sent=True) == Outcome(complete=True, uploaded=TOTAL, verified=False)
        with pytest.raises(UploadInterrupted):
            upload(server)


def test_a_checksum_on_its_own_line_is_compared() -> None:
    google = Google(hashes=[("x-goog-hash", "crc32c=AAAAAA=="), HASHES[1]])
    with serving(google.answer) as server, pytest.raises(UploadCorrupted):
        upload(server)
