"""``--json``: one document on stdout and nothing else, whatever is asked; and what exit statuses mean."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.test_cases import FILES
from xcompliance.cli import app
from xcompliance.stack import Stack

from .conftest import Invoke
from .fake_athena import Athena
from .items import RUN_ID, part_item, run_item, without

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

Write = Callable[[Mapping[str, Any]], None]

LIST = str(FILES / "tweets-e3-excel-guard.csv")
COMPLETE = run_item(records=0)
FAILED = run_item(status="failed", error="JobExpired", error_message="X reports the job as expired.")
GOING_ON = without(run_item(status="checking"), "ended_at")
ASKED: dict[str, tuple[tuple[str, ...], dict[str, Any], type]] = {
    "inspect": ((LIST, "--type", "tweets"), COMPLETE, dict),
    "submit": ((LIST, "--type", "tweets"), COMPLETE, dict),
    "runs": ((), COMPLETE, list),
    "show": ((RUN_ID,), COMPLETE, dict),
    "watch": ((RUN_ID,), COMPLETE, dict),
    "cancel": ((RUN_ID, "--yes"), GOING_ON, dict),
    "retry": ((RUN_ID,), FAILED, dict),
    "results": ((RUN_ID,), COMPLETE, list),
    "lookup": (("20", "--type", "tweets"), COMPLETE, list),
    "query": (("deleted",), COMPLETE, list),
}
"""What each is asked, of a run that stands so, and what its document is."""
ELSEWHERE = {"demo", "doctor", "datasets", "check", "policy", "preflight", "remove"}
"""The demo is there to be looked at, and has none; those of the others are tested with them."""


class StepFunctions:
    """Starts and stops."""

    @staticmethod
    def start_execution(**_: Any) -> dict[str, str]:
        return {"executionArn": "arn:again"}

    @staticmethod
    def stop_execution(**_: Any) -> None:
        pass


@pytest.fixture(autouse=True)
def deployed(stack: Stack, athena: Athena, index: "Table", monkeypatch: pytest.MonkeyPatch) -> None:
    stack.s3.create_bucket(Bucket="results")
    monkeypatch.setattr(Stack, "step_functions", StepFunctions)


def test_no_command_is_forgotten() -> None:
    names = {each.name or getattr(each.callback, "__name__", "") for each in app.registered_commands}
    assert names == {*ASKED} | ELSEWHERE


@pytest.mark.parametrize("command", ASKED)
def test_stdout_is_one_document(invoke: Invoke, write: Write, command: str) -> None:
    arguments, run, kind = ASKED[command]
    write(run)
    write(part_item())
    result = invoke(command, *arguments, "--json")
    assert result.exit_code == 0, result.output
    assert isinstance(json.loads(result.stdout), kind)


@pytest.mark.parametrize("command", [name for name, (arguments, *_) in ASKED.items() if RUN_ID in arguments])
def test_what_cannot_be_done_is_told_on_stderr_alone(invoke: Invoke, command: str) -> None:
    result = invoke(command, *ASKED[command][0], "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: There is no run {RUN_ID}.")


@pytest.mark.parametrize("command", ASKED)
def test_an_option_that_there_is_not_is_told_so_too(invoke: Invoke, command: str) -> None:
    result = invoke(command, *ASKED[command][0], "--json", "--nonsense")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--nonsense" in result.stderr


def test_what_has_not_ended_well_is_1_beside_the_document(invoke: Invoke, write: Write) -> None:
    write(FAILED)
    result = invoke("watch", RUN_ID, "--json")
    assert (result.exit_code, json.loads(result.stdout)["status"]) == (1, "failed")
    assert result.stderr.endswith("error: The run has failed: X reports the job as expired.\n")


@pytest.mark.parametrize("command", ["results", "query"])
def test_another_format_beside_it_is_a_contradiction(invoke: Invoke, write: Write, command: str) -> None:
    write(COMPLETE)
    result = invoke(command, *ASKED[command][0], "--json", "--format", "csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "contradict each other" in result.stderr


def test_an_answer_has_numbers_and_booleans_and_no_row_twice(invoke: Invoke) -> None:
    result = invoke("query", "deleted", "--json")
    assert json.loads(result.stdout) == [
        {"id": "9223372036854775807", "ids": 2, "known": True},
        {"id": "[bold]x, \u201cy\u201d", "ids": None, "known": False},
    ]


def test_the_exit_statuses_are_in_the_help(invoke: Invoke) -> None:
    text = " ".join(invoke("--help").stdout.split())
    assert "Exit status: 0 all well, 1 a run failed" in text
    assert "130 it was interrupted" in text
