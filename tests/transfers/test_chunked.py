"""An answer that does not say how long it is, in real chunked coding, whenever the function dies."""

import re
from dataclasses import dataclass

import pytest

from adapters.http import Wire
from compliance.download import ResultsDownload, State
from compliance.errors import ComplianceError, DownloadInterrupted, ResultsCorrupted
from compliance.wire import Request, Response
from tests.fakes.clock import ManualClock
from tests.fakes.sink import MemorySink
from tests.transfers.server import Answer, Heard, Server, serving

PIECE = 1000
CONTENT = b"".join(b"%07d\n" % number for number in range(320))
LENGTHS = [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 500]


class DiedError(BaseException):
    """The function is gone."""


@dataclass
class DyingSink(MemorySink):
    """Dies once before, or after, one of its calls."""

    dies_before: str | None = None
    dies_after: str | None = None

    def _may_die(self, moment: str, call: str) -> None:
        if getattr(self, moment) == call:
            setattr(self, moment, None)
            raise DiedError

    def save(self, state: State) -> None:
        call = f"save {state.offset} of {state.total}"
        self._may_die("dies_before", call)
        super().save(state)
        self._may_die("dies_after", call)

    def finish(self, upload_id: str, etags: tuple[str, ...]) -> None:
        self._may_die("dies_before", "finish")
        super().finish(upload_id, etags)
        self._may_die("dies_after", "finish")


@dataclass
class X:
    """X's own byte path: the whole file in chunks; a range of it with its length, 416 where there is none."""

    content: bytes
    names_length: bool = True

    def answer(self, heard: Heard) -> Answer:
        asked = re.fullmatch(r"bytes=(\d+)-", heard.headers.get("range", ""))
        if asked is None:
            return Answer(200, chunks=[self.content[at : at + 300] for at in range(0, len(self.content), 300)])
        start = int(asked[1])
        if start >= len(self.content):
            return Answer(416, [("Content-Range", f"bytes */{len(self.content)}")] if self.names_length else [])
        span = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        return Answer(206, [("Content-Range", span)], self.content[start:])


def refusal(response: Response) -> ComplianceError:
    return DownloadInterrupted(f"X answered {response.status}.")


def invoke(server: Server, sink: MemorySink, left: float = 900.0, *, promises_crc32c: bool = False) -> bool:
    """One invocation in a process of its own: it knows the saved state alone."""
    clock = ManualClock(left=left)
    request = Request("GET", f"{server.url}/file")
    fetch = Wire(clock).fetch
    download = ResultsDownload(request, refusal, fetch, sink, clock, 30, promises_crc32c=promises_crc32c)
    return download.run(sink.saved)[0]


def resumed(server: Server, sink: MemorySink) -> None:
    with pytest.raises(DiedError):
        invoke(server, sink)
    assert invoke(server, sink)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_chunked_answer_is_kept_whole(length: int) -> None:
    sink = MemorySink(PIECE)
    with serving(X(CONTENT[:length]).answer) as server:
        assert invoke(server, sink)
    assert sink.content == CONTENT[:length]


@pytest.mark.parametrize("length", LENGTHS[1:])
@pytest.mark.parametrize("moment", ["dies_before", "dies_after"])
def test_a_function_that_dies_while_it_puts_the_pieces_together_is_gone_on_with(length: int, moment: str) -> None:
    sink = DyingSink(PIECE, **{moment: "finish"})  # type: ignore[arg-type]
    with serving(X(CONTENT[:length]).answer) as server:
        resumed(server, sink)
        assert len(server.heard) == 1
    assert sink.content == CONTENT[:length]


@pytest.mark.parametrize("length", [PIECE, 2 * PIECE])
@pytest.mark.parametrize("moment", ["dies_before", "dies_after"])
def test_an_end_that_nobody_noted_is_found_by_asking(length: int, moment: str) -> None:
    """The file ends where a piece does: every byte is stored, and the function dies before it knows."""
    call = f"save {length} of {length if moment == 'dies_before' else None}"
    sink = DyingSink(PIECE, **{moment: call})  # type: ignore[arg-type]
    with serving(X(CONTENT[:length]).answer) as server:
        resumed(server, sink)
        assert len(server.heard) == 2
    assert sink.content == CONTENT[:length]


