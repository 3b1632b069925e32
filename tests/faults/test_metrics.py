"""Metrics count what has happened: each thing once, also when functions die, and nothing that has not."""

from typing import Any

import pytest

from compliance.metrics import METRICS, NAMESPACE
from tests.emf import Name, metrics_in
from tests.fakes.x import problem
from tests.faults.deployment import (
    GENERATIONS,
    Act,
    Deployment,
    Died,
    Effect,
    Generation,
    generation,
    no_fault,
)
from tests.faults.interpreter import Execution
from tests.faults.journey import go_back, journey
from tests.faults.test_datasets import check_at
from tests.faults.truth import File, check_complete, one_part, parts, runs, two_parts
from tests.unit.conftest import INBOX
from xcompliance.sandbox.simulator.jobs import Status

DAY = 86_400


def told(deployment: Deployment) -> dict[tuple[str, str], float]:
    """The sums of all metrics, by name and the value of the dimension beside the service."""
    found: dict[tuple[str, str], float] = {}
    for name, values in metrics_in(deployment.log.getvalue().splitlines()).items():
        assert name.namespace == NAMESPACE
        dimensions = dict(name.dimensions)
        assert dimensions.pop("service") == "XCompliance"
        (value,) = dimensions.values() or [""]
        found[name.metric, value] = sum(values)
    return found


def levels(deployment: Deployment) -> dict[tuple[str, str], float]:
    """What the schedule tells now."""
    deployment.log.seek(0)
    deployment.log.truncate()
    deployment.sweep()
    return told(deployment)


def run(deployment: Deployment, file: File) -> dict[str, Any]:
    journey(deployment, file, "x-hosted")
    (found,) = runs(deployment.universe)
    return found


def test_a_run_that_goes_well_is_told_of_once_in_each_of_its_figures(deployment: Deployment) -> None:
    file = two_parts()
    record = run(deployment, file)
    check_complete(deployment, file)
    metrics = told(deployment)
    assert metrics["IdsChecked", ""] == len(file.ids)
    assert metrics["IdsAffected", "delete"] == record["affected"]
    assert metrics["LinesRejected", ""] == file.rejected
    assert metrics["RunsCompleted", ""] == 1
    assert metrics["XRequests", ""] == record["consumed"]["x_creates"] + record["consumed"]["x_gets"]
    assert metrics["CostAws", ""] == pytest.approx(record["cost_aws_usd"])
    assert metrics["CostX", ""] == pytest.approx(record["cost_x_usd"])
    assert {name for name, _ in metrics} == {
        *("IdsChecked", "IdsAffected", "LinesRejected", "RunsCompleted", "CostAws", "CostX"),
        *("XRequests", "XRequestsLeft"),
    }


def test_no_death_of_a_function_makes_anything_count_twice(deployment: Deployment) -> None:
    """What dies between writing down and telling is not told of; whoever comes next does not tell of it again."""
    file = two_parts()
    once = told_by(deployment, file)
    for invocation in journey_of(deployment, file):
        for effect in invocation.effects:
            if not effect.changes:
                continue
            go_back(deployment, invocation)
            deployment.fault = dies_after(effect)
            deployment.run()
            deployment.fault = no_fault
            metrics = told(deployment)
            for name in ("IdsChecked", "IdsAffected", "LinesRejected", "RunsCompleted", "CostX"):
                for key in [key for key in metrics if key[0] == name]:
                    assert metrics[key] <= once[key] + 0.02 * (name == "CostX"), f"{key} after {effect}"


def told_by(deployment: Deployment, file: File) -> dict[tuple[str, str], float]:
    fresh = deployment.snapshot()
    run(deployment, file)
    metrics = told(deployment)
    deployment.universe = fresh
    return metrics


def journey_of(deployment: Deployment, file: File) -> list[Any]:
    ends = ("prepare_part", "index_results", "publish_run")
    return [each for each in journey(deployment, file, "x-hosted") if each.function in ends]


