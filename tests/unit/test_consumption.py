"""Consumption adds up in any order, nothing of it is negative, and everything that is charged has a price."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.consumption import Consumption, invocation
from compliance.prices import AWS, X, estimate

NAMES = [each.name for each in fields(Consumption)]
FREE = {"dynamodb_requests"}  # by units
amounts = st.integers(0, 10**12)
consumptions = st.builds(Consumption, **dict.fromkeys(NAMES, amounts))


@given(consumptions, consumptions, consumptions)
def test_it_adds_up_in_any_order(one: Consumption, two: Consumption, three: Consumption) -> None:
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert one + Consumption() == one


@given(consumptions)
def test_what_is_written_down_is_read_again(consumption: Consumption) -> None:
    assert Consumption.of(consumption.said()) == consumption


@given(consumptions, consumptions)
def test_costs_add_up_as_what_is_consumed_does(one: Consumption, two: Consumption) -> None:
    both = estimate(one + two)
    assert both.aws == pytest.approx(estimate(one).aws + estimate(two).aws)
    assert both.x == pytest.approx(estimate(one).x + estimate(two).x)
    assert min(both) >= 0


def test_everything_has_a_price_at_aws_or_at_x_and_says_where_it_is_from() -> None:
    assert AWS.keys() | X.keys() | FREE == set(NAMES)
    assert not AWS.keys() & X.keys()
    for price in (AWS | X).values():
        assert price.usd > 0
        assert price.source.startswith(("https://aws.amazon.com/", "observed"))


def test_a_million_of_each_costs_what_it_says() -> None:
    million = 1_000_000
    assert estimate(Consumption(dynamodb_write_units=million)) == pytest.approx((0.625, 0))
    assert estimate(Consumption(transitions=million)) == pytest.approx((25, 0))
    assert estimate(Consumption(lambda_gb_seconds=million)) == pytest.approx((13.3334, 0))
    assert estimate(Consumption(s3_puts=million, s3_gets=million)) == pytest.approx((5.4, 0))
    assert estimate(Consumption(x_creates=2, x_gets=3)) == pytest.approx((0, 0.035))


@given(st.floats(-1, 900), st.integers(128, 10_240), st.sampled_from(["get_job", "index_range"]))
def test_no_invocation_consumes_less_than_nothing(seconds: float, memory: int, function: str) -> None:
    results: tuple[dict[str, object] | None, ...] = (None, {})
    for result in results:
        own = invocation(function, result, seconds, memory)
        assert min(own.said().values()) > 0
        assert own.lambda_requests == 1


def test_time_is_charged_by_the_millisecond_that_was_begun_and_that_of_an_express_child_by_the_tenth_of_a_second() -> (
    None
):
    own = invocation("index_range", {}, 0.2001, 1024)
    assert own.lambda_gb_seconds == pytest.approx(0.201)
    assert own.express_gb_seconds == pytest.approx(0.3 * 64 / 1024)
    assert invocation("get_job", {}, 0.2, 2048).lambda_gb_seconds == pytest.approx(0.4)
