"""A dataset is checked when its schedule says so, once, whatever happens to whoever does it, and one run at a time."""

from dataclasses import replace
from typing import Any

import pytest

from tests.faults.deployment import Deployment
from tests.faults.interpreter import Execution
from tests.faults.truth import check_complete, check_failed, one_part, runs, two_parts
from tests.unit.conftest import INBOX

FILE = replace(two_parts(), key="weekly")
FAILED = {"State": "FAILED", "StateChangeReason": f"GENERIC_USER_ERROR: {FILE.ids[0]}", "AthenaError": {}}
PASSING = {"State": "FAILED", "AthenaError": {"Retryable": True}}


def check_at(when: str, overlap: str = "wait", **about: str) -> dict[str, Any]:
    """What a schedule hands over."""
    dataset = {"name": "weekly", "type": "tweets", "overlap": overlap, **about}
    return {"dataset": dataset, "bucket": {"name": INBOX}, "object": {"key": FOLDER}, "scheduled_at": when}


FOLDER = "datasets/tweets/weekly/"
MONDAY, TUESDAY, WEDNESDAY = (f"2026-11-{day}T03:00:00Z" for day in (23, 24, 25))
QUERY = {"query": "SELECT post_id FROM posts", "database": "archive"}


def goes_on(execution: Execution) -> bool:
    """Whether a job has begun."""
    return execution.machine == "XComplianceJob"


def statuses(deployment: Deployment) -> list[str]:
    return [run["status"] for run in sorted(runs(deployment.universe), key=lambda run: str(run["scheduled_at"]))]


def remembered(deployment: Deployment) -> dict[str, Any]:
    """What is kept of the dataset."""
    (item,) = [item for item in deployment.universe.aws.items("runs") if item["pk"].startswith("DATASET#")]
    return item


def run_until_it_waits(deployment: Deployment, waiting: Execution) -> None:
    deployment.run(until=lambda execution: execution is waiting and execution.state == "Wait For Dataset")


def put_files(deployment: Deployment) -> None:
    deployment.universe.aws.put(INBOX, f"{FOLDER}ids.txt", one_part().content)


def test_a_time_that_is_told_twice_is_one_run(deployment: Deployment) -> None:
    put_files(deployment)
    first = deployment.start(check_at(MONDAY), "first")
    second = deployment.start(check_at(MONDAY), "second")
    deployment.run()
    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED")
    check_complete(deployment, replace(one_part(), key="weekly"), jobs=1)


def test_while_a_run_goes_on_the_next_waits_and_a_third_is_skipped(deployment: Deployment) -> None:
    put_files(deployment)
    deployment.start(check_at(MONDAY), "one")
    deployment.run(until=goes_on)
    deployment.start(check_at(TUESDAY), "two")
    deployment.start(check_at(WEDNESDAY), "three")
    deployment.run(until=lambda execution: execution.state == "Wait For Dataset")
    deployment.run()
    assert statuses(deployment) == ["complete", "complete", "skipped"]
    assert len(deployment.universe.world.x.jobs) == 2
    one, two, three = sorted(runs(deployment.universe), key=lambda run: str(run["scheduled_at"]))
    assert two["prepared_at"] > one["ended_at"]
    assert three["warnings"] == [f"Skipped, as the run {one['run_id']} was still checking this dataset."]
    told = {event["Detail"]["run_id"]: event["DetailType"] for event in deployment.universe.events}
    assert told[three["run_id"]] == "ComplianceRunSkipped"
    assert remembered(deployment)["checked_by"] == two["run_id"]


def test_a_dataset_may_skip_what_overlaps(deployment: Deployment) -> None:
    put_files(deployment)
    deployment.start(check_at(MONDAY, "skip"), "one")
    deployment.run(until=goes_on)
    execution = deployment.start(check_at(TUESDAY, "skip"), "two")
    deployment.run()
    deployment.start(check_at(WEDNESDAY, "skip"), "three")
    deployment.run()
    assert statuses(deployment) == ["complete", "skipped", "complete"]
    assert execution.status == "SUCCEEDED"


def test_the_dataset_of_a_run_that_was_stopped_is_free(deployment: Deployment) -> None:
    """Also before anybody has heard of it."""
    put_files(deployment)
    stopped = deployment.start(check_at(MONDAY, "skip"), "one")
    deployment.run(until=goes_on)
    deployment.universe.machines.abort(stopped.arn)
    for execution in [*deployment.universe.machines.executions.values()]:
        if execution.machine == "XComplianceJob":
            deployment.universe.machines.abort(execution.arn)
            deployment.settle(execution.arn)
    deployment.start(check_at(TUESDAY, "skip"), "two")
    deployment.run()
    assert statuses(deployment)[1] == "complete"


def test_a_failed_run_that_is_started_again_waits_and_is_not_skipped(deployment: Deployment) -> None:
    put_files(deployment)
    deployment.universe.aws.query_failures = [FAILED]
    deployment.start(check_at(MONDAY, "skip", **QUERY), "one")
    deployment.run()
    assert statuses(deployment) == ["failed"]
    deployment.start(check_at(TUESDAY, "skip"), "two")
    deployment.run(until=goes_on)
    deployment.universe.aws.found = one_part().content
    deployment.start(check_at(MONDAY, "skip", **QUERY) | {"retry": True}, "again")
    deployment.run()
    assert statuses(deployment) == ["complete", "complete"]


