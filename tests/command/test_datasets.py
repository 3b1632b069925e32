"""Datasets as the command lists and checks them: as they are deployed, and as their checks stand."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from compliance.datasets import scheduled_run
from xcompliance.datasets import list_datasets
from xcompliance.stack import Stack

from .conftest import Invoke
from .items import RUN_ID, run_item

Write = Callable[[Mapping[str, Any]], None]

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SAID = {
    "dataset": {"name": "weekly", "type": "tweets", "overlap": "skip"},
    "bucket": {"name": "inbox"},
    "object": {"key": "datasets/tweets/weekly/"},
    "scheduled_at": "<aws.scheduler.scheduled-time>",
}
ASKED = {
    "dataset": {"name": "posts", "type": "users", "overlap": "wait", "query": "SELECT [id]", "database": "archive"},
    "bucket": {"name": "inbox"},
    "scheduled_at": "<aws.scheduler.scheduled-time>",
}


class Scheduler:
    """Two schedules, in the words of EventBridge Scheduler."""

    schedules: dict[str, dict[str, Any]]

    def __init__(self) -> None:
        self.schedules = {
            name: {
                "Name": name,
                "State": "ENABLED",
                "CreationDate": datetime(2026, 11, 20, 6, tzinfo=UTC),
                "ScheduleExpression": expression,
                "ScheduleExpressionTimezone": zone,
                "Target": {"Input": json.dumps(said)},
            }
            for name, expression, zone, said in (
                ("weekly", "cron(0 3 ? * MON *)", "Europe/Berlin", SAID),
                ("posts", "rate(2 days)", "UTC", ASKED),
            )
        }

    def get_paginator(self, operation: str) -> "Scheduler":
        assert operation == "list_schedules"
        return self

    def paginate(self, **asked: str) -> list[dict[str, Any]]:
        assert asked == {"GroupName": "XCompliance"}
        return [{"Schedules": [{"Name": name} for name in self.schedules]}]

    def get_schedule(self, **asked: str) -> dict[str, Any]:
        if asked["Name"] not in self.schedules:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetSchedule")
        return self.schedules[asked["Name"]]


@pytest.fixture
def scheduler(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Scheduler:
    stack.__dict__["scheduler"] = scheduler = Scheduler()
    monkeypatch.setattr("xcompliance.target.stack_of", lambda prefix: stack)
    return scheduler


@pytest.fixture
def started(stack: Stack) -> list[dict[str, Any]]:
    """What Step Functions is asked to start."""
    starts: list[dict[str, Any]] = []

    class StepFunctions:
        @staticmethod
        def start_execution(**arguments: Any) -> dict[str, str]:
            starts.append(json.loads(arguments["input"]))
            return {"executionArn": "arn:now"}

    stack.__dict__["step_functions"] = StepFunctions
    return starts


def checked(write: Write) -> None:
    write(run_item(status="skipped", dataset="weekly", scheduled_at="2026-11-23T02:00:00.000Z"))
    item = {"checking": RUN_ID, "checked_at": "2026-11-16T02:00:01.000Z", "checked_by": "tweets-fedcba9876543210"}
    write({"pk": "DATASET#weekly", "sk": "DATASET", **item})


@pytest.mark.usefixtures("scheduler")
def test_each_dataset_is_listed_with_its_last_check_its_age_and_the_next(stack: Stack, write: Write) -> None:
    checked(write)
    posts, weekly = (each.as_json(NOW) for each in list_datasets(stack, NOW))
    assert weekly == {
        "name": "weekly",
        "type": "tweets",
        "source": "s3://inbox/datasets/tweets/weekly/",
        "schedule": "cron(0 3 ? * MON *)",
        "timezone": "Europe/Berlin",
        "is_enabled": True,
        "run_id": RUN_ID,
        "status": "skipped",
        "checked_at": "2026-11-16T02:00:01.000Z",
        "checked_by": "tweets-fedcba9876543210",
        "next_at": "2026-11-30T02:00:00.000Z",
        "age_seconds": 9 * 86_400 + 10 * 3_600 - 1,
    }
    assert (posts["source"], posts["checked_at"], posts["age_seconds"]) == ("SELECT [id]", None, None)
    assert posts["next_at"] == "2026-11-26T06:00:00.000Z"


def test_a_schedule_that_is_disabled_has_no_next_check(stack: Stack, scheduler: Scheduler) -> None:
    scheduler.schedules["posts"]["State"] = "DISABLED"
    assert list_datasets(stack, NOW)[0].next_at is None


@pytest.mark.usefixtures("scheduler")
def test_the_list_is_a_table_for_people(invoke: Invoke, write: Write) -> None:
    checked(write)
    said = invoke("datasets").stdout
    assert "SELECT [id]" in said
    assert "2026-11-16 02:00" in said
    assert "never" in said


def test_without_datasets_it_is_told_how_to_get_some(invoke: Invoke, scheduler: Scheduler) -> None:
    scheduler.schedules.clear()
    assert "datasets.yaml" in invoke("datasets").stdout
    assert json.loads(invoke("datasets", "--json").stdout) == []


@pytest.mark.usefixtures("scheduler")
def test_a_check_by_hand_is_what_the_schedule_would_start(invoke: Invoke, started: list[dict[str, Any]]) -> None:
    said = json.loads(invoke("check", "weekly", "--json").stdout)
    (source,) = started
    assert {name: source[name] for name in ("dataset", "bucket", "object")} == {
        name: SAID[name] for name in ("dataset", "bucket", "object")
    }
    assert said["run_id"] == scheduled_run(source, "", "2026-11-25T12:00:00Z")["run_id"]


@pytest.mark.usefixtures("scheduler")
def test_a_dataset_that_is_none_is_told(invoke: Invoke, started: list[dict[str, Any]]) -> None:
    result = invoke("check", "weakly")
    assert result.exit_code == 2
    assert "There is no dataset weakly" in result.stderr
    assert not started


LENIENT = SAID | {
    "dataset": {"name": "weekly", "type": "tweets", "overlap": "skip", "rounded_ids": "warn", "embedded": False}
}


@pytest.mark.parametrize("said", [SAID, ASKED, LENIENT], ids=["a folder", "a query", "settings of its own"])
@pytest.mark.usefixtures("scheduler")
def test_a_failed_check_is_started_again_as_the_same_run(
    invoke: Invoke, write: Write, started: list[dict[str, Any]], said: dict[str, Any]
) -> None:
    source = said | {"scheduled_at": "2026-11-23T02:00:00Z"}
    failed = scheduled_run(source, "arn:before", "2026-11-23T02:00:01.000Z") | {"status": "failed"}
    write({"pk": f"RUN#{failed['run_id']}", "sk": "RUN", **failed})
    assert invoke("retry", str(failed["run_id"])).exit_code == 0
    assert scheduled_run(started[0], "arn:again", "2026-11-24T02:00:00Z")["run_id"] == failed["run_id"]
    assert started[0]["dataset"] == source["dataset"]
    assert started[0]["retry"] is True
