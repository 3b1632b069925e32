import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from xcompliance.stack import Stack

from .conftest import OUTPUTS, Invoke
from .items import RUN_ID, run_item

Write = Callable[[Mapping[str, Any]], None]


@pytest.fixture
def started(stack: Stack) -> list[dict[str, Any]]:
    """What Step Functions is asked to start."""
    starts: list[dict[str, Any]] = []

    class StepFunctions:
        @staticmethod
        def start_execution(**arguments: Any) -> None:
            starts.append(arguments)

    stack.__dict__["step_functions"] = StepFunctions
    return starts


def test_a_failed_run_is_started_again_for_the_same_version(
    stack: Stack, invoke: Invoke, write: Write, started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xcompliance.cli._stack", lambda prefix: stack)
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
def test_any_other_run_is_not(
    stack: Stack,
    invoke: Invoke,
    write: Write,
    started: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    status: str,
) -> None:
    monkeypatch.setattr("xcompliance.cli._stack", lambda prefix: stack)
    write(run_item(status=status))
    result = invoke("retry", RUN_ID)
    assert result.exit_code == 2
    assert "only a failed one can be started again" in result.stderr
    assert started == []


def test_a_failed_run_says_how_to_go_on(stack: Stack, invoke: Invoke, write: Write) -> None:
    write(run_item(status="failed", error="JobExpired", error_message="X reports the job as expired."))
    assert f"xcompliance retry {RUN_ID}" in invoke("show", RUN_ID).stdout
