"""The row that Athena has of a run: what it says, and that no older end ever takes its place."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from adapters import event_bus, objects, runs_table
from compliance.attempts import Attempt
from compliance.errors import RunTakenOver
from compliance.run_rows import RUNS, run_row
from compliance.runs import Run, dataset_of, runs_key, summary
from tests.unit.conftest import EXECUTION, Functions

KEY = "runs/type=tweets/checked_on=2026-11-23/tweets-0123456789abcdef.json"
OTHER = EXECUTION.replace(":one", ":two")


def a_run(**attributes: Any) -> Run:
    run: dict[str, Any] = {
        "run_id": "tweets-0123456789abcdef",
        "type": "tweets",
        "status": "complete",
        "bucket": "inbox",
        "key": "datasets/tweets/nightly/2026-11-23/_SUCCESS",
        "version_id": "v",
        "execution_arn": EXECUTION,
        "started_at": "2026-11-23T12:00:00.123Z",
        "checked_on": "2026-11-23",
    }
    return cast(Run, run | attributes)


@pytest.fixture
def failed(functions: Functions) -> None:
    """A run that has failed and was not told of."""
    runs_table.register(a_run(status="registered"), Attempt(EXECUTION), retry=False)
    runs_table.fail_run(a_run()["run_id"], Attempt(EXECUTION), ("JobFailed", "X reports it."), "2026-11-23T13:00:00Z")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    monkeypatch.setattr(event_bus, "publish", lambda _, detail: events.append(detail))
    return events


def publish(functions: Functions, execution: str = EXECUTION) -> None:
    event = {"run_id": a_run()["run_id"], "execution_arn": execution, "summary": summary(a_run())}
    functions.invoke("publish_run", event)


def row(functions: Functions) -> dict[str, Any]:
    (line,) = functions.object(KEY).splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_row_has_every_column_also_where_the_record_says_nothing() -> None:
    line = run_row(a_run(status="failed"))
    assert line.count(b"\n") == 1
    assert list(json.loads(line)) == [column.name for column in RUNS]
    assert json.loads(line)["affected"] is None


def test_a_time_is_written_as_athena_reads_it() -> None:
    assert json.loads(run_row(a_run()))["started_at"] == "2026-11-23 12:00:00.123"
    assert json.loads(run_row(a_run(ended_at="2026-11-23T12:00:00Z")))["ended_at"] == "2026-11-23 12:00:00.000"


def test_counts_by_words_of_x_are_json_in_a_string_and_warnings_a_list() -> None:
    written = json.loads(run_row(a_run(by_action={"scrub_geo": 1, "delete": 2}, warnings=["odd \u2028 IDs"])))
    assert written["by_action"] == '{"delete": 2, "scrub_geo": 1}'
    assert written["warnings"] == ["odd \u2028 IDs"]


@pytest.mark.parametrize(
    ("key", "dataset"),
    [
        ("datasets/tweets/nightly/2026-11-23/_SUCCESS", "nightly"),
        ("datasets/tweets/nightly/_SUCCESS", "nightly"),
        ("datasets/tweets/_SUCCESS", "datasets/tweets/_SUCCESS"),
        ("tweets/ids.txt", "tweets/ids.txt"),
        ("tweets/2026/_SUCCESS", "tweets/2026/_SUCCESS"),
    ],
)
def test_a_dataset_is_called_by_its_folder_and_a_file_by_its_key(key: str, dataset: str) -> None:
    assert dataset_of(a_run(key=key)) == dataset
    assert json.loads(run_row(a_run(key=key)))["dataset"] == dataset


def test_a_dataset_that_the_run_names_goes_before_its_folder() -> None:
    assert json.loads(run_row(a_run(dataset="archive")))["dataset"] == "archive"


def test_a_row_lies_where_the_table_looks_for_it(functions: Functions, told: list[dict[str, Any]]) -> None:
    runs_table.register(a_run(), Attempt(EXECUTION), retry=False)
    publish(functions)
    assert functions.keys("runs/") == [runs_key(a_run())] == [KEY]
    assert row(functions)["status"] == "complete"
    assert len(told) == 1


def test_a_run_that_is_retried_has_one_row_which_says_its_last_end(
    functions: Functions, failed: None, told: list[dict[str, Any]]
) -> None:
    publish(functions)
    assert (row(functions)["status"], row(functions)["error"]) == ("failed", "JobFailed")
    runs_table.register(a_run(execution_arn=OTHER), Attempt(OTHER), retry=True)
    runs_table.update_run(a_run()["run_id"], attempt=Attempt(OTHER), status="complete")
    publish(functions, OTHER)
    assert functions.keys("runs/") == [KEY]
    assert (row(functions)["status"], row(functions)["error"]) == ("complete", None)


def test_a_run_that_has_begun_again_is_not_said_to_have_ended(
    functions: Functions, failed: None, told: list[dict[str, Any]]
) -> None:
    runs_table.register(a_run(execution_arn=OTHER), Attempt(OTHER), retry=True)
    for execution in (EXECUTION, OTHER):
        with pytest.raises(RunTakenOver):
            publish(functions, execution)
    assert functions.keys("runs/") == []
    assert not told


@pytest.mark.parametrize("has_row", [False, True])
def test_one_who_stood_still_does_not_write_over_a_newer_end(
    functions: Functions, failed: None, told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, has_row: bool
) -> None:
    """It has read the record, and stands still while another execution takes the run over and completes it."""
    replace: Callable[..., bool] = objects.replace
    if has_row:
        publish(functions)

    def stand_still(*arguments: Any) -> bool:
        monkeypatch.setattr(objects, "replace", replace)
        runs_table.register(a_run(status="registered", execution_arn=OTHER), Attempt(OTHER), retry=True)
        runs_table.update_run(a_run()["run_id"], attempt=Attempt(OTHER), status="complete")
        publish(functions, OTHER)
        return replace(*arguments)

    monkeypatch.setattr(objects, "replace", stand_still)
    with pytest.raises(RunTakenOver):
        publish(functions)
    assert row(functions)["status"] == "complete"
