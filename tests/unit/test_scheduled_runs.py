"""What a schedule says of a dataset's run, who may check the dataset, and when one that waits looks again."""

from collections.abc import Callable
from typing import Any, get_args

import pytest

from compliance.datasets import UNLOADED, Claims, Standing, scheduled_run, standing, unloading, wait_seconds
from compliance.errors import UnsupportedInput
from compliance.runs import Overlap

ARN = "arn:aws:states:eu-west-1:123456789012:execution:XComplianceRun:one"
BEGAN = "2026-11-23T03:00:05.123Z"
FOLDER = {
    "dataset": {"name": "weekly", "type": "tweets", "overlap": "skip"},
    "bucket": {"name": "inbox"},
    "object": {"key": "datasets/tweets/weekly/"},
    "scheduled_at": "2026-11-23T03:00:00Z",
}
QUERY = {
    "dataset": {"name": "posts", "type": "users", "overlap": "wait", "query": "SELECT id", "database": "archive"},
    "bucket": {"name": "inbox"},
    "scheduled_at": "2026-11-23T03:00:00Z",
}


def scheduled(source: dict[str, Any]) -> dict[str, Any]:
    return dict(scheduled_run(source, ARN, BEGAN))


def test_a_folders_run_is_what_its_schedule_says() -> None:
    run = scheduled(FOLDER)
    assert run.pop("run_id").startswith("tweets-")
    assert run == {
        "type": "tweets",
        "status": "registered",
        "bucket": "inbox",
        "key": "datasets/tweets/weekly/",
        "execution_arn": ARN,
        "started_at": BEGAN,
        "checked_on": "2026-11-23",
        "dataset": "weekly",
        "scheduled_at": "2026-11-23T03:00:00.000Z",
        "overlap": "skip",
    }


def test_what_athena_finds_has_a_folder_of_the_runs_own() -> None:
    run = scheduled(QUERY)
    assert run["key"] == f"unloaded/{run['run_id']}/"
    assert (run["query"], run["database"], run["type"]) == ("SELECT id", "archive", "users")
    beside = scheduled(QUERY | {"object": {"key": "datasets/users/posts/"}})
    assert beside["key"] == run["key"]


def test_one_time_of_one_dataset_is_one_run_however_it_is_written() -> None:
    run_id = scheduled(FOLDER)["run_id"]
    assert scheduled(FOLDER | {"scheduled_at": "2026-11-23T04:00:00+01:00"})["run_id"] == run_id
    assert scheduled(FOLDER | {"scheduled_at": "2026-11-23T04:00:00Z"})["run_id"] != run_id
    assert scheduled(FOLDER | {"dataset": FOLDER["dataset"] | {"name": "daily"}})["run_id"] != run_id  # type: ignore[operator]


@pytest.mark.parametrize("missing", ["dataset", "bucket", "object", "scheduled_at"])
def test_a_schedule_that_leaves_something_out_is_refused(missing: str) -> None:
    with pytest.raises(UnsupportedInput, match="names no dataset"):
        scheduled({name: value for name, value in FOLDER.items() if name != missing})


@pytest.mark.parametrize(
    "wrong",
    [
        {"dataset": None},
        {"scheduled_at": "on Monday"},
        {"dataset": {"name": "weekly", "type": "tweets", "overlap": "skip", "query": "SELECT id"}},
    ],
    ids=["no object", "no time", "no database"],
)
def test_a_schedule_that_cannot_be_read_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedInput, match="names no dataset"):
        scheduled(FOLDER | wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"dataset": {"name": "weekly", "type": "lists", "overlap": "skip"}},
        {"dataset": {"name": "weekly", "type": "tweets", "overlap": "stop"}},
        {"object": {"key": "datasets/tweets/weekly"}},
    ],
    ids=["type", "overlap", "folder"],
)
def test_a_schedule_with_a_word_of_its_own_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedInput, match="must be tweets or users"):
        scheduled(FOLDER | wrong)


def test_a_dataset_may_say_what_becomes_of_rounded_ids() -> None:
    said = {"name": "weekly", "type": "tweets", "overlap": "skip", "rounded_ids": "warn"}
    assert scheduled(FOLDER | {"dataset": said})["rounded_ids"] == "warn"
    with pytest.raises(UnsupportedInput, match="fail or warn"):
        scheduled(FOLDER | {"dataset": said | {"rounded_ids": "allow"}})


def test_a_dataset_may_say_whether_copies_within_records_are_read() -> None:
    said = {"name": "weekly", "type": "tweets", "overlap": "skip", "embedded": False}
    assert scheduled(FOLDER | {"dataset": said})["reads_embedded"] is False
    assert "reads_embedded" not in scheduled(FOLDER)
    with pytest.raises(UnsupportedInput, match="true or false"):
        scheduled(FOLDER | {"dataset": said | {"embedded": "no"}})


def among(*running: str) -> Callable[[str], bool]:
    return lambda run_id: run_id not in running


@pytest.mark.parametrize(
    ("claims", "waits", "skips"),
    [
        ({}, "claimed", "claimed"),
        ({"checking": "ours"}, "claimed", "claimed"),
        ({"checking": "over"}, "claimed", "claimed"),
        ({"checking": "over", "waiting": "other"}, "claimed", "claimed"),
        ({"checking": "other"}, "waits", "skipped"),
        ({"checking": "other", "waiting": "ours"}, "waits", "skipped"),
        ({"checking": "other", "waiting": "over"}, "waits", "skipped"),
        ({"checking": "other", "waiting": "third"}, "skipped", "skipped"),
    ],
)
def test_one_run_checks_and_one_waits_at_most(claims: Claims, waits: Standing, skips: Standing) -> None:
    found = [standing(claims, "ours", overlap, among("ours", "other", "third")) for overlap in get_args(Overlap)]
    assert found == [waits, skips]


def test_whoever_waits_looks_again_after_a_sixteenth_of_its_wait_or_a_minute() -> None:
    waits = [wait_seconds(waited) for waited in (0, 600, 960, 976, 14_400, 86_400)]
    assert waits == [60, 60, 60, 61, 900, 5400]


def test_a_query_that_ends_with_a_comment_is_unloaded_as_text() -> None:
    assert unloading("SELECT id -- all", f"s3://inbox/{UNLOADED}one/") == (
        "UNLOAD (SELECT CAST(id AS varchar) AS id FROM (\nSELECT id -- all\n) AS dataset (id)) "
        "TO 's3://inbox/unloaded/one/' WITH (format = 'TEXTFILE', compression = 'NONE')"
    )
