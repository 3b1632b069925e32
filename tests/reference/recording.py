"""Runs of all kinds in memory: each expression is kept with the variables that it saw and the value it had."""

import copy
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.faults import interpreter, test_aborts, test_datasets
from tests.faults.deployment import Deployment, Generation, generation
from tests.faults.interpreter import Execution, StepError
from tests.faults.truth import FIRST, one_part, two_parts
from tests.statemachine.machine import EXPRESSION, JOB, RUN, Machine

STEPS_AFTER_A_FAILURE = 12
CAUSES = ("", json.dumps({"errorMessage": "AWS refused it.", "errorType": "AwsRefused", "stackTrace": []}))
"""A timeout has no cause."""


class Placed(str):
    """An expression that knows where in which definition it stands."""

    __slots__ = ("place",)
    place: str


@dataclass
class Recording:
    """What the expressions of both machines have seen and said, by their places."""

    seen: dict[str, dict[str, tuple[dict[str, Any], Any]]] = field(default_factory=lambda: defaultdict(dict))
    texts: dict[str, str] = field(default_factory=dict)

    def note(self, expression: Placed, variables: dict[str, Any], value: Any) -> None:
        """Keep one evaluation, once."""
        text = json.dumps(variables, sort_keys=True)
        self.seen[expression.place].setdefault(text, (json.loads(text), json.loads(json.dumps(value))))


def places(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """Yield where each expression of a definition stands, and its text."""
    if isinstance(value, str) and (match := EXPRESSION.fullmatch(value)):
        yield at, match[1].strip()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from places(item, f"{at}/{name}")


def placed(value: Any, at: str) -> Any:
    """Return a definition whose expressions know where they stand."""
    if isinstance(value, dict):
        return {name: placed(item, f"{at}/{name}") for name, item in value.items()}
    if isinstance(value, list):
        return [placed(item, f"{at}/{number}") for number, item in enumerate(value)]
    if isinstance(value, str) and EXPRESSION.fullmatch(value):
        expression = Placed(value)
        expression.place = at
        return expression
    return value


def record(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Return what the expressions of both machines see and say in all kinds of runs."""
    recording = Recording()
    evaluated = interpreter._evaluated

    def evaluate(value: Any, variables: dict[str, Any]) -> Any:
        result = evaluated(value, variables)
        if isinstance(value, Placed):
            recording.note(value, variables, result)
        return result

    monkeypatch.setattr(interpreter, "_evaluated", evaluate)
    for name, machine in (("XComplianceRun", RUN), ("XComplianceJob", JOB)):
        recording.texts |= dict(places(machine.definition, machine.name))
        twin = Machine(machine.name)
        twin.__dict__["definition"] = placed(machine.definition, machine.name)
        monkeypatch.setitem(interpreter.MACHINES, name, twin)
    beginning = deployment.snapshot()
    failed: set[tuple[str, str]] = set()
    for story in STORIES:
        deployment.universe = copy.deepcopy(beginning)
        story(deployment)
        while execution := deployment.universe.machines.next():
            _fail_once(deployment, execution, failed)
            deployment.step(execution)
        _redrive(deployment)
    return recording


def _fail_once(deployment: Deployment, execution: Execution, failed: set[tuple[str, str]]) -> None:
    """Let a copy of everything go on after each error that the present state catches, with a cause and without."""
    place = (execution.machine, execution.state)
    if place in failed:
        return
    failed.add(place)
    present = deployment.universe
    for catcher in execution.definition.states[execution.state].catches:
        error = catcher["ErrorEquals"][0]
        for cause in CAUSES:
            deployment.universe = copy.deepcopy(present)
            machines = deployment.universe.machines
            machines.fail(
                machines.executions[execution.arn], StepError("AwsRefused" if error == "States.ALL" else error, cause)
            )
            for _ in range(STEPS_AFTER_A_FAILURE):
                if following := machines.next():
                    deployment.step(following)
    deployment.universe = present


def _redrive(deployment: Deployment) -> None:
    machines = deployment.universe.machines
    for execution in [*machines.executions.values()]:
        if execution.status == "FAILED":
            machines.redrive(execution.arn)
            deployment.run()


def _files(trouble: Callable[[Deployment], None], where: Generation) -> Callable[[Deployment], None]:
    """Return the story of two files of two parts each, and of what happens to them."""

    def story(deployment: Deployment) -> None:
        generation(deployment.universe, where)
        for name, file in test_aborts.FILES.items():
            deployment.start(deployment.drop(file.content, file.key), name)
        trouble(deployment)

    return story


def _well(deployment: Deployment) -> None:
    deployment.start(deployment.drop(two_parts().content))


def _twice(deployment: Deployment) -> None:
    source = deployment.drop(one_part().content)
    deployment.start(source, "first")
    deployment.run()
    deployment.start(source, "second")


def _users(deployment: Deployment) -> None:
    deployment.configure(part_size_mb=1, reject_limit_percent=50.0, deduplicate_across_parts=False)
    deployment.start(deployment.drop(one_part(FIRST, "users/ids.txt").content, "users/ids.txt"))
    deployment.run()
    deployment.configure(part_size_mb=1, reject_limit_percent=50.0, deduplicate_across_parts=True)


def _folder(deployment: Deployment) -> None:
    deployment.start(deployment.drop(b"", "tweets/folder/"))


def _rejected(deployment: Deployment) -> None:
    deployment.start(deployment.drop(b"no ID\n" * 9))


def _lost_session(deployment: Deployment) -> None:
    generation(deployment.universe, "resumable")
    deployment.start(deployment.drop(one_part().content))
    deployment.run(until=lambda execution: execution.state == "Upload Part")
    deployment.universe.world.gcs.sessions.clear()


def _retry(deployment: Deployment) -> None:
    """X does not answer at first, and Lambda has no room for a function."""
    _well(deployment)
    deployment.universe.world.x.faults["create"] = ["unheard"]
    execution = deployment.run(until=lambda each: each.state == "Plan Parts")
    assert execution is not None
    deployment.universe.machines.fail(execution, StepError("Lambda.TooManyRequestsException", ""))


def _datasets(deployment: Deployment) -> None:
    """One is under way, one waits for it, one is skipped; and Athena says what another one holds."""
    test_datasets.put_files(deployment)
    deployment.start(test_datasets.check_at(test_datasets.MONDAY), "one")
    deployment.run(until=test_datasets.goes_on)
    deployment.start(test_datasets.check_at(test_datasets.TUESDAY), "two")
    deployment.start(test_datasets.check_at(test_datasets.WEDNESDAY), "three")


def _query(deployment: Deployment) -> None:
    deployment.universe.aws.found = one_part().content
    deployment.start(test_datasets.check_at(test_datasets.MONDAY, **test_datasets.QUERY))


STORIES = (
    _well,
    _twice,
    _users,
    _folder,
    _rejected,
    _lost_session,
    _retry,
    _datasets,
    _query,
    _files(test_aborts.conflict, "plain"),
    _files(test_aborts.refusal, "x-hosted"),
    _files(test_aborts.absence, "x-hosted"),
    _files(test_aborts.silence, "x-hosted"),
    _files(test_aborts.loss, "x-hosted"),
)
