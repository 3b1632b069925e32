import json
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
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


@pytest.mark.parametrize(("until", "exit_code"), [("2026-11-24T00:00:00.000Z", 2), ("9999-01-01T00:00:00.000Z", 0)])
def test_a_run_whose_copies_are_gone_is_not_and_the_reason_is_said(
    stack: Stack,
    invoke: Invoke,
    write: Write,
    started: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    until: str,
    exit_code: int,
) -> None:
    monkeypatch.setattr("xcompliance.retry.datetime", Later)
    write(run_item(status="failed", error="JobExpired", copies_expire_at=until))
    result = invoke("retry", RUN_ID)
    assert result.exit_code == exit_code
    assert len(started) == 1 - exit_code / 2
    assert ("was kept until 2026-11-24: it cannot be started again. Drop the file again" in result.stderr) == (
        exit_code == 2
    )


class Later(datetime):
    """A year in which the machine's own clock plays no part."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Later":
        return cls(2027, 1, 1, tzinfo=tz)


def test_a_failed_run_says_how_to_go_on(stack: Stack, invoke: Invoke, write: Write) -> None:
    write(run_item(status="failed", error="JobExpired", error_message="X reports the job as expired."))
    assert f"xcompliance retry {RUN_ID}" in invoke("show", RUN_ID).stdout
