"""Names that are derived, so that a second time finds the first."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.errors import UnsupportedInput
from compliance.runs import (
    Part,
    PartRef,
    Run,
    deduplicated_key,
    job_name,
    job_type_of,
    part_key,
    raw_key,
    rejects_key,
    results_key,
    run_id,
    summary,
)

PART = cast(Part, {"run_id": "tweets-0123456789abcdef", "part": 7, "type": "tweets", "checked_on": "2026-11-23"})


@pytest.mark.parametrize(("key", "expected"), [("tweets/a.txt", "tweets"), ("users/2026/11/b.gz", "users")])
def test_the_first_folder_says_what_the_ids_are(key: str, expected: str) -> None:
    assert job_type_of(key) == expected


@pytest.mark.parametrize(
    "key", ["a.txt", "tweets", "Tweets/a.txt", "/tweets/a.txt", "old/tweets/a.txt", "", "tweetsx/a"]
)
def test_any_other_folder_is_refused(key: str) -> None:
    with pytest.raises(UnsupportedInput):
        job_type_of(key)


def test_the_same_object_version_is_the_same_run_and_every_other_is_another() -> None:
    one = run_id("tweets", "bucket", "tweets/a.txt", "v1")
    assert one == run_id("tweets", "bucket", "tweets/a.txt", "v1")
    others = {
        run_id("tweets", "bucket", "tweets/a.txt", "v2"),
        run_id("tweets", "bucket", "tweets/b.txt", "v1"),
        run_id("tweets", "bucket2", "tweets/a.txt", "v1"),
        run_id("tweets", "bucket", "tweets/a.tx", "tv1"),
    }
    assert one not in others
    assert len(others) == 4


def test_a_run_names_its_type_and_sixteen_hexadecimal_digits() -> None:
    kind, _, digits = run_id("users", "bucket", "users/a", "v").partition("-")
    assert kind == "users"
    assert len(digits) == 16
    int(digits, 16)


@given(part=st.integers(1, 99_999), attempt=st.integers(1, 9_999))
def test_a_jobs_name_is_short_enough_for_x_and_new_for_each_attempt(part: int, attempt: int) -> None:
    name = job_name(run_id("tweets", "b", "k", "v"), part, attempt)
    assert len(name) <= 64
    assert name != job_name(run_id("tweets", "b", "k", "v"), part, attempt + 1)
    assert name != job_name(run_id("tweets", "b", "k", "v"), part + 1, attempt)


def test_objects_lie_where_the_tables_look_for_them() -> None:
    run = PART["run_id"]
    assert part_key(run, 7) == f"parts/run_id={run}/part=7/ids.txt"
    assert deduplicated_key(run, 7) == f"deduplicated/{run}/00007.txt"
    assert raw_key(run, 7) == f"raw/{run}/00007.ndjson"
    assert rejects_key(PART) == f"rejects/type=tweets/checked_on=2026-11-23/{run}-00007.ndjson"
    assert results_key(PART, 2) == f"results/type=tweets/checked_on=2026-11-23/{run}-00007-002.parquet"


def test_a_reference_reads_what_passes_between_states() -> None:
    assert PartRef.of({"run_id": "r", "type": "users", "part": 3, "more": 1}) == PartRef("r", "users", 3)
    with pytest.raises(KeyError):
        PartRef.of({"run_id": "r"})


def test_a_summary_tells_everything_but_the_execution() -> None:
    run: dict[str, Any] = {"run_id": "r", "status": "complete", "records": 5, "execution_arn": "arn"}
    assert summary(cast(Run, run)) == {"run_id": "r", "status": "complete", "records": 5}
