"""IDs that cannot be what the folder says are worth a word, and no more."""

from datetime import UTC, datetime

import pytest

from compliance.plausibility import FIRST_LARGE, FIRST_LARGE_USER, SNOWFLAKE_EPOCH_MS, latest_id, warnings
from compliance.runs import Oddities
from tests.unit.preparing import prepared

NOW = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
NONE = Oddities(headers=0, small_ids=0, no_user_ids=0, future_ids=0)


def snowflake(*date: int) -> int:
    return (int(datetime(*date, tzinfo=UTC).timestamp() * 1000) - SNOWFLAKE_EPOCH_MS) << 22  # type: ignore[misc, arg-type]


def oddities_of(*ids: int) -> Oddities:
    return prepared([b"%d\n" % number for number in ids], latest=latest_id(NOW)).oddities


def test_a_snowflake_tells_the_time_of_a_known_post() -> None:
    """X documents that its post 1460323737035677698 is from 2021-11-15."""
    assert snowflake(2021, 11, 15) < 1460323737035677698 < snowflake(2021, 11, 16)


@pytest.mark.parametrize(
    ("number", "band"),
    [
        (1, "small_ids"),
        (FIRST_LARGE - 1, "small_ids"),
        (FIRST_LARGE, "no_user_ids"),
        (29_700_859_247, "no_user_ids"),
        (snowflake(2012, 12, 31), "no_user_ids"),
        (FIRST_LARGE_USER, None),
        (1460323737035677698, None),
        (snowflake(2026, 11, 23), None),
        (snowflake(2026, 11, 23, 23), None),
        (latest_id(NOW) - 1, None),
        (latest_id(NOW), "future_ids"),
        (snowflake(2026, 11, 24, 1), "future_ids"),
        (2**63 - 1, "future_ids"),
    ],
)
def test_the_size_of_an_id_tells_what_it_may_be(number: int, band: str | None) -> None:
    assert oddities_of(number) == NONE | ({band: 1} if band else {})


def test_ids_are_counted_once_each() -> None:
    assert oddities_of(1, 1, 2, FIRST_LARGE, FIRST_LARGE) == NONE | {"small_ids": 2, "no_user_ids": 1}


@pytest.mark.parametrize("job_type", ["tweets", "users"])
def test_a_list_with_nothing_odd_about_it_is_worth_no_word(job_type: str) -> None:
    assert warnings(job_type, 100, NONE | {"headers": 1, "small_ids": 5}) == []  # type: ignore[arg-type]


def test_users_below_tweets_are_worth_a_word_once_they_are_many() -> None:
    assert warnings("tweets", 100, NONE | {"small_ids": 10, "no_user_ids": 90}) == []
    (warning,) = warnings("tweets", 100, NONE | {"small_ids": 11})
    assert warning.startswith("11 of 100 IDs are small numbers")
    assert warnings("users", 100, NONE | {"small_ids": 100}) == []


def test_posts_below_users_are_worth_a_word() -> None:
    (warning,) = warnings("users", 100, NONE | {"no_user_ids": 1})
    assert warning.startswith("1 of 100 IDs are numbers that users never had")


def test_users_without_an_old_one_among_them_are_worth_a_word_once_they_are_many() -> None:
    (warning,) = warnings("users", 50, NONE)
    assert warning.startswith("Not one of 50 IDs is a small number")
    assert "belong under tweets/" in warning
    assert warnings("users", 49, NONE) == []
    assert warnings("users", 1_000_000, NONE | {"small_ids": 1}) == []
    assert warnings("tweets", 50, NONE) == []


@pytest.mark.parametrize("job_type", ["tweets", "users"])
def test_ids_from_the_future_are_worth_a_word(job_type: str) -> None:
    (warning,) = warnings(job_type, 100, NONE | {"small_ids": 5, "future_ids": 3})  # type: ignore[arg-type]
    assert warning.startswith("3 of 100 IDs are from the future")


def test_no_id_is_worth_no_word() -> None:
    assert warnings("tweets", 0, NONE) == []