def test_a_run_that_began_before_it_failed_waits_beside_another(deployment: Deployment) -> None:
    """Its event says that it never began if it is skipped, but X may have been paid for its parts."""
    put_files(deployment)
    one = deployment.start(check_at(MONDAY), "one")
    deployment.run(until=goes_on)
    for execution in [*deployment.universe.machines.executions.values()]:
        deployment.universe.machines.abort(execution.arn)
        deployment.settle(execution.arn)
    assert one.status == "ABORTED"
    deployment.start(check_at(TUESDAY), "two")
    deployment.run(until=lambda execution: goes_on(execution) and not execution.is_over)
    for source, name in ((check_at(WEDNESDAY), "three"), (check_at(MONDAY) | {"retry": True}, "again")):
        run_until_it_waits(deployment, deployment.start(source, name))
    deployment.run()
    assert statuses(deployment) == ["complete", "complete", "complete"]


def test_a_run_that_begins_again_waits_as_one_that_has_just_begun(deployment: Deployment) -> None:
    """It failed a week ago, and has not waited since."""
    put_files(deployment)
    deployment.universe.aws.query_failures = [FAILED]
    deployment.start(check_at(MONDAY, **QUERY), "one")
    deployment.run()
    deployment.universe.clock.advance(7 * 86_400)
    deployment.start(check_at(TUESDAY), "two")
    deployment.run(until=goes_on)
    deployment.start(check_at(MONDAY, **QUERY) | {"retry": True}, "again")
    again = deployment.run(until=lambda execution: execution.state == "Wait For Dataset")
    assert again is not None
    assert again.frames[0].input["wait_seconds"] == 60


@pytest.mark.parametrize(
    ("statuses", "ends"), [([PASSING, PASSING], "complete"), ([PASSING] * 3, "QueryFailed"), ([FAILED], "QueryFailed")]
)
def test_what_athena_answers(deployment: Deployment, statuses: list[dict[str, Any]], ends: str) -> None:
    deployment.universe.aws.found = FILE.content
    deployment.universe.aws.query_failures = [*statuses]
    deployment.start(check_at(MONDAY, **QUERY))
    deployment.run()
    if ends == "complete":
        check_complete(deployment, FILE, jobs=2)
        return
    check_failed(deployment, ends, FILE)
    assert not deployment.universe.world.x.jobs


def test_a_query_that_finds_nothing_is_told_from_one_that_does(deployment: Deployment) -> None:
    deployment.start(check_at(MONDAY, **QUERY))
    deployment.run()
    check_failed(deployment, "NothingToCheck", FILE)


def test_what_was_unloaded_once_is_not_unloaded_again(deployment: Deployment) -> None:
    deployment.universe.aws.found = b"no ID\n" * 9
    deployment.start(check_at(MONDAY, **QUERY))
    deployment.run()
    check_failed(deployment, "InputRejected", FILE)
    deployment.start(check_at(MONDAY, **QUERY) | {"retry": True}, "again")
    deployment.run()
    assert len(deployment.universe.aws.queries) == 1


@pytest.mark.parametrize(
    "source",
    [
        check_at("<aws.scheduler.scheduled-time>"),
        check_at(MONDAY, overlap="perhaps"),
        check_at(MONDAY, type="posts"),
        check_at(MONDAY, query="SELECT 1"),
        check_at(MONDAY) | {"object": {"key": "datasets/tweets/weekly"}},
        check_at(MONDAY) | {"bucket": "inbox"},
    ],
)
def test_what_no_schedule_would_say_is_refused(deployment: Deployment, source: dict[str, Any]) -> None:
    execution = deployment.start(source)
    deployment.run()
    assert (execution.status, execution.error) == ("FAILED", "UnsupportedInput")
    assert not runs(deployment.universe)


STATES = (
    "Claim Dataset",
    "Dataset Claimed?",
    "Wait For Dataset",
    "Unload Dataset",
    "Dataset Unloaded?",
    "Wait For Unload",
)
"""Where a check is stopped before it has read anything."""


@pytest.mark.parametrize("state", STATES)
def test_a_check_that_is_stopped_is_settled_and_goes_on_when_it_is_redriven(deployment: Deployment, state: str) -> None:
    deployment.universe.aws.found = FILE.content
    put_files(deployment)
    deployment.start(check_at(MONDAY), "other")
    deployment.run(until=goes_on)
    stopped = deployment.start(check_at(TUESDAY, **QUERY), "stopped")
    deployment.run(until=lambda execution: execution is stopped and execution.state == state)
    deployment.universe.machines.abort(stopped.arn)
    deployment.settle(stopped.arn)
    deployment.run()
    assert statuses(deployment) == ["complete", "failed"]
    failed = next(run for run in runs(deployment.universe) if run["status"] == "failed")
    assert (failed["error"], "report" in failed) == ("ExecutionStopped", True)
    deployment.start(check_at(WEDNESDAY, "skip"), "later")
    deployment.run()
    assert statuses(deployment) == ["complete", "failed", "complete"], "it is in nobody's way"
    deployment.universe.machines.redrive(stopped.arn)
    deployment.run()
    assert statuses(deployment) == ["complete", "complete", "complete"]


def test_a_check_that_was_stopped_before_it_was_registered_is_on_record(deployment: Deployment) -> None:
    execution = deployment.start(check_at(MONDAY))
    deployment.universe.machines.abort(execution.arn)
    deployment.settle(execution.arn)
    assert statuses(deployment) == ["failed"]
