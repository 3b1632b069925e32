"""Schedules: a file of datasets becomes what EventBridge Scheduler does, and the grants that this takes."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cdk.config import SettingError, Settings
from cdk.datasets import DatasetError, datasets_in
from cdk.rules import flat
from tests.infrastructure.deployment import DATASETS, Deployment, synthesize
from tests.infrastructure.test_functions import _allowed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "datasets.yaml"
    path.write_text(DATASETS)
    return path


@pytest.fixture
def scheduled(tmp_path: Path, file: Path) -> Deployment:
    return synthesize(tmp_path / "out", datasets_file=str(file))


def _schedules(deployment: Deployment) -> dict[str, dict[str, Any]]:
    found = deployment.resources("AWS::Scheduler::Schedule").values()
    return {each["Properties"]["Name"]: each["Properties"] for each in found}


def _said(schedule: dict[str, Any]) -> dict[str, Any]:
    """What the run is told, with a word for each reference."""
    said: dict[str, Any] = json.loads(flat(schedule["Target"]["Input"]).replace("XComplianceStorage:", ""))
    return said


def test_a_schedule_hands_its_dataset_and_the_time_to_the_run(scheduled: Deployment) -> None:
    found = _schedules(scheduled)
    assert found.keys() == {"newspapers", "accounts", "posts", "everything"}
    newspapers = found["newspapers"]
    assert newspapers["ScheduleExpression"] == "cron(0 3 ? * MON *)"
    assert newspapers["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert newspapers["FlexibleTimeWindow"] == {"Mode": "OFF"}
    said = _said(newspapers)
    assert "Inbox" in said.pop("bucket")["name"]
    assert said == {
        "dataset": {"name": "newspapers", "type": "tweets", "overlap": "skip"},
        "object": {"key": "datasets/tweets/newspapers/"},
        "scheduled_at": "<aws.scheduler.scheduled-time>",
    }
    assert _said(found["accounts"]) | {"dataset": {}} == {
        "dataset": {},
        "bucket": {"name": "our-archive"},
        "object": {"key": "exports/ids/"},
        "scheduled_at": "<aws.scheduler.scheduled-time>",
    }
    assert _said(found["accounts"])["dataset"]["rounded_ids"] == "warn"
    assert _said(found["accounts"])["dataset"]["embedded"] is False
    asked = {name: _said(found[name])["dataset"] for name in ("posts", "everything")}
    assert asked["posts"]["query"] == "SELECT post_id FROM posts WHERE deleted_at IS NULL"
    assert (asked["posts"]["database"], asked["everything"]["database"]) == ("archive", "xcompliance")


def test_what_cannot_be_started_is_tried_for_a_day_and_then_kept(scheduled: Deployment) -> None:
    queues = scheduled.resources("AWS::SQS::Queue")
    (kept,) = (name for name in queues if "ChecksNotStarted" in name)
    for schedule in _schedules(scheduled).values():
        assert schedule["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
        assert schedule["Target"]["DeadLetterConfig"]["Arn"]["Fn::GetAtt"] == [kept, "Arn"]


def test_without_datasets_there_is_no_schedule_and_no_role_for_one(aws: Deployment) -> None:
    assert not aws.resources("AWS::Scheduler::Schedule")
    assert not [name for name in aws.resources("AWS::IAM::Role") if "Schedules" in name]


def test_functions_may_read_what_datasets_are_and_nothing_else(scheduled: Deployment) -> None:
    archive = "arn:<AWS::Partition>:s3:::our-archive"
    planned, prepared, asked = (_allowed(scheduled, name) for name in ("plan_parts", "prepare_part", "unload_dataset"))
    assert {each for each in planned if archive in each} == {
        f"s3:GetObjectVersion {archive}/exports/ids/*",
        f"s3:GetObjectVersionTagging {archive}/exports/ids/*",
        f"s3:ListBucket {archive}",
        f"s3:ListBucketVersions {archive}",
        f"s3:GetBucketVersioning {archive}",
    }
    assert {each for each in prepared if archive in each} == {
        f"s3:GetObjectVersion {archive}/exports/ids/*",
        f"s3:ListBucket {archive}",
    }
    assert "s3:GetObjectVersion Inbox/unloaded/*" in planned & prepared
    assert {each for each in asked if each.startswith("s3:GetObject ")} == {
        f"s3:GetObject {archive}/posts/*",
        *(f"s3:GetObject Results/{name}/*" for name in ("results", "checked_ids", "runs", "rejects", "segments")),
    }
    assert {each for each in asked if each.startswith("s3:PutObject ")} == {
        "s3:PutObject Inbox/unloaded/*",
        "s3:PutObject Results/athena/*",
    }
    assert {each for each in asked if each.startswith("glue:GetTable ")} == {
        "glue:GetTable catalog",
        "glue:GetTable database/default",  # a table's own name would be needed too
        *(f"glue:GetTable {kind}/{name}" for kind, name in (("database", "archive"), ("table", "archive/*"))),
        *(f"glue:GetTable {kind}/{name}" for kind, name in (("database", "xcompliance"), ("table", "xcompliance/*"))),
    }
    assert "states:DescribeExecution XComplianceRun:*" in _allowed(scheduled, "claim_dataset")


def test_a_check_is_overdue_a_day_after_it_should_have_been(file: Path) -> None:
    ages = {each.name: each.max_age for each in datasets_in(file)}
    assert ages["newspapers"] == timedelta(days=8, hours=1)  # an hour more, when the clocks go back
    assert ages["accounts"] == timedelta(days=10)
    assert ages["posts"] == timedelta(days=2)


ONE = "datasets: [{name: a, type: users, schedule: rate(1 day), "


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must have one key, datasets"),
        ("datasets: {a: b}", "must have one key, datasets"),
        ("data: []", "must have one key, datasets"),
        ("datasets: [", "cannot be read"),
        ("datasets: [weekly]", "dataset 1: must have the keys name, type"),
        ("datasets: [{name: a, type: tweets}]", r"dataset 1 \(a\): schedule: is missing"),
        ("datasets: [{name: a b, type: tweets, schedule: rate(1 day)}]", "name: must be 1 to 48 letters"),
        ("datasets: [{name: 1, type: tweets, schedule: rate(1 day)}]", "name: must be text, not 1"),
        ("datasets: [{name: a, type: posts, schedule: rate(1 day)}]", "type: must be tweets or users"),
        ("datasets: [{name: a, type: users, schedule: daily}]", "schedule: daily is neither rate"),
        (ONE + "timezone: CEST}]", "schedule: CEST is no time zone"),
        (ONE + "overlap: run}]", "overlap: must be wait or skip"),
        (ONE + "rounded_ids: allow}]", "rounded_ids: must be fail or warn"),
        (ONE + "embedded: 1}]", "embedded: must be true or false, not 1"),
        (ONE + "schedul: b}]", "did you mean schedule"),
        (ONE + "schedule: rate(2 days)}]", r"(?s)datasets\.yaml cannot be read: schedule is given twice.* line 1"),
        (
            ONE + "prefix: ids}]",
            "prefix: must be a folder of the inbox",
        ),
        (
            ONE + "prefix: datasets/tweets/a/}]",
            "prefix: must be a fold",
        ),
        (ONE + "prefix: 's3://b'}]", "prefix: must be a folder"),
        (ONE + "database: d}]", "query: must be SQL, where"),
        (
            ONE + "query: q, database: d}]",
            "reads: must be the folders",
        ),
        (
            ONE + "query: q, database: d, reads: [posts/]}]",
            "reads: must be folders such as",
        ),
        (
            ONE + "query: q, prefix: 's3://bucket/a/'}]",
            "query: must be left out where there is a prefix",
        ),
        (
            "datasets: [{name: a, type: users, schedule: rate(7 days), max_age_days: 6}]",
            "no less than lie between .*: 7",
        ),
        (ONE + "max_age_days: soon}]", "must be a number"),
        (
            "datasets: [{name: a, type: users, schedule: rate(1 day)}, {name: a, type: users, schedule: rate(1 day)}]",
            r"dataset 2 \(a\): name: another dataset has it",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "datasets.yaml"
    file.write_text(text)
    with pytest.raises(DatasetError, match=says):
        datasets_in(file)


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot be read"):
        Settings(datasets_file=str(tmp_path / "none.yaml"))
    assert Settings().datasets == ()


def test_files_that_are_checked_again_and_again_must_not_go(file: Path) -> None:
    with pytest.raises(SettingError, match=r"datasets_days must be 0.*newspapers"):
        Settings(datasets_file=str(file), datasets_days=30)


def test_a_check_that_is_overdue_is_an_alarm(scheduled: Deployment) -> None:
    found = {
        each["Properties"]["AlarmName"]: each["Properties"]
        for each in scheduled.resources("AWS::CloudWatch::Alarm").values()
    }
    assert {name for name in found if "Check" in name} == {
        "XCompliance-ChecksNotStarted",
        *(f"XCompliance-CheckOverdue-{name}" for name in ("newspapers", "accounts", "posts", "everything")),
    }
    alarm = found["XCompliance-CheckOverdue-accounts"]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("CheckAge", 10 * 86_400)
    assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {
        "service": "XCompliance",
        "dataset": "accounts",
    }
