"""The download of results, over several invocations, from a server that may do anything."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.download import ResultsDownload, State, google_refusal
from compliance.errors import (
    DownloadInterrupted,
    DownloadRefused,
    ProtocolViolation,
    ResultsCorrupted,
    ResultsExpired,
    TransientError,
)
from compliance.wire import Download, Request, Response
from tests.fakes.clock import ManualClock
from tests.fakes.downloads import Serving
from tests.fakes.sink import MemorySink
from tests.fakes.world import World

PIECE = 10


def content_of(length: int) -> bytes:
    return b"".join(b"%07d" % number for number in range(length // 7 + 1))[:length]


@dataclass
class Downloading:
    """One file on its way over as many invocations as a test asks for."""

    content: bytes
    script: list[Serving] = field(default_factory=list)
    says_hash: bool = True
    sink: MemorySink = field(default_factory=lambda: MemorySink(PIECE))
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.world = World(self.clock)
        self.job = self.world.x.add("tweets", "a-name")
        self.serve(self.content)
        self.job.status = "complete"
        self.server = self.world.downloads
        self.server.script, self.server.says_hash, self.server.block = list(self.script), self.says_hash, 7

    def serve(self, content: bytes) -> None:
        self.content = content
        self.job.answer(content)

    @property
    def request(self) -> Request:
        return Request("GET", self.world.x.download_url(self.job))

    def invoke(self, left: float = 900.0) -> bool:
        """One invocation in a process of its own: it knows the saved state alone."""
        self.clock.left = left
        download = ResultsDownload(self.request, google_refusal, self.world.fetch, self.sink, self.clock, 30)
        is_complete, state = download.run(self.sink.saved)
        if is_complete:
            assert state.offset == len(self.content)
        return is_complete


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 4])
@pytest.mark.parametrize("says_hash", [True, False])
def test_a_file_of_every_length_is_kept_byte_for_byte(length: int, says_hash: bool) -> None:
    downloading = Downloading(content_of(length), says_hash=says_hash)
    assert downloading.invoke()
    assert downloading.sink.content == downloading.content
    assert downloading.server.asked == [None]


@pytest.mark.parametrize(
    ("status", "error"),
    [(408, DownloadInterrupted), (429, DownloadInterrupted), (499, DownloadRefused), (500, DownloadInterrupted)],
)
def test_googles_refusals_have_names(status: int, error: type[Exception]) -> None:
    assert type(google_refusal(Response(status))) is error


def test_what_a_later_answer_leaves_out_is_known_from_the_first() -> None:
    downloading = Downloading(content_of(55), [Serving(cut_after=27), Serving(corrupts=True)])
    downloading.invoke()
    downloading.server.says_hash = False
    with pytest.raises(ResultsCorrupted, match="CRC32C"):
        downloading.invoke()


def test_the_first_piece_alone_tells_whether_it_is_an_answer() -> None:
    downloading = Downloading(content_of(55), [Serving(cut_after=27)])
    seen: list[bytes] = []

    def is_answer(piece: bytes) -> bool:
        seen.append(piece)
        return piece == downloading.content[:PIECE]

    request, fetch = downloading.request, downloading.world.fetch
    download = ResultsDownload(request, google_refusal, fetch, downloading.sink, downloading.clock, 30, is_answer)
    for _ in range(2):
        download.run(downloading.sink.saved)
    assert seen == [downloading.content[:PIECE]]
    assert downloading.sink.content == downloading.content


def test_a_broken_download_goes_on_by_range_from_what_is_stored() -> None:
    downloading = Downloading(content_of(55), [Serving(cut_after=27)])
    assert not downloading.invoke()
    assert downloading.sink.saved.offset == 20
    assert downloading.invoke()
    assert downloading.server.asked == [None, "bytes=20-"]
    assert downloading.sink.content == downloading.content


def test_a_server_that_ignores_range_is_skipped_to_where_it_went_on() -> None:
    downloading = Downloading(content_of(55), [Serving(cut_after=27), Serving(ignores_range=True)])
    downloading.invoke()
    assert downloading.invoke()
    assert downloading.sink.content == downloading.content


def test_an_invocation_pauses_with_whole_pieces_before_its_time_is_up() -> None:
    downloading = Downloading(content_of(35))
    invocations = 0
    while not downloading.invoke(left=30):
        invocations += 1
    assert invocations == 3
    assert downloading.sink.content == downloading.content
    assert downloading.server.asked == [None, "bytes=10-", "bytes=20-", "bytes=30-"]


def test_no_headway_is_an_interrupted_download() -> None:
    downloading = Downloading(content_of(55), [Serving(cut_after=PIECE - 1)])
    with pytest.raises(DownloadInterrupted, match="IncompleteRead") as interrupted:
        downloading.invoke()
    assert "SECRET" not in str(interrupted.value)
    assert downloading.sink.saved == State()


def test_a_file_that_ends_early_is_never_taken_for_whole_but_gone_on_with() -> None:
    for length, cut_after in ((55, 54), (55, 50), (55, 3), (8, 7), (8, 0)):
        downloading = Downloading(content_of(length), [Serving(cut_after=cut_after)])
        with suppress(DownloadInterrupted):
            assert not downloading.invoke()
        assert downloading.sink.content is None
        assert downloading.invoke()
        assert downloading.sink.content == downloading.content


@pytest.mark.parametrize("length", [8, 55])
def test_a_file_with_another_checksum_is_fetched_anew(length: int) -> None:
    downloading = Downloading(content_of(length), [Serving(corrupts=True)])
    with pytest.raises(ResultsCorrupted, match="CRC32C"):
        downloading.invoke()
    assert downloading.sink.content is None
    assert downloading.invoke()
    assert downloading.sink.content == downloading.content


def test_a_checksum_holds_over_several_invocations() -> None:
    downloading = Downloading(content_of(55), [Serving(cut_after=27), Serving(corrupts=True)])
    downloading.invoke()
    with pytest.raises(ResultsCorrupted):
        downloading.invoke()
    assert downloading.sink.content is None


def test_a_file_that_changes_between_two_invocations_is_never_mixed() -> None:
    downloading = Downloading(content_of(55), [Serving(cut_after=27)])
    downloading.invoke()
    downloading.serve(b"x" * 55)
    with pytest.raises(ResultsCorrupted, match="changed"):
        downloading.invoke()
    assert downloading.invoke()
    assert downloading.sink.content == b"x" * 55


def test_a_finished_file_is_not_fetched_again() -> None:
    downloading = Downloading(content_of(55))
    downloading.invoke()
    assert downloading.invoke()
    assert len(downloading.server.asked) == 1


LENGTHLESS = {"x-goog-stored-content-length": None}


def test_a_chunked_answer_without_a_length_is_kept() -> None:
    for length in (0, 8, 20, 25):
        downloading = Downloading(content_of(length), [Serving(headers=LENGTHLESS)], says_hash=False)
        downloading.server.is_chunked = True
        assert downloading.invoke()
        assert downloading.sink.content == downloading.content


def test_a_chunked_answer_that_broke_off_is_gone_on_with() -> None:
    """The first answer cannot say how long the file is; the second one, a range of it, does."""
    broken = Serving(cut_after=27, headers=LENGTHLESS)
    downloading = Downloading(content_of(55), [broken], says_hash=False)
    downloading.server.is_chunked = True
    assert not downloading.invoke()
    assert downloading.invoke()
    assert downloading.sink.content == downloading.content


def test_an_answer_that_does_not_say_its_length_is_a_protocol_violation() -> None:
    @contextmanager
    def fetch(request: Request) -> Iterator[Download]:
        yield Download(200, {}, iter([b"x"]))

    download = ResultsDownload(Request("GET", ""), google_refusal, fetch, MemorySink(), ManualClock(), 30)
    with pytest.raises(ProtocolViolation, match="how long"):
        download.run(State())


def test_a_length_that_is_not_the_stored_one_is_corrupted() -> None:
    downloading = Downloading(content_of(8), [Serving(headers={"x-goog-stored-content-length": "9"})])
    with pytest.raises(ResultsCorrupted, match="stored length"):
        downloading.invoke()


@pytest.mark.parametrize("content_range", ["bytes 0-54/55", "bytes 21-54/55", "bytes */55", ""])
def test_an_answer_from_another_offset_is_a_protocol_violation(content_range: str) -> None:
    downloading = Downloading(
        content_of(55), [Serving(cut_after=27), Serving(headers={"content-range": content_range})]
    )
    downloading.invoke()
    with pytest.raises(ProtocolViolation):
        downloading.invoke()


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_googles_transient_answers_are_tried_again(status: int) -> None:
    with pytest.raises(TransientError):
        Downloading(b"x", [Serving(status=status)]).invoke()


def test_an_expired_url_means_that_the_results_are_gone() -> None:
    with pytest.raises(ResultsExpired):
        Downloading(b"x", [Serving(status=400, body=b"<Code>ExpiredToken</Code>")]).invoke()


def test_any_other_refusal_says_the_status_and_nothing_of_the_url() -> None:
    with pytest.raises(DownloadRefused, match="403") as refused:
        Downloading(b"x", [Serving(status=403, body=b"https://storage.googleapis.com/?SECRET")]).invoke()
    assert "SECRET" not in str(refused.value)


def test_the_caller_decides_what_a_refusal_means() -> None:
    seen: list[Response] = []

    def refusal(response: Response) -> DownloadInterrupted:
        seen.append(response)
        return DownloadInterrupted("as the caller says")

    downloading = Downloading(b"x", [Serving(status=418, body=b"teapot")])
    request, fetch = downloading.request, downloading.world.fetch
    download = ResultsDownload(request, refusal, fetch, MemorySink(), ManualClock(), 30)
    with pytest.raises(DownloadInterrupted, match="as the caller says"):
        download.run(State())
    assert [(answer.status, answer.body) for answer in seen] == [(418, b"teapot")]
    assert "SECRET" not in repr(download)


SERVINGS = st.builds(
    Serving,
    cut_after=st.none() | st.integers(0, 90),
    ends_after=st.none() | st.integers(0, 90),
    ignores_range=st.booleans(),
    corrupts=st.booleans(),
    status=st.sampled_from([None, None, None, 503]),
)


@given(length=st.integers(1, 90), script=st.lists(SERVINGS, max_size=8), lefts=st.lists(st.sampled_from([30.0, 900.0])))
def test_whatever_the_server_does_what_is_kept_is_the_file(
    length: int, script: list[Serving], lefts: list[float]
) -> None:
    downloading = Downloading(content_of(length), script)
    for attempt in range(60):
        try:
            if downloading.invoke(lefts[attempt] if attempt < len(lefts) else 900.0):
                break
        except (DownloadInterrupted, ResultsCorrupted):
            assert downloading.sink.content is None
    assert downloading.sink.content == downloading.content
