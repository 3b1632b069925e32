"""Every end leaves a report; and a report that cannot be written keeps nothing from its end."""

import json
from typing import Any

import pytest

from tests.fakes.x import problem
from tests.faults.deployment import Act, Deployment, Effect, no_fault
from tests.faults.interpreter import StepError
from tests.faults.journey import journey
from tests.faults.memory_aws import Refusal
from tests.faults.truth import check_complete, check_report, one_part, runs, two_parts

FILE = one_part()


def no_report(effect: Effect, act: Act) -> Any:
    """A bucket policy denies the report."""
    if effect.operation == "PutObject" and effect.key.startswith("reports/"):
        raise Refusal(403, "AccessDenied")
    return act()


def test_a_run_is_complete_without_the_report_that_could_not_be_written_and_its_log_says_why(
    deployment: Deployment,
) -> None:
    deployment.start(deployment.drop(FILE.content))
    deployment.fault = no_report
    deployment.run()
    (run,) = runs(deployment.universe)
    assert run["status"] == "complete"
    assert "report" not in run
    (event,) = deployment.universe.events
    assert event["DetailType"] == "ComplianceRunCompleted"
    assert event["Detail"]["ended_at"] == run["ended_at"]
    assert "report" not in event["Detail"]
    logged = [line for line in map(json.loads, deployment.log.getvalue().splitlines()) if "error" in line]
    assert [line["error"] for line in logged] == ["AwsRefused"]
    assert "PutObject" in logged[0]["message"]
    assert logged[0]["run_id"] == run["run_id"]


def test_the_report_of_a_run_that_is_retried_gives_way_to_a_new_one(deployment: Deployment) -> None:
    file = two_parts()
    deployment.universe.world.x.faults["get"] = [problem(403, "client-forbidden", "Not enrolled.")]
    journey(deployment, file, "x-hosted")
    (run,) = runs(deployment.universe)
    check_report(deployment.universe, run, file)
    (execution,) = (each for each in deployment.universe.machines.executions.values() if "Run" in each.machine)
    deployment.universe.machines.redrive(execution.arn)
    deployment.run(until=lambda execution: execution.state == "Plan Parts")
    assert "report" not in runs(deployment.universe)[0]
    deployment.run()
    check_complete(deployment, file, events=None)


@pytest.mark.parametrize("at", ["Accept Input", "Check Parts", "Write Report"])
def test_a_run_that_was_stopped_has_a_report_too(deployment: Deployment, at: str) -> None:
    file = two_parts()
    execution = deployment.start(deployment.drop(file.content))
    deployment.run(until=lambda execution: execution.state == at)
    deployment.universe.machines.abort(execution.arn)
    deployment.settle(execution.arn)
    (run,) = runs(deployment.universe)
    assert run["status"] == ("complete" if at == "Write Report" else "failed")
    check_report(deployment.universe, run, file)


def test_the_end_of_a_stopped_run_is_told_before_its_report_is_written(deployment: Deployment) -> None:
    """Lambda calls the function again that has failed, and keeps the event when that is of no use."""
    execution = deployment.start(deployment.drop(FILE.content))
    deployment.run(until=lambda execution: execution.state == "Accept Input")
    deployment.universe.machines.abort(execution.arn)
    deployment.fault = no_report
    for _ in range(2):
        with pytest.raises(StepError, match="AwsRefused"):
            deployment.settle(execution.arn)
    (run,) = runs(deployment.universe)
    assert run["status"] == "failed"
    assert "report" not in run
    assert [event["DetailType"] for event in deployment.universe.events] == ["ComplianceRunFailed"]
    deployment.fault = no_fault
    deployment.settle(execution.arn)
    (run,) = runs(deployment.universe)
    check_report(deployment.universe, run, FILE)
    assert len(deployment.universe.events) == 1
