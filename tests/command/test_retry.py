import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from xcompliance.stack import Stack

from .conftest import OUTPUTS, Invoke, json_of
from .items import RUN_ID, run_item

Write = Callable[[Mapping[str, Any]], None]


@pytest.fixture
def started(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What Step Functions is asked to start."""
    starts: list[dict[str, Any]] = []

    class StepFunctions:
        @staticmethod
        def start_execution(**arguments: Any) -> dict[str, str]:
            starts.append(arguments)
            return {"executionArn": "arn:again"}

    stack.__dict__["step_functions"] = StepFunctions
    monkeypatch.setattr("xcompliance.target.stack_of", lambda prefix: stack)
    return starts


def test_a_failed_run_is_started_again_for_the_same_version(
    invoke: Invoke, write: Write, started: list[dict[str, Any]]
) -> None:
    write(run_item(status="failed", error="JobExpired"))
    assert "The run begins again." in invoke("retry", RUN_ID).stdout
    (start,) = started
    assert start["stateMachineArn"] == OUTPUTS["RunStateMachineArn"]
    assert json.loads(start["input"]) == {
        "bucket": {"name": "inbox"},
        "object": {"key": "tweets/posts.txt", "version-id": "v1"},
        "retry": True,
    }


@pytest.mark.parametrize("status", ["registered", "checking", "complete"])
def test_any_other_run_is_not(invoke: Invoke, write: Write, started: list[dict[str, Any]], status: str) -> None:
    write(run_item(status=status))
    result = invoke("retry", RUN_ID)
    assert result.exit_code == 2
    assert "only a failed one can be started again" in result.stderr
    assert started == []


def test_it_is_followed_from_its_new_beginning_on(
    invoke: Invoke, write: Write, started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [
        lambda: write(run_item(status="failed", error="JobExpired")),
        lambda: write(run_item(status="checking", execution_arn="arn:again")),
        lambda: write(run_item(execution_arn="arn:again")),
    ]
    steps.pop(0)()
    monkeypatch.setattr("time.sleep", lambda seconds: steps.pop(0)())
    document = json_of(invoke("retry", RUN_ID, "--wait", "--json"))
    assert (document["status"], document["execution_arn"]) == ("complete", "arn:again")


def test_a_run_that_does_not_begin_again_is_not_waited_for_for_ever(
    invoke: Invoke, write: Write, started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(run_item(status="failed", error="JobExpired"))
    monkeypatch.setattr("xcompliance.retry.TAKEN_OVER_WITHIN_SECONDS", 0.01)
    result = invoke("retry", RUN_ID, "--wait")
    assert result.exit_code == 1
    assert "Look at its execution: arn:again" in result.stderr


def test_a_failed_run_says_how_to_go_on(stack: Stack, invoke: Invoke, write: Write) -> None:
    write(run_item(status="failed", error="JobExpired", error_message="X reports the job as expired."))
    assert f"xcompliance retry {RUN_ID}" in invoke("show", RUN_ID).stdout
