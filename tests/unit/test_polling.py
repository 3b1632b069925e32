"""Every poll costs money, and an answer must not be waited for for ever."""

from hypothesis import given
from hypothesis import strategies as st

from compliance.polling import PollSchedule

SCHEDULE = PollSchedule(first=30, longest=300, backoff=1.5)


def test_each_wait_is_longer_than_the_one_before_up_to_the_longest() -> None:
    assert [SCHEDULE.wait(polls) for polls in range(8)] == [30, 45, 68, 101, 152, 228, 300, 300]


@given(first=st.floats(0.01, 3600), more=st.floats(0, 3600), backoff=st.floats(1, 10), polls=st.integers(0, 10**6))
def test_a_wait_is_at_least_a_second_and_never_longer_than_the_longest(
    first: float, more: float, backoff: float, polls: int
) -> None:
    schedule = PollSchedule(first, first + more, backoff)
    assert 1 <= schedule.wait(polls) <= max(1, round(first + more))
    assert schedule.wait(polls) <= schedule.wait(polls + 1)


def test_a_rate_limit_is_waited_out_until_just_after_its_reset() -> None:
    assert SCHEDULE.wait_until(reset_at=1000.0, now=400.0) == 601
    assert SCHEDULE.wait_until(reset_at=400.0, now=1000.0) == 1


def test_a_reset_that_is_absurdly_far_off_is_not_waited_for() -> None:
    """X's window is 15 minutes; milliseconds taken for seconds would be a wait of 50,000 years."""
    assert SCHEDULE.wait_until(reset_at=1_795_434_000_000.0, now=1_795_434_000.0) <= 3600