def dies_after(effect: Effect) -> Any:
    seen: list[Effect] = []

    def fault(now: Effect, act: Act) -> Any:
        answer = act()
        if now.number == effect.number and not seen:
            seen.append(now)
            raise Died("Runtime.ExitError")
        return answer

    return fault


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (401, "unauthorized", "BadCredentials"),
        (402, "credits-depleted", "CreditsDepleted"),
        (429, "usage-capped", "UsageCapExceeded"),
        (403, "credits", "UsageCapExceeded"),
    ],
)
def test_a_refusal_after_which_x_does_nothing_is_a_failed_part_of_that_name(
    deployment: Deployment, status: int, kind: str, error: str
) -> None:
    deployment.universe.world.x.faults["create"] = [problem(status, kind, "No.")] * 3
    record = run(deployment, one_part())
    assert record["error"] == error
    metrics = told(deployment)
    assert (metrics["PartsFailed", error], metrics["RunsFailed", error], metrics["RunsFailed", ""]) == (1, 1, 1)
    assert ("IdsChecked", "") not in metrics
    (event,) = (each for each in deployment.universe.events if each["DetailType"] == "CompliancePartFailed")
    assert (event["Detail"]["part"], event["Detail"]["error"], event["Detail"]["accepted"]) == (1, error, 3)
    assert event["Detail"]["object_key"] == parts(deployment.universe)[0]["object_key"]


def test_credits_that_auto_recharge_buys_within_eleven_minutes_are_no_failure(deployment: Deployment) -> None:
    no_credits = problem(402, "credits", "No credits.")
    began = deployment.universe.clock.now()
    deployment.universe.world.x.faults |= {"create": [no_credits] * 2, "get": [no_credits] * 2}
    assert run(deployment, one_part())["status"] == "complete"
    assert deployment.universe.clock.now() - began > 4 * 300
    assert not [key for key in told(deployment) if key[0] in ("PartsFailed", "RunsFailed")]


def test_a_token_that_was_rotated_in_between_is_no_failure(deployment: Deployment) -> None:
    deployment.universe.world.x.faults["create"] = [problem(401, "unauthorized", "No.")]
    assert run(deployment, one_part())["status"] == "complete"
    assert not [key for key in told(deployment) if key[0] in ("PartsFailed", "RunsFailed")]


def test_a_run_that_is_started_again_costs_what_it_has_not_cost_before(deployment: Deployment) -> None:
    deployment.universe.world.x.faults["create"] = [problem(402, "credits-depleted", "No credits.")] * 3
    file = one_part()
    run(deployment, file)
    (execution,) = (each for each in deployment.universe.machines.executions.values() if "Run" in each.machine)
    deployment.universe.machines.redrive(execution.arn)
    deployment.run()
    (record,) = runs(deployment.universe)
    metrics = told(deployment)
    assert record["status"] == "complete"
    assert (metrics["RunsFailed", ""], metrics["RunsCompleted", ""], metrics["IdsChecked", ""]) == (1, 1, 3)
    assert metrics["CostX", ""] == pytest.approx(record["cost_x_usd"])
    assert metrics["CostAws", ""] == pytest.approx(record["cost_aws_usd"])


@pytest.mark.parametrize("is_stopped_again", [False, True])
def test_the_end_of_a_run_that_was_redriven_on_its_way_is_told_as_one_of_its_own(
    deployment: Deployment, is_stopped_again: bool
) -> None:
    """It does not begin again, so its record still knows that another end was told."""
    file = one_part()
    run = deployment.start(deployment.drop(file.content))
    deployment.run(until=lambda execution: execution.state == "Check Part")
    deployment.universe.machines.abort(run.arn)
    deployment.settle(run.arn)
    deployment.universe.machines.redrive(run.arn)
    deployment.run(until=lambda execution: is_stopped_again and execution.state == "Write Report")
    if is_stopped_again:
        deployment.universe.machines.abort(run.arn)
        deployment.settle(run.arn)
    check_complete(deployment, file, events=2)
    metrics = told(deployment)
    assert (metrics["RunsFailed", ""], metrics["RunsCompleted", ""]) == (1, 1)