def test_an_invocation_that_pauses_at_the_end_of_the_last_piece_is_gone_on_with() -> None:
    sink = MemorySink(PIECE)
    with serving(X(CONTENT[: 2 * PIECE]).answer) as server:
        while not invoke(server, sink, left=30.0):
            pass
    assert sink.content == CONTENT[: 2 * PIECE]


@pytest.mark.parametrize("x", [X(CONTENT[:PIECE], names_length=False), X(CONTENT[: PIECE - 10])])
def test_a_server_without_the_bytes_that_follow_is_asked_for_all_of_them_anew(x: X) -> None:
    sink = DyingSink(PIECE, dies_after=f"save {PIECE} of None")
    with serving(X(CONTENT[:PIECE]).answer) as server:
        with pytest.raises(DiedError):
            invoke(server, sink)
        server.answering = x.answer
        with pytest.raises(ResultsCorrupted):
            invoke(server, sink)
        assert invoke(server, sink)
    assert sink.content == x.content


def test_a_chunked_answer_that_breaks_off_is_not_whole() -> None:
    sink = MemorySink(PIECE)
    whole = X(CONTENT)
    with serving(lambda heard: Answer(200, chunks=[CONTENT[:2500]], ends=False)) as server:
        assert not invoke(server, sink)
        assert sink.content is None
        assert (sink.saved.offset, sink.saved.total) == (2 * PIECE, None)
        server.answering = whole.answer
        assert invoke(server, sink)
    assert sink.content == CONTENT


SHORTER = {"a page": b"<html>Try again later.</html>", "errors": b'{"errors":[{"title":"x"}]}', "nothing": b""}


@pytest.mark.parametrize("promises_crc32c", [False, True])
@pytest.mark.parametrize("instead", SHORTER)
def test_what_ends_before_the_stored_bytes_is_not_the_end_of_the_file(instead: str, promises_crc32c: bool) -> None:
    sink = MemorySink(PIECE)
    with serving(lambda _: Answer(200, chunks=[CONTENT[:2500]], ends=False)) as server:
        assert not invoke(server, sink, promises_crc32c=promises_crc32c)
        server.answering = lambda _: Answer(200, chunks=[SHORTER[instead]] if SHORTER[instead] else [])
        with pytest.raises(DownloadInterrupted):
            invoke(server, sink, promises_crc32c=promises_crc32c)
        server.answering = X(CONTENT).answer
        assert invoke(server, sink, promises_crc32c=promises_crc32c)
    assert sink.content == CONTENT


def test_a_whole_answer_that_does_not_repeat_the_stored_bytes_is_fetched_anew() -> None:
    sink = MemorySink(PIECE)
    with serving(lambda _: Answer(200, chunks=[CONTENT[:2500]], ends=False)) as server:
        assert not invoke(server, sink)
        other = CONTENT[::-1]
        server.answering = lambda _: Answer(200, chunks=[other])
        with pytest.raises(ResultsCorrupted):
            invoke(server, sink)
        assert invoke(server, sink)
    assert sink.content == other


def test_a_range_of_a_file_of_unknown_length_is_not_taken_for_its_end() -> None:
    sink = MemorySink(PIECE)
    with serving(lambda _: Answer(200, chunks=[CONTENT[:2500]], ends=False)) as server:
        assert not invoke(server, sink)
        server.answering = lambda _: Answer(206, [("Content-Range", "bytes 2000-2099/*")], CONTENT[2000:2100])
        with pytest.raises(ResultsCorrupted):
            invoke(server, sink)
        server.answering = X(CONTENT).answer
        assert invoke(server, sink)
    assert sink.content == CONTENT
