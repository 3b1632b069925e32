import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from xcompliance.cli import app
from xcompliance.stack import Stack

from .conftest import Invoke
from .items import RUN_ID, run_item, without

Write = Callable[[Mapping[str, Any]], None]
EXECUTION = "arn:aws:states:us-east-1:0:execution:run"


class StepFunctions:
    """Remembers which executions are stopped."""

    def __init__(self) -> None:
        self.stopped: list[str] = []

    def stop_execution(self, executionArn: str, error: str, cause: str) -> None:  # noqa: N803 -- as boto3 names it
        assert len(error) <= 256
        assert len(cause) <= 32_768
        self.stopped.append(executionArn)


@pytest.fixture
def step_functions(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> StepFunctions:
    fake = StepFunctions()
    monkeypatch.setattr(Stack, "step_functions", fake)
    return fake


@pytest.fixture
def going_on(write: Write) -> None:
    write(without(run_item(status="checking"), "ended_at"))


def answering(answer: str) -> Result:
    return CliRunner().invoke(app, ["cancel", RUN_ID], input=answer)


def test_the_execution_of_a_run_that_goes_on_is_stopped(
    going_on: None, invoke: Invoke, step_functions: StepFunctions
) -> None:
    result = invoke("cancel", RUN_ID, "--yes")
    assert result.exit_code == 0, result.output
    assert step_functions.stopped == [EXECUTION]
    assert "its job at X is cancelled" in result.stdout
    assert f"xcompliance watch {RUN_ID}" in result.stdout
    assert f"xcompliance retry {RUN_ID}" in result.stdout


def test_it_is_stopped_when_that_is_confirmed(going_on: None, step_functions: StepFunctions) -> None:
    result = answering("y\n")
    assert result.exit_code == 0, result.output
    assert f"Stop the run {RUN_ID}?" in result.stderr
    assert step_functions.stopped == [EXECUTION]


@pytest.mark.parametrize(("answer", "message"), [("n\n", "the run goes on"), ("\n", "the run goes on"), ("", "--yes")])
def test_it_goes_on_unless_that_is_confirmed(
    going_on: None, step_functions: StepFunctions, answer: str, message: str
) -> None:
    result = answering(answer)
    assert result.exit_code == 2
    assert message in result.stderr
    assert step_functions.stopped == []


@pytest.mark.parametrize("status", ["complete", "failed"])
def test_a_run_that_has_ended_is_not_stopped(
    write: Write, invoke: Invoke, step_functions: StepFunctions, status: str
) -> None:
    write(run_item(status=status))
    result = invoke("cancel", RUN_ID, "--yes")
    assert result.exit_code == 2
    assert f"The run {RUN_ID} has ended: it is {status}" in result.stderr
    assert step_functions.stopped == []


def test_a_run_that_there_is_not_is_not_stopped(invoke: Invoke, step_functions: StepFunctions) -> None:
    result = invoke("cancel", "tweets-nope", "--yes")
    assert result.exit_code == 2
    assert "There is no run tweets-nope." in result.stderr


def test_a_run_tells_its_execution(write: Write, invoke: Invoke) -> None:
    write(run_item())
    assert json.loads(invoke("show", RUN_ID, "--json").stdout)["execution_arn"] == EXECUTION
