"""What stands between protocol code and sockets."""

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compliance.wire import Download, ExactReader, OutOfTime, Request, Response, WireError, skip


@given(content=st.binary(max_size=100), length=st.integers(0, 100), sizes=st.lists(st.integers(1, 40), min_size=1))
def test_a_reader_hands_out_exactly_its_length_or_raises(content: bytes, length: int, sizes: list[int]) -> None:
    reader = ExactReader(io.BytesIO(content), length, lambda: False)
    received = b""
    try:
        for at in range(200):
            block = reader.read(sizes[at % len(sizes)])
            assert len(block) <= sizes[at % len(sizes)]
            received += block
            if not block:
                break
    except WireError:
        assert length > len(content)
        assert received == content
    else:
        assert received == content[:length]
        assert len(received) == length


def test_a_reader_asked_for_everything_hands_out_its_length() -> None:
    assert ExactReader(io.BytesIO(b"12345"), 3, lambda: False).read() == b"123"


def test_a_reader_stops_when_the_time_is_up_and_not_once_all_is_read() -> None:
    is_late = False
    reader = ExactReader(io.BytesIO(b"12345"), 5, lambda: is_late)
    assert reader.read(4) == b"1234"
    is_late = True
    with pytest.raises(OutOfTime):
        reader.read(1)
    is_late = False
    assert reader.read(1) == b"5"
    is_late = True
    assert reader.read(1) == b""


@given(blocks=st.lists(st.binary(max_size=5)), count=st.integers(0, 20))
@example(blocks=[b"12", b"34"], count=1)
def test_a_stream_without_its_first_bytes_has_all_others(blocks: list[bytes], count: int) -> None:
    assert b"".join(skip(iter(blocks), count)) == b"".join(blocks)[count:]


def test_nothing_that_may_hold_a_credential_is_shown() -> None:
    shown = [
        Request("PUT", "https://h/?SECRET", {"authorization": "SECRET"}),
        Response(200, {"location": "SECRET"}, b"SECRET"),
        Download(200, {"location": "SECRET"}, iter([b"SECRET"])),
    ]
    assert "SECRET" not in repr(shown)
    assert "PUT" in repr(shown)
