"""A part whose job comes to nothing gets another one, or fails and leaves nothing behind at X."""

import json
from typing import Any

import pytest

from adapters import aws, runs_table
from compliance.attempts import Attempt
from compliance.errors import AwsRefused, CreditsDepleted
from compliance.runs import PartRef
from compliance.wire import Response
from tests.fakes.x import answer as x_answer
from tests.fakes.x import problem as x_problem
from tests.unit.conftest import JOB_EXECUTION, Functions

IDS = b"1\n2\n"


def abandon(functions: Functions, ref: dict[str, Any], error: str, message: str = "So it is.") -> dict[str, Any]:
    cause = json.dumps({"errorMessage": message, "errorType": error})
    return functions.invoke("abandon_job", ref | {"error": error, "cause": cause})


@pytest.mark.parametrize("error", ["UploadWindowClosed", "UploadCorrupted"])
def test_a_job_that_is_of_no_use_any_more_is_cancelled_for_another_one(functions: Functions, error: str) -> None:
    functions.world.x.generation = "x"
    ref = functions.created(IDS)
    assert abandon(functions, ref, error) == {"again": True}
    assert functions.world.x.job().status == "failed"
    part = functions.part(ref)
    assert part["status"] == "prepared"
    assert not {"job_name", "job_id", "upload_url", "transport", "error"} & set(part)
    assert functions.invoke("create_job", ref) == {"created": True}
    assert functions.part(ref)["job_name"].endswith("-a2")


@pytest.mark.parametrize("error", ["JobFailed", "JobExpired", "JobNotFound"])
def test_a_job_that_has_ended_is_not_cancelled(functions: Functions, error: str) -> None:
    ref = functions.uploaded(IDS)
    assert abandon(functions, ref, error) == {"again": True}
    assert functions.world.x.heard == []


def test_the_third_job_that_comes_to_nothing_is_the_last(functions: Functions) -> None:
    ref = functions.created(IDS)
    for _ in range(2):
        assert abandon(functions, ref, "JobExpired") == {"again": True}
        functions.world.x.job().status = "expired"
        functions.invoke("create_job", ref)
    failure = {"error": "JobExpired", "error_message": "So it is."}
    assert abandon(functions, ref, "JobExpired") == {"again": False, **failure}
    part = functions.part(ref)
    assert part["status"] == "failed"
    assert failure.items() <= part.items()
    assert not {"job_name", "job_id"} & set(part)
    assert abandon(functions, ref, "JobExpired") == {"again": False, **failure}


def test_a_failed_part_that_is_claimed_again_gets_three_more_jobs(functions: Functions) -> None:
    ref = functions.created(IDS)
    functions.update(ref, status="failed", abandoned_jobs=3, error="JobExpired", error_message="So it is.")
    runs_table.claim_part(PartRef.of(ref), Attempt("another", "2026-11-24T12:00:00.000Z", "1"))
    part = functions.part(ref)
    assert part["status"] == "prepared"
    assert not {"abandoned_jobs", "error", "error_message"} & set(part)


def test_whoever_repeats_it_counts_nothing_twice(functions: Functions) -> None:
    ref = functions.created(IDS)
    for _ in range(5):
        assert abandon(functions, ref, "JobExpired") == {"again": True}
    assert functions.part(ref)["abandoned_jobs"] == 1


def test_a_failure_that_no_new_job_mends_ends_the_part_and_frees_xs_slot(functions: Functions) -> None:
    functions.world.x.generation = "x"
    ref = functions.uploaded(IDS)
    failure = {"error": "AccessRefused", "error_message": "So it is."}
    assert abandon(functions, ref, "AccessRefused") == {"again": False, **failure}
    assert functions.world.x.job().status == "failed"
    assert functions.part(ref)["status"] == "failed"