def test_the_schedule_tells_what_runs_and_what_waits(deployment: Deployment) -> None:
    for number in range(3):
        file = one_part(key=f"tweets/{number}.txt")
        deployment.start(deployment.drop(file.content, file.key), f"run-{number}")
    deployment.run(until=lambda execution: execution.state == "Wait For X")
    while all(execution.state != "Take Turn" for execution in deployment.universe.machines.executions.values()):
        execution = deployment.universe.machines.next()
        assert execution is not None
        deployment.step(execution)
    deployment.universe.clock.advance(7200)
    metrics = levels(deployment)
    assert metrics["RunsOpen", ""] == 3
    assert 7200 <= metrics["OldestRunAge", ""] < 8000
    assert 7000 <= metrics["TurnHeld", "tweets"] < 8000
    assert metrics["JobsWaiting", "tweets"] >= 1
    assert ("TurnHeld", "users") not in metrics


def test_the_schedule_says_that_it_has_looked_when_there_is_nothing(deployment: Deployment) -> None:
    assert levels(deployment) == {("RunsOpen", ""): 0}


def test_the_schedule_tells_how_long_an_answer_waits_that_nobody_has_downloaded(deployment: Deployment) -> None:
    deployment.start(deployment.drop(one_part().content))
    deployment.run(until=lambda execution: execution.state == "Download Results")
    created = deployment.universe.clock.now()
    deployment.universe.clock.advance(5 * 86_400)
    left = levels(deployment)["ResultsTimeLeft", ""]
    assert 2 * 86_400 - 3600 < left <= 2 * 86_400, created
    deployment.universe.clock.advance(3 * 86_400)
    assert ("ResultsTimeLeft", "") not in levels(deployment)


@pytest.mark.parametrize("where", GENERATIONS)
def test_the_schedule_tells_of_an_answer_that_nobody_waits_for_any_more(
    deployment: Deployment, where: Generation
) -> None:
    """The execution was stopped: X has completed the job by then, or cannot cancel it and completes it later."""
    job = stopped_while_x_works(deployment, where, status="complete" if where == "x-hosted" else "in_progress")
    deployment.universe.clock.advance(5 * DAY)
    left = levels(deployment)["ResultsTimeLeft", ""]
    assert 2 * DAY - 3600 < left <= 2 * DAY
    deployment.universe.world.x.job().status = "complete"
    deployment.universe.machines.redrive(job.parent or "")
    deployment.run()
    (record,) = runs(deployment.universe)
    assert (record["status"], len(deployment.universe.world.x.jobs)) == ("complete", 1)
    assert ("ResultsTimeLeft", "") not in levels(deployment)


def test_a_job_that_x_has_cancelled_leaves_no_answer_to_expire(deployment: Deployment) -> None:
    stopped_while_x_works(deployment, "x-hosted", status="in_progress")
    assert ("ResultsTimeLeft", "") not in levels(deployment)


def stopped_while_x_works(deployment: Deployment, where: Generation, *, status: Status) -> Execution:
    generation(deployment.universe, where)
    deployment.start(deployment.drop(one_part().content))
    job = deployment.run(until=lambda execution: execution.state == "Wait For X")
    assert job is not None
    deployment.universe.world.x.job().status = status
    deployment.universe.machines.abort(job.arn)
    deployment.settle(job.arn)
    deployment.run()
    return job


def test_an_answer_that_was_downloaded_does_not_expire(deployment: Deployment) -> None:
    deployment.start(deployment.drop(one_part().content))
    deployment.run(until=lambda execution: execution.state == "Write Results")
    assert ("ResultsTimeLeft", "") not in levels(deployment)


def test_a_metric_has_few_dimensions_and_says_what_it_is() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert len(metric.by) <= 2
        assert metric.says.endswith(".")
        assert Name.of(NAMESPACE, metric.name)


def test_the_schedule_tells_how_old_the_last_check_of_each_dataset_is(deployment: Deployment) -> None:
    """Of one that was never checked, how long it has been there."""
    deployment.monkeypatch.setenv("DATASETS", "weekly other")
    deployment.configure(part_size_mb=1, reject_limit_percent=50.0)
    assert levels(deployment)["CheckAge", "weekly"] < 60
    deployment.universe.aws.put(INBOX, "datasets/tweets/weekly/ids.txt", one_part().content)
    deployment.universe.clock.advance(DAY)
    deployment.start(check_at("2026-11-23T03:00:00Z"))
    deployment.run()
    deployment.universe.clock.advance(DAY)
    found = levels(deployment)
    assert DAY <= found["CheckAge", "weekly"] < 2 * DAY <= found["CheckAge", "other"]
