"""Every poll costs money, and an answer must not be waited for for ever."""

from itertools import pairwise
from math import log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.durations import Forecast
from compliance.polling import CONFLICT_WAITS, Backoff, PollSchedule, wait_for_limit
from tests.fakes.fleet import (
    DEADLINE,
    LONGEST,
    SCHEDULE,
    SHORTEST,
    Polled,
    fleet,
    poll_blindly,
    poll_by_history,
    without_structure,
)


def times(schedule: PollSchedule, forecast: Forecast | None, deadline: float = DEADLINE) -> list[int]:
    """When a job is polled that never ends, in seconds after its upload."""
    found = [0]
    while found[-1] <= deadline:
        found.append(found[-1] + schedule.wait(found[-1], deadline - found[-1], forecast))
    return found[1:]


def gaps(polls: list[int]) -> list[float]:
    """By how much longer each poll lets a job wait, at most, as a share of its duration."""
    return [later / earlier - 1 for earlier, later in pairwise(polls)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_jobs_from_30_seconds_to_2_hours_take_6_polls_and_a_tenth_of_waiting_at_most(seed: int) -> None:
    jobs = fleet(Random(seed), 400, spread=0.4)
    assert min(job.seconds for job in jobs) < 1.2 * SHORTEST
    assert max(job.seconds for job in jobs) > 0.9 * LONGEST
    polled = poll_by_history(jobs)
    assert polled.polls_per_job <= 6
    assert polled.added_per_job <= 0.10
    assert polled.added_in_all <= 0.10


def test_the_clearer_the_history_the_fewer_the_polls_and_the_less_the_waiting() -> None:
    by_spread = [poll_by_history(fleet(Random(4), 300, spread)).last(150) for spread in (0.1, 0.3, 0.6)]
    for figure in ("polls_per_job", "added_per_job"):
        figures = [getattr(polled, figure) for polled in by_spread]
        assert figures == sorted(figures)


def _price(polled: Polled) -> float:
    return SCHEDULE.worth * polled.polls_per_job + polled.added_per_job


def test_a_history_is_worth_having_even_when_x_is_slow_on_some_days() -> None:
    jobs = fleet(Random(5), 300, spread=0.3, slow_days=0.1)
    assert _price(poll_by_history(jobs)) < 0.7 * _price(poll_by_history(jobs, forgets=True))
    assert _price(poll_by_history(jobs)) < 0.7 * _price(poll_blindly(jobs, lambda _: 60))


def test_durations_that_follow_no_rule_cost_more_but_not_without_bounds() -> None:
    polled = poll_by_history(without_structure(Random(6), 300)).last(150)
    assert polled.polls_per_job <= 12
    assert polled.added_per_job <= 0.50


def test_nothing_is_known_of_the_first_job_so_its_waits_grow_from_the_first_poll_on() -> None:
    polls = times(SCHEDULE, None)
    assert polls[0] == 30
    two_hours = [poll for poll in polls if poll < 7200]
    assert len(two_hours) <= 14
    assert max(gaps(two_hours)) < 0.8


def test_a_job_is_left_alone_until_it_may_be_done_and_polled_most_where_it_is_likely_done() -> None:
    polls = times(SCHEDULE, Forecast(median=1000, spread=0.3))
    assert 400 < polls[0] < 800
    steps = dict(zip(polls, gaps(polls), strict=False))
    around = [gap for poll, gap in steps.items() if 700 < poll < 1500]
    assert max(around) < 0.2
    assert min(gap for poll, gap in steps.items() if 4000 < poll < 9000) > 2 * max(around)


def test_a_poll_that_is_worth_more_is_made_less_often() -> None:
    forecast = Forecast(1000, 0.4)
    counts = [
        len(times(PollSchedule(first=30, shortest=5, longest=3600, worth=worth), forecast, 3000))
        for worth in (0.005, 0.016, 0.05)
    ]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == 3


schedules = st.builds(
    lambda shortest, to_first, to_longest, worth: PollSchedule(
        shortest + to_first, shortest, shortest + to_first + to_longest, worth
    ),
    st.floats(1, 3600),
    st.floats(0, 3600),
    st.floats(0, 86_400),
    st.floats(0.0001, 1),
)
forecasts = st.none() | st.builds(Forecast, st.floats(1, 10**7), st.floats(0.01, 3))


@given(schedule=schedules, forecast=forecasts, elapsed=st.floats(0, 10**7), left=st.floats(-(10**6), 10**6))
def test_a_wait_is_whole_seconds_within_its_bounds_and_never_beyond_the_deadline(
    schedule: PollSchedule, forecast: Forecast | None, elapsed: float, left: float
) -> None:
    wait = schedule.wait(elapsed, left, forecast)
    assert isinstance(wait, int)
    assert 1 <= wait <= max(1, round(schedule.longest))
    assert wait <= max(0, left) + 1
    assert wait >= min(round(schedule.shortest), int(max(0, left)) + 1)


@given(forecast=forecasts, deadline=st.floats(36, 7 * 86_400))
def test_polls_come_to_an_end_with_the_deadline(forecast: Forecast | None, deadline: float) -> None:
    polls = times(SCHEDULE, forecast, deadline)
    assert deadline < polls[-1] <= deadline + 1
    assert polls == sorted(set(polls))
    assert len(polls) <= 60 + deadline / SCHEDULE.longest


@given(median=st.floats(1, 10**6), spread=st.floats(0.05, 2), elapsed=st.floats(0, 10**5))
def test_a_poll_that_comes_later_leads_to_a_next_one_that_is_not_sooner(
    median: float, spread: float, elapsed: float
) -> None:
    forecast = Forecast(median, spread)
    now = elapsed + SCHEDULE.wait(elapsed, DEADLINE, forecast)
    later = elapsed + 10
    assert later + SCHEDULE.wait(later, DEADLINE - 10, forecast) >= now - 1 - 0.02 * now


def test_a_rate_limit_is_waited_out_until_just_after_its_reset() -> None:
    assert wait_for_limit(reset_at=1000.0, now=400.0, tries=0) == 601


@pytest.mark.parametrize("reset_at", [0.0, 400.0, 1000.0, 1001.0])
def test_a_reset_that_has_passed_or_is_near_is_waited_for_ever_longer(reset_at: float) -> None:
    waits = [wait_for_limit(reset_at, now=1000.0, tries=tries) for tries in range(9)]
    assert waits == [60, 90, 135, 202, 304, 456, 683, 900, 900]


def test_a_reset_that_is_absurdly_far_off_is_not_waited_for() -> None:
    """X's window is 15 minutes; milliseconds taken for seconds would be a wait of 50,000 years."""
    assert wait_for_limit(reset_at=1_795_434_000_000.0, now=1_795_434_000.0, tries=0) <= 3600


def test_somebody_elses_job_is_left_alone_for_longer_each_time_up_to_the_longest() -> None:
    assert [CONFLICT_WAITS.wait(tries) for tries in range(10)] == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


@given(first=st.floats(0.01, 3600), more=st.floats(0, 3600), factor=st.floats(1, 10), tries=st.integers(0, 10**6))
def test_a_growing_wait_is_at_least_a_second_and_never_longer_than_the_longest(
    first: float, more: float, factor: float, tries: int
) -> None:
    backoff = Backoff(first, first + more, factor)
    assert 1 <= backoff.wait(tries) <= max(1, round(first + more))
    assert backoff.wait(tries) <= backoff.wait(tries + 1)


def test_a_fleet_is_what_it_is_called() -> None:
    jobs = fleet(Random(7), 2000, spread=0.4)
    logs = [log(job.seconds) for job in jobs]
    assert max(logs) - min(logs) > log(200)
    assert len({job.ids.bit_length() for job in jobs}) > 20
