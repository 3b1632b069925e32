"""How a run ends, and what is told of it."""

import json
from typing import Any

import pytest

from adapters import runs_table
from compliance.attempts import Attempt
from compliance.errors import JobNotFound
from compliance.runs import Part, PartRef, Run, summary
from tests.unit.conftest import EXECUTION, Functions

RUN_ID = "tweets-0123456789abcdef"
CAUSE = json.dumps({"errorMessage": "X reports the job as failed.", "errorType": "JobFailed", "stackTrace": ["SECRET"]})


@pytest.fixture
def run(functions: Functions) -> dict[str, Any]:
    runs_table.register(
        Run(
            run_id=RUN_ID,
            type="tweets",
            status="registered",
            bucket="inbox",
            key="tweets/ids.txt",
            version_id="v",
            execution_arn=EXECUTION,
            started_at="2026-11-23T12:00:00.000Z",
            checked_on="2026-11-23",
        ),
        Attempt(EXECUTION),
        retry=False,
    )
    return {"run_id": RUN_ID}


def ended(functions: Functions, deletes: int) -> dict[str, Any]:
    """A part that is complete, with so many deletes among its records."""
    ref = functions.uploaded(b"1\n2\n")
    functions.update(
        ref,
        status="complete",
        records=deletes + 1,
        affected=deletes,
        result_errors=1,
        by_action={"delete": deletes},
        by_reason={"deleted": deletes},
    )
    return ref


def summarized(functions: Functions, run: dict[str, Any]) -> dict[str, Any]:
    """The run's summary, as it is told."""
    told = functions.invoke("summarize_run", run)
    assert told == summary(functions.run(run))
    return told


def failed(functions: Functions, run: dict[str, Any], error: str, cause: str) -> dict[str, Any]:
    """The run's summary after a failure."""
    told = functions.invoke("record_failure", run | {"error": error, "cause": cause})
    assert told == summary(functions.run(run))
    return told


def test_a_run_whose_parts_are_all_checked_is_complete(functions: Functions, run: dict[str, Any]) -> None:
    ended(functions, 2)
    ended(functions, 3)
    told = summarized(functions, run)
    assert told["status"] == "complete"
    assert (told["parts_complete"], told["parts_failed"]) == (2, 0)
    assert (told["records"], told["affected"], told["result_errors"]) == (7, 5, 2)
    assert told["by_action"] == {"delete": 5}
    assert told["ended_at"] == "2026-11-23T12:00:00.000Z"
    assert not {"error", "error_message", "execution_arn", "pk", "sk", "listing"} & set(told)
    assert functions.run(run)["status"] == "complete"


def test_one_part_that_was_not_checked_fails_the_run_and_hides_nothing_of_the_others(
    functions: Functions, run: dict[str, Any]
) -> None:
    ended(functions, 2)
    functions.update(
        functions.uploaded(b"1\n"), status="failed", error="JobFailed", error_message="X reports the job as failed."
    )
    told = summarized(functions, run)
    assert (told["status"], told["error"]) == ("failed", "JobFailed")
    assert told["error_message"] == "1 of 2 parts are not checked; part 2: X reports the job as failed."
    assert (told["parts_complete"], told["parts_failed"], told["affected"]) == (1, 1, 2)


def test_unverified_parts_are_counted_and_warned_of_once(functions: Functions, run: dict[str, Any]) -> None:
    ended(functions, 2)
    functions.update(ended(functions, 3), unverified=["upload", "download"])
    runs_table.update_run(RUN_ID, attempt=Attempt(EXECUTION), warnings=["odd"])
    for told in (summarized(functions, run), summarized(functions, run)):
        assert (told["status"], told["parts_unverified"]) == ("complete", 1)
        odd, unverified = told["warnings"]
        assert odd == "odd"
        assert unverified.startswith("1 of 2 parts is unverified")


def test_a_run_whose_transfers_are_all_verified_says_so(functions: Functions, run: dict[str, Any]) -> None:
    ended(functions, 2)
    told = summarized(functions, run)
    assert told["parts_unverified"] == 0
    assert "warnings" not in told


def test_a_part_whose_execution_was_stopped_counts_as_not_checked(functions: Functions, run: dict[str, Any]) -> None:
    functions.uploaded(b"1\n")
    told = summarized(functions, run)
    assert (told["status"], told["error"]) == ("failed", "PartsFailed")
    assert "execution was stopped" in told["error_message"]


def test_a_part_without_an_id_needs_no_check(functions: Functions, run: dict[str, Any]) -> None:
    ended(functions, 1)
    functions.prepared(b"", accepted=0)
    assert summarized(functions, run)["status"] == "complete"


def test_a_run_that_is_completed_later_forgets_its_error(functions: Functions, run: dict[str, Any]) -> None:
    ref = functions.uploaded(b"1\n")
    functions.update(ref, status="failed", error="JobFailed", error_message="X reports the job as failed.")
    summarized(functions, run)
    functions.update(
        ref, status="complete", records=0, affected=0, result_errors=0, by_action={}, by_reason={}, error=None
    )
    told = summarized(functions, run)
    assert told["status"] == "complete"
    assert not {"error", "error_message"} & set(told)


def test_a_failure_is_written_on_the_run_that_it_ended(functions: Functions, run: dict[str, Any]) -> None:
    recorded = failed(functions, run, "JobFailed", CAUSE)
    assert (recorded["status"], recorded["error"]) == ("failed", "JobFailed")
    assert recorded["run_id"] == RUN_ID
    assert functions.run(run)["ended_at"] == "2026-11-23T12:00:00.000Z"


@pytest.mark.parametrize("error", ["KeyError", "ClientError", "States.Timeout", "Runtime.ExitError"])
@pytest.mark.parametrize("cause", ["", "https://x/?SECRET", json.dumps({"errorMessage": "token SECRET"})])
def test_a_failure_of_unknown_origin_is_recorded_without_its_words(
    functions: Functions, run: dict[str, Any], error: str, cause: str
) -> None:
    recorded = failed(functions, run, error, cause)
    assert "SECRET" not in json.dumps(recorded)
    assert error in recorded["error_message"]


def test_a_record_that_does_not_exist_is_not_made_up(functions: Functions) -> None:
    with pytest.raises(KeyError):
        runs_table.get_run("tweets-none")
    with pytest.raises(JobNotFound):
        runs_table.update_part(PartRef("tweets-none", "tweets", 1), job="none", status="failed")


def test_parts_are_listed_in_their_order_over_many_pages(functions: Functions) -> None:
    for number in (11, 2, 100, 1):
        part = Part(
            run_id=RUN_ID,
            part=number,
            type="tweets",
            status="planned",
            segments_start=0,
            segments_end=1,
            planned_parts=1,
            checked_on="2026-11-23",
            object_key="parts/" + "k" * 390_000,
        )
        runs_table.plan(part)
    assert [part["part"] for part in runs_table.list_parts(RUN_ID)] == [1, 2, 11, 100]