def test_a_job_whose_creation_was_not_answered_is_cancelled_by_its_name(functions: Functions) -> None:
    functions.world.x.generation = "x"
    ref = functions.prepared(IDS, attempt=1, job_name="tweets-0123456789abcdef-p1-a1")
    functions.world.x.add("tweets", "tweets-0123456789abcdef-p1-a1")
    abandon(functions, ref, "XUnavailable")
    assert functions.world.x.heard == ["list", "get", "cancel"]
    assert functions.world.x.job().status == "failed"


@pytest.mark.parametrize("answer", [Response(404), Response(503), "unheard", "unanswered"])
def test_where_x_does_not_cancel_the_part_fails_all_the_same_and_keeps_its_job(
    functions: Functions, answer: Any
) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.faults["cancel"] = [answer]
    assert abandon(functions, ref, "ExecutionStopped")["again"] is False
    part = functions.part(ref)
    assert part["status"] == "failed"
    assert functions.invoke("create_job", ref) == {"created": True}
    assert functions.part(ref)["job_id"] == part["job_id"]


def test_without_the_secret_the_part_fails_all_the_same(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    aws.secrets_manager().delete_secret(SecretId="bearer")
    with pytest.raises(AwsRefused, match="GetSecretValue"):
        functions.invoke("get_job", ref)
    assert abandon(functions, ref, "AwsRefused")["again"] is False
    part = functions.part(ref)
    assert (part["status"], part["error"], "job_id" in part) == ("failed", "AwsRefused", True)


def test_a_job_that_x_did_not_cancel_but_that_is_lost_is_kept_no_longer(functions: Functions) -> None:
    ref = functions.created(IDS)
    functions.world.x.faults["cancel"] = [Response(404)]
    assert abandon(functions, ref, "UploadWindowClosed") == {"again": True}
    assert "job_id" not in functions.part(ref)


@pytest.mark.parametrize("status", ["completed", "paused"])
def test_a_job_of_a_status_that_nobody_knows_is_cancelled_and_never_taken_for_gone(
    functions: Functions, status: str
) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.job().status = "complete"
    functions.world.x.tells["get"] = ("status", status)
    assert abandon(functions, ref, "JobOverdue")["again"] is False
    assert functions.world.x.heard == ["get", "cancel"]
    assert "job_id" in functions.part(ref), "X has refused to cancel it"


def test_a_cancellation_that_x_answers_200_with_errors_keeps_the_job(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.faults["cancel"] = [x_answer(200, {"errors": [{"title": "Internal Error"}]})]
    assert abandon(functions, ref, "ExecutionStopped")["again"] is False
    assert "job_id" in functions.part(ref)


NO_CREDITS = x_problem(402, "credits-depleted", "No credits.")


@pytest.mark.parametrize("operation", ["get", "cancel"])
def test_credits_for_a_cancellation_are_waited_for_and_then_done_without(functions: Functions, operation: str) -> None:
    functions.world.x.generation = "x"
    ref = functions.uploaded(IDS)
    functions.world.x.job().status = "in_progress"
    functions.world.x.faults[operation] = [NO_CREDITS] * 3
    for _ in range(2):
        with pytest.raises(CreditsDepleted):
            abandon(functions, ref, "AccessRefused")
        assert functions.part(ref)["status"] == "created"
    assert abandon(functions, ref, "AccessRefused")["again"] is False
    part = functions.part(ref)
    assert (part["status"], part["error"], "job_id" in part) == ("failed", "AccessRefused", True)
    assert "unpaid_cancels" not in part


def test_credits_that_come_meanwhile_pay_the_cancellation(functions: Functions) -> None:
    functions.world.x.generation = "x"
    ref = functions.uploaded(IDS)
    functions.world.x.job().status = "in_progress"
    functions.world.x.faults["cancel"] = [NO_CREDITS]
    with pytest.raises(CreditsDepleted):
        abandon(functions, ref, "AccessRefused")
    assert abandon(functions, ref, "AccessRefused")["again"] is False
    assert functions.world.x.job().status == "failed"
    assert "job_id" not in functions.part(ref)


def test_credits_that_were_waited_for_already_are_not_waited_for_again(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.faults["get"] = [NO_CREDITS]
    assert abandon(functions, ref, "CreditsDepleted")["again"] is False


def test_nobody_waits_for_credits_whom_no_machine_calls_again(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.faults["get"] = [NO_CREDITS]
    functions.step_functions.ended[JOB_EXECUTION] = "ABORTED"
    ended = functions.recorded("execution_ended.json", executionArn=JOB_EXECUTION, input=json.dumps(ref))
    functions.invoke("settle_execution", ended)
    assert functions.part(ref)["error"] == "ExecutionStopped"


def test_a_complete_job_is_kept_for_whoever_goes_on(functions: Functions) -> None:
    ref = functions.completed(IDS)
    assert abandon(functions, ref, "AwsUnavailable")["again"] is False
    part = functions.part(ref)
    assert part["status"] == "failed"
    assert {"job_id", "completed_at", "download_url"} <= set(part)
    assert functions.world.x.heard == []
    functions.invoke("take_turn", ref | {"entered_at": "2026-11-23T12:00:00Z", "task_token": "t"})
    assert functions.invoke("create_job", ref) == {"created": True}
    assert functions.invoke("open_upload", ref) == {}
    assert functions.invoke("upload_part", ref)["complete"]
    assert functions.invoke("get_job", ref)["status"] == "complete"
    assert functions.world.x.heard == []


def test_a_job_that_x_has_completed_meanwhile_is_kept_too(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.job().status = "complete"
    assert abandon(functions, ref, "ExecutionStopped")["again"] is False
    assert functions.world.x.heard == ["get"]
    assert functions.part(ref)["status"] == "failed"
    assert functions.invoke("create_job", ref) == {"created": True}
    assert functions.invoke("get_job", ref)["status"] == "complete"


def test_what_x_had_found_by_then_is_not_taken_for_newer_when_somebody_goes_on(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.job().status = "complete"
    abandon(functions, ref, "ExecutionStopped")
    completed_at = functions.part(ref)["completed_at"]
    functions.clock.advance(3 * 86_400)
    assert functions.invoke("get_job", ref)["status"] == "complete"
    assert functions.part(ref)["completed_at"] == completed_at


@pytest.mark.parametrize("missing", ["download_url", "download_expires_at"])
def test_a_complete_job_of_which_x_says_too_little_fails_the_part_all_the_same(
    functions: Functions, missing: str
) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.leaves_out = (missing,)
    functions.world.x.job().status = "complete"
    abandon(functions, ref, "ProtocolViolation")
    part = functions.part(ref)
    assert (part["status"], "completed_at" in part) == ("failed", False)
    assert part["download_expires_at"] == "2026-11-30T12:00:00.000Z"


def test_a_job_that_is_of_no_use_is_not_kept_though_complete(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.job().status = "complete"
    assert abandon(functions, ref, "UploadCorrupted") == {"again": True}
    assert "job_id" not in functions.part(ref)


def test_results_that_are_gone_leave_no_job_to_go_on_with(functions: Functions) -> None:
    ref = functions.completed(IDS)
    assert abandon(functions, ref, "ResultsExpired")["again"] is False
    assert not {"job_id", "completed_at", "download_url", "download"} & set(functions.part(ref))


def test_a_part_that_is_complete_or_anothers_is_left_alone(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    before = functions.part(ref)
    assert abandon(functions, ref | {"execution_arn": "another"}, "JobFailed")["again"] is False
    assert functions.part(ref) == before
    functions.update(ref, status="complete")
    assert abandon(functions, ref, "AwsUnavailable")["again"] is False
    assert functions.part(ref)["status"] == "complete"
    assert functions.world.x.heard == []


def test_the_words_of_an_error_that_is_not_ours_are_not_repeated(functions: Functions) -> None:
    ref = functions.created(IDS)
    abandoned = abandon(functions, ref, "KeyError", "https://x/?token=SECRET")
    assert "SECRET" not in json.dumps(abandoned) + functions.log.getvalue()
