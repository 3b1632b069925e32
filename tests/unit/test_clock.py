"""Times as text and back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.clock import parse_time, time_text


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T12:41:20.123Z",
        "2026-11-23T12:41:20.123+00:00",
        "2026-11-23T04:41:20.123-08:00",
        "2026-11-23T12:41:20.123",
    ],
)
def test_every_documented_form_is_one_moment(text: str) -> None:
    assert parse_time(text) == datetime(2026, 11, 23, 12, 41, 20, 123_000, UTC)


@pytest.mark.parametrize("text", ["", "now", "2026-02-30T00:00:00Z", "1795434000", "0001-01-01T00:00:00+08:00"])
def test_what_is_no_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_time(text)


@given(st.integers(0, 4_000_000_000_000), st.integers(0, 4_000_000_000_000))
def test_texts_sort_like_the_moments_they_stand_for(one: int, other: int) -> None:
    assert (time_text(one / 1000) < time_text(other / 1000)) == (one < other)
    assert abs(parse_time(time_text(one / 1000)).timestamp() - one / 1000) < 0.002


def test_a_text_is_utc_with_milliseconds() -> None:
    assert time_text(1_795_435_200.0) == "2026-11-23T12:00:00.000Z"
