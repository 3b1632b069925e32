"""A child of a Distributed Map has the time that its retries need, and a slow one does not end the others."""

from typing import Any

import pytest

from tests.faults.deployment import Act, Deployment, Died, Effect
from tests.faults.interpreter import EXPRESS_SECONDS, StepError
from tests.faults.truth import check_complete, two_parts
from tests.statemachine.machine import JOB, RUN, Machine, State

FILE = two_parts()
CHILDREN = ("prepare_part", "deduplicate_part")
A_WHILE = 10.0
"""Seconds that each call of a function takes which works slowly."""

NEW_ACCOUNT_THROTTLES = 1_800.0
"""Seconds for which other invocations take the 10 that a new account may have at once."""


def longest(state: State) -> float:
    """Return the most seconds that a state can take: each try as long as it may, and each pause before a retry."""
    if state.type == "Pass":
        return 0
    assert state.type == "Task", f"{state.name} needs a bound of its own"
    pauses = [
        min(retry["IntervalSeconds"] * retry["BackoffRate"] ** attempt, retry["MaxDelaySeconds"])
        for retry in state.body.get("Retry", [])
        for attempt in range(retry["MaxAttempts"])
    ]
    return float(state.body["TimeoutSeconds"] * (1 + len(pauses)) + sum(pauses))


def too_long(machine: Machine) -> list[str]:
    """Return what an Express child has no time for: the attempts of all its states, and the pauses between them."""
    return [
        f"{each.name} may take {seconds:g} s"
        for each, states in machine.children("EXPRESS")
        if (seconds := sum(map(longest, states))) > EXPRESS_SECONDS
    ]


@pytest.mark.parametrize("machine", [RUN, JOB], ids=lambda machine: machine.name)
def test_all_attempts_of_an_express_child_fit_into_its_five_minutes(machine: Machine) -> None:
    assert too_long(machine) == []


def test_an_express_child_whose_attempts_do_not_fit_is_found() -> None:
    pauses = {"IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 8, "MaxDelaySeconds": 300}
    task = {"Type": "Task", "TimeoutSeconds": 290, "Retry": [{"ErrorEquals": ["A"], **pauses}], "End": True}
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    each = {"Type": "Map", "ItemProcessor": {"ProcessorConfig": config, "StartAt": "Act", "States": {"Act": task}}}
    machine = Machine("synthetic")
    machine.__dict__["definition"] = {"StartAt": "Each", "States": {"Each": each}}
    assert too_long(machine) == ["Each may take 3120 s"]
    task["Retry"] = []
    assert too_long(machine) == []


@pytest.mark.parametrize("function", CHILDREN)
def test_a_first_attempt_that_runs_out_of_time_ends_neither_its_part_nor_the_others(
    deployment: Deployment, function: str
) -> None:
    attempts: list[Effect] = []

    def fault(effect: Effect, act: Act) -> Any:
        if effect.function == function:
            attempts.append(effect)
            deployment.universe.clock.advance(deployment.universe.clock.left if len(attempts) == 1 else A_WHILE)
            if len(attempts) == 1:
                raise Died("Sandbox.Timedout")
        return act()

    deployment.fault = fault
    deployment.start(deployment.drop(FILE.content, FILE.key))
    deployment.run()
    assert len(attempts) > 1
    check_complete(deployment, FILE, jobs=2)


@pytest.mark.parametrize("function", CHILDREN)
def test_an_account_that_runs_few_functions_at_once_prepares_all_parts_in_time(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    until = deployment.universe.clock.now() + NEW_ACCOUNT_THROTTLES
    invoke, throttled = deployment.call, []

    def call(name: str, payload: Any) -> Any:
        if name == function and deployment.universe.clock.now() < until:
            throttled.append(name)
            raise StepError("Lambda.TooManyRequestsException", "Rate Exceeded.")
        return invoke(name, payload)

    monkeypatch.setattr(deployment, "call", call)
    deployment.start(deployment.drop(FILE.content, FILE.key))
    deployment.run()
    assert throttled
    check_complete(deployment, FILE, jobs=2)


@pytest.mark.parametrize("function", CHILDREN)
def test_a_part_that_runs_out_of_time_at_each_attempt_fails_the_run_under_that_name(
    deployment: Deployment, function: str
) -> None:
    def fault(effect: Effect, act: Act) -> Any:
        if effect.function == function:
            deployment.universe.clock.advance(deployment.universe.clock.left)
            raise Died("Sandbox.Timedout")
        return act()

    deployment.fault = fault
    run = deployment.start(deployment.drop(FILE.content, FILE.key))
    deployment.run()
    assert (run.status, run.error) == ("FAILED", "StepFailed")
    assert "Sandbox.Timedout" in run.cause
