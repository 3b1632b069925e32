"""The resumable upload, against a server that is strict and unreliable."""

from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compliance.errors import RequestRefused, SessionLost, UploadCorrupted, UploadInterrupted
from compliance.gcs_resumable import open_request
from compliance.upload import MAX_FAILURES, Outcome, ResumableUpload
from compliance.wire import Readable, Request, Response, WireError
from tests.fakes.clock import ManualClock
from tests.fakes.gcs import UNIT, WELL, Act
from tests.fakes.source import MemorySource
from tests.fakes.world import World

RESERVE = 20.0


def content_of(length: int) -> bytes:
    """Bytes of which no two units are alike."""
    return b"".join(b"%016d" % number for number in range(length // 16 + 1))[:length]


@dataclass
class Uploading:
    """One part on its way over as many invocations as a test asks for."""

    content: bytes
    max_chunk: int = 2 * UNIT
    clock: ManualClock = field(default_factory=ManualClock)
    behind: bytes = b""
    reports: list[int] = field(default_factory=list)
    is_last_sent: bool = False

    def __post_init__(self) -> None:
        self.world = World(self.clock)
        self.gcs = self.world.gcs
        self.memory = MemorySource(self.content, self.behind)
        job = self.world.x.add("tweets", "a-name", is_resumable=True)
        self.world.send(open_request(self.world.x.upload_url(job)))
        (self.uri,) = self.gcs.sessions

    def invoke(self, seconds: float = 900.0) -> Outcome:
        self.clock.left = seconds
        return ResumableUpload(
            self.uri,
            self.memory.source(),
            self.world.send,
            self.clock,
            self.max_chunk,
            RESERVE,
            self.reports.append,
            is_last_sent=self.is_last_sent,
            before_last=self.note_last,
        ).run()

    def note_last(self) -> None:
        self.is_last_sent = True

    @property
    def arrived(self) -> bytes | None:
        job = self.world.x.job()
        return self.world.uploaded(job) if job.known.completed_uploads else None


def test_a_part_arrives_chunk_by_chunk() -> None:
    uploading = Uploading(content_of(5 * UNIT + 7))
    assert uploading.invoke() == Outcome(True, 5 * UNIT + 7)
    assert uploading.arrived == uploading.content
    assert uploading.gcs.chunks == [(0, 2 * UNIT), (2 * UNIT, 4 * UNIT), (4 * UNIT, 5 * UNIT + 7)]


@pytest.mark.parametrize("length", [1, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT, 4 * UNIT])
def test_every_length_arrives(length: int) -> None:
    uploading = Uploading(content_of(length))
    assert uploading.invoke().complete
    assert uploading.arrived == uploading.content


def test_bytes_behind_the_asked_range_are_not_sent() -> None:
    uploading = Uploading(content_of(3 * UNIT), behind=b"another part's bytes")
    assert uploading.invoke().complete
    assert uploading.arrived == uploading.content


def test_an_upload_asks_before_it_sends() -> None:
    uploading = Uploading(content_of(UNIT))
    asked_before: list[int] = []

    def send(request: Request, body: bytes | Readable | None) -> Response:
        if body is not None:
            asked_before.append(uploading.gcs.questions)
        return uploading.world.send(request, body)

    ResumableUpload(uploading.uri, uploading.memory.source(), send, uploading.clock, UNIT, RESERVE).run()
    assert asked_before == [1]


def test_an_upload_resumes_from_what_the_server_kept() -> None:
    uploading = Uploading(content_of(6 * UNIT))
    uploading.gcs.play([WELL, Act(units=1)])
    assert uploading.invoke().complete
    assert uploading.gcs.chunks == [(0, 2 * UNIT), (UNIT, 3 * UNIT), (3 * UNIT, 5 * UNIT), (5 * UNIT, 6 * UNIT)]
    assert uploading.arrived == uploading.content


def test_the_source_is_read_again_from_where_the_server_stands() -> None:
    uploading = Uploading(content_of(3 * UNIT))
    uploading.gcs.play([WELL, Act(units=1, ending="reset")])
    assert uploading.invoke().complete
    assert [start for start, _ in uploading.memory.opened] == [0, UNIT]


def test_a_308_without_range_is_followed_by_a_question() -> None:
    uploading = Uploading(content_of(4 * UNIT))
    uploading.gcs.play([WELL, Act(units=1, ending="no_range")])
    assert uploading.invoke().complete
    assert uploading.gcs.chunks[1] == (UNIT, 3 * UNIT)
    assert uploading.arrived == uploading.content


def test_a_new_process_goes_on_where_the_last_one_stood() -> None:
    uploading = Uploading(content_of(8 * UNIT), max_chunk=UNIT)
    uploading.gcs.rate = UNIT / 10
    outcomes: list[Outcome] = []
    while not outcomes or not outcomes[-1].complete:
        outcomes.append(uploading.invoke(seconds=60.0))
    assert len(outcomes) > 1
    assert [outcome.uploaded for outcome in outcomes] == sorted({outcome.uploaded for outcome in outcomes})
    assert uploading.arrived == uploading.content


def test_an_invocation_stops_in_the_middle_of_a_chunk_before_its_time_is_up() -> None:
    uploading = Uploading(content_of(40 * UNIT), max_chunk=40 * UNIT)
    uploading.gcs.rate = UNIT
    outcome = uploading.invoke(seconds=RESERVE + 10)
    assert not outcome.complete
    assert outcome.uploaded == uploading.gcs.sessions[uploading.uri].persisted > 0
    assert uploading.clock.left > RESERVE - 2


def test_no_chunk_is_begun_that_could_not_end_in_time() -> None:
    uploading = Uploading(content_of(100 * UNIT), max_chunk=100 * UNIT)
    uploading.gcs.rate = 10e6
    uploading.invoke(seconds=RESERVE + 1)
    assert uploading.gcs.chunks[0][1] <= 10e6


def test_a_lost_final_answer_is_found_by_asking() -> None:
    uploading = Uploading(content_of(2 * UNIT + 1))
    uploading.gcs.play([WELL, WELL, Act(ending="reset")])
    assert uploading.invoke() == Outcome(True, 2 * UNIT + 1)
    assert uploading.arrived == uploading.content


def test_an_upload_that_was_finished_by_an_earlier_process_is_done_at_once() -> None:
    uploading = Uploading(content_of(UNIT))
    uploading.invoke()
    assert uploading.invoke() == Outcome(True, UNIT)
    assert len(uploading.gcs.chunks) == 1


def test_an_object_that_is_whole_but_not_yet_stored_is_waited_for() -> None:
    uploading = Uploading(content_of(UNIT))
    uploading.gcs.play([WELL, Act(ending="late")])
    assert uploading.invoke().complete
    assert len(uploading.gcs.chunks) == 1


def test_a_stored_object_with_another_checksum_is_corrupted() -> None:
    uploading = Uploading(content_of(UNIT))
    uploading.gcs.corrupts = True
    with pytest.raises(UploadCorrupted):
        uploading.invoke()


def test_a_checksum_that_differs_at_a_later_question_is_corrupted() -> None:
    uploading = Uploading(content_of(UNIT))
    uploading.invoke()
    uploading.gcs.says_other_hash = True
    with pytest.raises(UploadCorrupted):
        uploading.invoke()


def test_a_success_in_the_middle_of_the_part_is_not_taken_for_the_end() -> None:
    """Nothing vouches for an object that a server calls stored while bytes are still to be sent."""
    uploading = Uploading(content_of(4 * UNIT))

    def send(request: Request, body: bytes | Readable | None) -> Response:
        answer = uploading.world.send(request, body)
        return Response(200) if answer.status == 308 and body is not None else answer

    upload = ResumableUpload(uploading.uri, uploading.memory.source(), send, uploading.clock, UNIT, RESERVE)
    assert upload.run().verified
    assert uploading.arrived == uploading.content


@pytest.mark.parametrize("ending", ["reset", "status"])
def test_no_headway_at_all_is_an_interrupted_upload(ending: str) -> None:
    uploading = Uploading(content_of(UNIT))
    uploading.gcs.play([Act(units=0, ending=ending)] * 100)  # type: ignore[arg-type]
    with pytest.raises(UploadInterrupted, match="no headway"):
        uploading.invoke()
    assert uploading.gcs.questions == MAX_FAILURES + 1


def test_a_server_that_keeps_nothing_is_not_fed_for_ever() -> None:
    uploading = Uploading(content_of(3 * UNIT))
    uploading.gcs.play([WELL] + [Act(units=0)] * 100)
    with pytest.raises(UploadInterrupted):
        uploading.invoke()
    assert len(uploading.gcs.chunks) <= MAX_FAILURES + 1


def test_a_server_that_keeps_nothing_more_is_not_fed_for_ever() -> None:
    uploading = Uploading(content_of(5 * UNIT))
    uploading.gcs.play([WELL, WELL] + [Act(units=0)] * 100)
    assert uploading.invoke() == Outcome(False, 2 * UNIT)
    assert len(uploading.gcs.chunks) == 1 + MAX_FAILURES + 1


def test_failures_are_waited_out_longer_each_time() -> None:
    uploading = Uploading(content_of(UNIT))
    uploading.gcs.play([Act(units=0, ending="status")] * 100)
    with pytest.raises(UploadInterrupted):
        uploading.invoke()
    assert uploading.clock.slept == [2, 4, 8, 16, 30, 30]


def test_failures_are_not_waited_out_beyond_the_invocation() -> None:
    uploading = Uploading(content_of(UNIT))
    uploading.gcs.play([Act(units=0, ending="status")] * 100)
    with pytest.raises(UploadInterrupted):
        uploading.invoke(seconds=RESERVE + 2.5)
    assert uploading.clock.slept == [2, 0.5]
    assert uploading.clock.left == RESERVE


@pytest.mark.parametrize(("rate", "seconds", "chunks"), [(1, 20, [8, 8, 4]), (16, 1.2, [8, 8, 3])])
def test_the_last_chunk_is_as_long_as_the_link_can_carry_in_time(rate: int, seconds: float, chunks: list[int]) -> None:
    uploading = Uploading(content_of(100 * UNIT), max_chunk=8 * UNIT)
    uploading.gcs.rate = rate * UNIT
    assert not uploading.invoke(seconds=RESERVE + seconds + 0.01).complete
    assert [(end - start) / UNIT for start, end in uploading.gcs.chunks] == chunks


def test_headway_gives_the_upload_new_patience() -> None:
    uploading = Uploading(content_of(4 * UNIT), max_chunk=UNIT)
    trouble = [Act(units=0, ending="status")] * (MAX_FAILURES - 1)
    chunk = Act(units=1)
    uploading.gcs.play([WELL, *trouble, WELL, chunk, chunk, *trouble, WELL, chunk, *trouble])
    assert uploading.invoke().complete
    assert uploading.arrived == uploading.content


def test_headway_before_the_trouble_is_an_outcome_and_no_error() -> None:
    uploading = Uploading(content_of(4 * UNIT), max_chunk=UNIT)
    uploading.gcs.play([WELL, WELL] + [Act(units=0, ending="status")] * 100)
    assert uploading.invoke() == Outcome(False, UNIT)


def test_a_lost_session_is_told_as_such() -> None:
    uploading = Uploading(content_of(UNIT))
    uploading.gcs.forget()
    with pytest.raises(SessionLost):
        uploading.invoke()


def test_a_refusal_is_not_repeated() -> None:
    uploading = Uploading(content_of(UNIT))
    uploading.gcs.play([Act(ending="status", status=403), WELL])
    with pytest.raises(RequestRefused):
        uploading.invoke()
    assert uploading.gcs.questions == 1


def test_a_source_that_ends_early_sends_no_short_chunk_as_whole() -> None:
    uploading = Uploading(content_of(UNIT))
    uploading.memory.shortage = 10
    with pytest.raises(UploadInterrupted, match="the source ended 10 bytes early"):
        uploading.invoke()
    assert uploading.arrived is None


def test_headway_is_reported_as_the_server_tells_it() -> None:
    uploading = Uploading(content_of(4 * UNIT))
    uploading.gcs.play([WELL, Act(units=1)])
    uploading.invoke()
    assert uploading.reports == [0, UNIT, 3 * UNIT, 4 * UNIT]


def test_an_upload_shows_no_session_uri() -> None:
    uploading = Uploading(content_of(UNIT))
    upload = ResumableUpload(uploading.uri, uploading.memory.source(), uploading.world.send, uploading.clock, UNIT, 1)
    assert "SECRET" not in repr(upload)

    def send(request: Request, body: bytes | Readable | None) -> Response:
        raise WireError("NewConnectionError")

    upload.send = send
    with pytest.raises(UploadInterrupted) as interrupted:
        upload.run()
    assert "SECRET" not in str(interrupted.value)


ACTS = st.builds(
    Act,
    units=st.none() | st.integers(0, 3),
    ending=st.sampled_from(["answer", "no_range", "reset", "status", "late"]),
    status=st.sampled_from([408, 429, 500, 503]),
)


@given(
    length=st.integers(1, 7 * UNIT),
    max_chunk=st.integers(1, 4).map(lambda units: units * UNIT),
    acts=st.lists(ACTS, max_size=30),
    rate=st.sampled_from([UNIT / 20, UNIT, 75e6]),
    seconds=st.sampled_from([45.0, 100.0, 900.0]),
)
@example(length=3 * UNIT, max_chunk=UNIT, acts=[WELL, Act(units=0, ending="no_range")], rate=75e6, seconds=900.0)
@example(length=2 * UNIT, max_chunk=4 * UNIT, acts=[WELL, Act(ending="late")], rate=75e6, seconds=900.0)
def test_whatever_the_server_does_the_bytes_arrive_once_and_in_order(
    length: int, max_chunk: int, acts: list[Act], rate: float, seconds: float
) -> None:
    """The server itself raises when a chunk is misplaced, misshapen, or no multiple of 256 KiB before the last."""
    uploading = Uploading(content_of(length), max_chunk)
    uploading.gcs.rate = rate
    uploading.gcs.play(acts)
    reached = 0
    for _ in range(100):
        try:
            outcome = uploading.invoke(seconds)
        except UploadInterrupted:
            continue
        assert outcome.uploaded >= reached
        reached = outcome.uploaded
        if outcome.complete:
            break
    assert uploading.arrived == uploading.content
    assert reached == length
    assert all((end - start) % UNIT == 0 for start, end in uploading.gcs.chunks if end != length)
