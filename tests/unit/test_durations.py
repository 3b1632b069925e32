"""What earlier jobs tell of the next one, and how that is kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import log
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from adapters import durations
from adapters.aws import dynamodb
from compliance.durations import KEPT, WIDEST_SPREAD, Forecast, Observation, forecast, size_class
from compliance.runs import Part
from tests.unit.conftest import Functions

IDS = b"1\n2\n3\n"


def seen(seconds: float) -> Observation:
    """A job of that duration, which polls have pinned down to a tenth."""
    return Observation(round(seconds * 0.95), round(seconds * 1.05))


def told(*durations: float) -> Forecast:
    found = forecast({5: [seen(each) for each in durations]}, 5)
    assert found is not None
    return found


def test_jobs_of_one_class_differ_by_less_than_a_factor_of_two() -> None:
    assert [size_class(ids) for ids in (1, 2, 3, 4, 7, 8, 6_500_000)] == [1, 2, 2, 3, 3, 4, 23]


def test_nothing_is_told_by_nothing() -> None:
    assert forecast({}, 5) is None
    assert forecast({5: []}, 5) is None


def test_a_job_is_expected_to_take_what_those_of_its_class_took() -> None:
    assert told(600, 600, 600).median == pytest.approx(600, rel=0.01)
    assert told(500, 600, 720).median == pytest.approx(600, rel=0.05)


def test_the_more_alike_the_jobs_and_the_more_of_them_the_surer_is_the_forecast() -> None:
    assert told(600).spread > told(600, 600).spread > told(*[600] * 10).spread
    assert told(*[300, 1200] * 5).spread > 2 * told(*[550, 650] * 5).spread


def test_newer_jobs_count_for_more_than_older_ones() -> None:
    assert told(600, 600, 600, 900, 900, 900).median > told(900, 900, 900, 600, 600, 600).median


def test_a_job_that_got_stuck_does_not_put_off_all_that_follow() -> None:
    assert told(*[600] * 6, 40_000).median < 900


def test_a_class_without_jobs_lies_between_its_neighbours_and_is_less_sure() -> None:
    known = {4: [seen(100)] * 8, 8: [seen(1600)] * 8}
    own, between = forecast(known, 4), forecast(known, 6)
    assert own is not None
    assert between is not None
    assert between.median == pytest.approx(400, rel=0.02)
    assert between.spread > own.spread
    nearer = forecast(known, 7)
    assert nearer is not None
    assert 400 < nearer.median < 1600
    assert nearer.spread < between.spread


def test_a_class_beyond_all_that_are_known_is_told_by_the_nearest() -> None:
    beyond = forecast({4: [seen(100)] * 8, 6: [seen(400)] * 8}, 20)
    assert beyond is not None
    assert beyond.median == pytest.approx(400, rel=0.02)
    assert beyond.spread > WIDEST_SPREAD


def test_what_spread_the_other_classes_have_is_expected_of_one_that_has_few_jobs() -> None:
    alike = {each: [seen(600)] * 8 for each in range(4)}
    unlike = {each: [seen(200), seen(1800)] * 4 for each in range(4)}
    calm, wild = (forecast(others | {9: [seen(600)]}, 9) for others in (alike, unlike))
    assert calm is not None
    assert wild is not None
    assert wild.spread > 2 * calm.spread


def test_a_job_that_was_complete_at_its_first_poll_took_less_than_that() -> None:
    told = forecast({1: [Observation(0, 30)]}, 1)
    assert told is not None
    assert told.median == pytest.approx(15)
    assert Observation(20, 30).log_duration == pytest.approx((log(20) + log(30)) / 2)


observations = st.builds(
    lambda earliest, more: Observation(earliest, earliest + more), st.integers(0, 10**6), st.integers(1, 10**6)
)


@given(
    history=st.dictionaries(st.integers(1, 30), st.lists(observations, max_size=KEPT), max_size=8),
    size=st.integers(1, 30),
)
def test_a_forecast_is_a_time_within_what_was_seen(history: dict[int, list[Observation]], size: int) -> None:
    found = forecast(history, size)
    logs = [each.log_duration for known in history.values() for each in known]
    if not logs:
        assert found is None
        return
    assert found is not None
    assert min(logs) - 1e-6 <= log(found.median) <= max(logs) + 1e-6
    assert 0 < found.spread < 20


# How it is kept.


def a_part(name: str = "tweets-0123456789abcdef-p1-a1", ids: int = 3) -> Part:
    return {"type": "tweets", "accepted": ids, "job_name": name}  # type: ignore[typeddict-item]


def items() -> list[dict[str, Any]]:
    return [item for item in dynamodb().Table("runs").scan()["Items"] if str(item["pk"]).startswith("DURATIONS#")]


def test_what_is_remembered_of_a_type_is_told_of_it_and_of_no_other(environment: None) -> None:
    assert durations.forecast_of(a_part()) is None
    durations.remember(a_part(), Observation(95, 105))
    told = durations.forecast_of(a_part("another", ids=2))
    assert told is not None
    assert told.median == pytest.approx(100, rel=0.01)
    assert durations.forecast_of({**a_part(), "type": "users"}) is None


def test_a_job_counts_once_however_often_it_is_remembered(environment: None) -> None:
    durations.remember(a_part(), Observation(95, 105))
    durations.remember(a_part(), Observation(105, 900))
    (item,) = items()
    assert [(job["earliest"], job["latest"]) for job in item["jobs"]] == [(95, 105)]


def test_only_the_last_jobs_of_a_class_are_kept(environment: None) -> None:
    for number in range(KEPT + 5):
        durations.remember(a_part(f"job-{number}"), Observation(number, number + 1))
    (item,) = items()
    assert [job["job_name"] for job in item["jobs"]] == [f"job-{number}" for number in range(5, KEPT + 5)]


def test_two_jobs_that_are_remembered_at_once_are_both_kept(environment: None) -> None:
    """Between one's reading and writing, another writes: first the item itself, then a newer one."""
    others = ["second", "third"]

    def intrude(**_: Any) -> None:
        if others:
            durations.remember(a_part(others.pop()), Observation(1, 2))

    with before_each_write(intrude):
        durations.remember(a_part("first"), Observation(1, 2))
    (item,) = items()
    assert [job["job_name"] for job in item["jobs"]] == ["second", "third", "first"]


def test_any_other_refusal_of_the_table_is_an_error(environment: None) -> None:
    def refuse(**_: Any) -> tuple[object, dict[str, Any]]:
        return SimpleNamespace(status_code=403), {"Error": {"Code": "AccessDeniedException", "Message": ""}}

    with before_each_write(refuse), pytest.raises(ClientError):
        durations.remember(a_part(), Observation(1, 2))


@contextmanager
def before_each_write(act: Callable[..., Any]) -> Iterator[None]:
    events = dynamodb().meta.client.meta.events
    events.register_first("before-call.dynamodb.PutItem", act)
    yield
    events.unregister("before-call.dynamodb.PutItem", act)


def test_no_id_of_x_is_kept(functions: Functions) -> None:
    ref = functions.uploaded(b"1800000000000000001\n")
    functions.world.x.job().status = "complete"
    functions.clock.advance(20)
    functions.invoke("get_job", ref)
    (item,) = items()
    assert "1800000000000000001" not in str(item)
    assert functions.part(ref)["job_id"] not in str(item)
