"""Datasets are checked as their schedules say: a folder as it stands, and what Athena finds."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.end_to_end.driver import PATIENCE, Deployment, Item
from tests.end_to_end.files import lines
from tests.end_to_end.x_hosted.conftest import Checked
from tests.end_to_end.x_hosted.inbox import STANDING
from xcompliance import datasets
from xcompliance.stack import Stack

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def stack(checked: Checked) -> Stack:
    return Stack.of_sandbox(checked.deployment.box.as_json())


@pytest.fixture(scope="module")
def standing(stack: Stack) -> list[str]:
    """The IDs of the folder, whose files start nothing when they come."""
    for key, ids in STANDING.items():
        stack.s3.put_object(Bucket=stack["InboxBucketName"], Key=key, Body=lines(ids))
    return [each for ids in STANDING.values() for each in ids]


def check(stack: Stack, deployment: Deployment, name: str) -> Item:
    submission = datasets.check(stack, name, datetime.now(UTC))
    return ended(deployment, lambda run: run["run_id"] == submission.run_id)


def ended(deployment: Deployment, wanted: Any) -> Item:
    """The run that is wanted, once it has ended and has a report."""
    deadline = time.monotonic() + PATIENCE
    while True:
        for run in deployment.run_records():
            if wanted(run) and "told_at" in run:
                return run
        assert time.monotonic() < deadline, deployment.run_records()
        time.sleep(0.3)


def test_a_folder_is_checked_as_it_stands(stack: Stack, checked: Checked, standing: list[str]) -> None:
    run = check(stack, checked.deployment, "standing")
    assert run["status"] == "complete", run
    assert (run["accepted"], run["files"], run["dataset"]) == (len(standing), 2, "standing")
    again = check(stack, checked.deployment, "standing")
    assert again["run_id"] != run["run_id"]
    assert again["status"] == "complete"
    (row,) = checked.deployment.query(f"SELECT dataset, status, key FROM runs WHERE run_id = '{again['run_id']}'")
    assert row == {"dataset": "standing", "status": "complete", "key": "datasets/tweets/standing/"}


def test_what_athena_finds_is_checked(stack: Stack, checked: Checked) -> None:
    found = checked.deployment.query(
        "SELECT DISTINCT id FROM results WHERE type = 'users' AND action IS NOT NULL ORDER BY id"
    )
    run = check(stack, checked.deployment, "once-affected")
    assert run["status"] == "complete", run
    assert run["accepted"] == len(found) > 100
    assert run["key"].startswith(f"unloaded/{run['run_id']}/")
    sent = checked.deployment.query(f"SELECT id FROM checked_ids WHERE run_id = '{run['run_id']}'")
    assert sorted(str(each["id"]) for each in sent) == [each["id"] for each in found]


def test_the_scheduler_starts_what_is_due(stack: Stack, checked: Checked, standing: list[str]) -> None:
    place = {"GroupName": stack["ScheduleGroupName"], "Name": "standing"}
    known = stack.scheduler.get_schedule(**place)
    kept = {name: known[name] for name in ("FlexibleTimeWindow", "Target")}
    before = {run["run_id"] for run in checked.deployment.run_records()}
    stack.scheduler.update_schedule(**place, **kept, ScheduleExpression="rate(1 minute)")  # type: ignore[arg-type]
    try:
        run = ended(checked.deployment, lambda each: each["run_id"] not in before)
    finally:
        stack.scheduler.update_schedule(**place, **kept, ScheduleExpression=known["ScheduleExpression"])  # type: ignore[arg-type]
    assert (run["status"], run["dataset"], run["accepted"]) == ("complete", "standing", len(standing))
    assert run["scheduled_at"] < run["started_at"]


def test_the_command_lists_them(stack: Stack, checked: Checked) -> None:
    found = {each.name: each for each in datasets.list_datasets(stack, datetime.now(UTC))}
    assert found.keys() == {"standing", "once-affected"}
    for each in found.values():
        assert each.status == "complete"
        assert each.checked_by == each.run_id
        assert each.next_at == datetime(2099, 1, 1, 3, tzinfo=UTC)  # the emulator drops the time zone
