"""Polling X's job."""

import json
from typing import Any

import pytest

from adapters import durations
from compliance.errors import (
    JobExpired,
    JobFailed,
    JobNotFound,
    JobOverdue,
    ProtocolViolation,
    RateLimited,
    XUnavailable,
)
from compliance.wire import Response
from tests.fakes.x import answer as x_answer
from tests.fakes.x import problem as x_problem
from tests.unit.conftest import Functions
from xcompliance.sandbox.simulator.jobs import Status

IDS = b"1\n2\n3\n"


def upload(functions: Functions) -> tuple[dict[str, Any], int]:
    """A part on whose job X works, and the wait before its first poll."""
    ref = functions.created(IDS)
    functions.invoke("open_upload", ref)
    return ref, functions.invoke("upload_part", ref)["wait_seconds"]


def work(functions: Functions, seconds: float) -> tuple[list[int], dict[str, Any]]:
    """When a part was polled for which X takes so long, in seconds after the upload, and the part."""
    ref, wait = upload(functions)
    polled: list[int] = []
    status = ""
    while status != "complete":
        functions.clock.advance(wait)
        polled.append(wait + (polled[-1] if polled else 0))
        if polled[-1] >= seconds:
            functions.world.x.job().status = "complete"
        answer = functions.invoke("get_job", ref)
        status, wait = answer["status"], answer["wait_seconds"]
    return polled, ref


def test_the_first_job_of_all_is_polled_ever_less_often_until_it_is_complete(functions: Functions) -> None:
    polled, ref = work(functions, 600)
    assert polled[0] == 30
    waits = [later - earlier for earlier, later in zip([0, *polled], polled, strict=False)][1:]
    assert waits == sorted(waits)
    assert functions.part(ref)["polls"] == len(polled)


def test_the_first_poll_comes_when_earlier_jobs_say_that_the_job_is_likely_done(functions: Functions) -> None:
    first, _ = work(functions, 1000)
    second, _ = work(functions, 1000)
    assert 250 < second[0] < 1000
    for _ in range(8):
        last, ref = work(functions, 1000)
    assert 600 < last[0] < 1100
    assert len(last) < len(second) < len(first)
    assert last[-1] < 1150
    assert functions.part(ref)["forecast"]["median_seconds"] == pytest.approx(1000, rel=0.1)


def test_jobs_that_are_complete_at_once_are_soon_polled_as_early_as_may_be(functions: Functions) -> None:
    waits = [work(functions, 1)[0] for _ in range(6)]
    assert waits[0] == [30]
    assert waits[-1] == [5]


def test_a_job_is_learnt_from_once_although_its_completion_is_written_down_twice(functions: Functions) -> None:
    _, ref = work(functions, 100)
    known = durations.forecast_of(functions.part(ref))
    functions.update(ref, completed_at=None, polls=1)
    functions.clock.advance(50)
    functions.invoke("get_job", ref)
    assert durations.forecast_of(functions.part(ref)) == known


def test_a_poll_that_came_long_after_it_was_due_is_not_learnt_from(functions: Functions) -> None:
    """Somebody had stopped the execution."""
    ref, wait = upload(functions)
    functions.clock.advance(wait * 2 + 1)
    functions.world.x.job().status = "complete"
    assert functions.invoke("get_job", ref)["status"] == "complete"
    assert durations.forecast_of(functions.part(ref)) is None


def test_a_wait_that_is_asked_for_again_is_shorter_by_what_has_been_waited(functions: Functions) -> None:
    ref, wait = upload(functions)
    functions.clock.advance(10)
    assert functions.invoke("upload_part", ref) == {"complete": True, "wait_seconds": wait - 10}


def test_a_new_job_of_a_part_is_forecast_anew(functions: Functions) -> None:
    work(functions, 1000)
    ref, _ = upload(functions)
    assert "forecast" in functions.part(ref)
    failure = {"error": "JobExpired", "cause": '{"errorMessage": "late"}'}
    functions.invoke("abandon_job", ref | failure)
    assert functions.part(ref).keys().isdisjoint({"forecast", "polls", "working_at"})


def test_a_complete_job_says_where_and_until_when_its_results_are(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.job().status = "complete"
    functions.invoke("get_job", ref)
    part = functions.part(ref)
    assert part["download_url"] == functions.world.x.download_url(functions.world.x.job())
    assert part["download_expires_at"] == "2026-11-30T12:00:00.000Z"
    assert "completed_at" in part


def test_a_complete_job_is_not_paid_for_again(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.job().status = "complete"
    assert functions.invoke("get_job", ref)["status"] == "complete"
    assert functions.invoke("get_job", ref) == {"status": "complete", "wait_seconds": 0}
    assert functions.world.x.heard == ["get"]


@pytest.mark.parametrize(("status", "error"), [("failed", JobFailed), ("expired", JobExpired)])
def test_a_job_that_ended_otherwise_is_an_error(functions: Functions, status: Status, error: type[Exception]) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.job().status = status
    with pytest.raises(error):
        functions.invoke("get_job", ref)


def test_a_status_that_is_not_known_ends_nothing_before_the_deadline(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.tells["get"] = ("status", "completed")
    waited = functions.invoke("get_job", ref)
    assert waited["status"] == "unknown"
    assert waited["wait_seconds"] >= 5
    assert functions.part(ref)["polls"] == 1
    assert "completed, which is no known status" in functions.log.getvalue()
    functions.clock.advance(24 * 3600 + 1)
    with pytest.raises(JobOverdue, match="completed"):
        functions.invoke("get_job", ref)


def test_a_status_of_any_text_is_logged_only_if_it_is_a_plain_word(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.tells["get"] = ("status", "SECRET 1800000000000000001")
    assert functions.invoke("get_job", ref)["status"] == "unknown"
    assert "1800000000000000001" not in functions.log.getvalue()


@pytest.mark.parametrize(("status", "error"), [("failed", JobFailed), ("expired", JobExpired)])
def test_why_a_job_came_to_nothing_is_in_the_error_and_stays_on_the_part(
    functions: Functions, status: Status, error: type[Exception]
) -> None:
    ref = functions.uploaded(IDS)
    job = functions.world.x.job()
    ended = {"id": job.id, "status": status, "error": "The file [SECRET] is empty."}
    functions.world.x.faults["get"] = [x_answer(200, {"data": ended})]
    with pytest.raises(error, match=rf"{status} \(The file is empty\)\.") as raised:
        functions.invoke("get_job", ref)
    assert functions.world.x.heard == ["get"]
    cause = json.dumps({"errorMessage": str(raised.value)})
    functions.invoke("abandon_job", ref | {"error": error.__name__, "cause": cause})
    part = functions.part(ref)
    assert "job_id" not in part
    assert part["job_error"] == "The file is empty"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (x_answer(200, {"data": {"id": "1", "status": "failed", "error": "No room."}}), "No room"),
        (x_problem(400, "invalid-request", "The field [error] is not known."), None),
        ("unheard", None),
        (Response(200, {}, b"<html>"), None),
    ],
)
def test_why_a_job_failed_is_asked_for_where_x_did_not_say_it_and_may_be_refused(
    functions: Functions, said: Any, reason: str | None
) -> None:
    """X's description knows no field ``error``; X may refuse to be asked for it."""
    ref = functions.uploaded(IDS)
    job = functions.world.x.job()
    functions.world.x.faults["get"] = [x_answer(200, {"data": {"id": job.id, "status": "failed"}}), said]
    with pytest.raises(JobFailed):
        functions.invoke("get_job", ref)
    assert functions.part(ref).get("job_error") == reason
    assert functions.world.x.heard == ["get", "get"]


def test_a_rate_limit_whose_reset_has_passed_is_waited_out_ever_longer(functions: Functions) -> None:
    """It was polled each second."""
    ref = functions.uploaded(IDS)
    past = Response(429, {"x-rate-limit-reset": str(int(functions.clock.now()) - 5)})
    functions.world.x.faults["get"] = [past] * 4
    waits = [functions.invoke("get_job", ref)["wait_seconds"] for _ in range(4)]
    assert waits == [60, 90, 135, 202]
    functions.world.x.job().status = "in_progress"
    functions.invoke("get_job", ref)
    functions.world.x.faults["get"] = [past]
    assert functions.invoke("get_job", ref)["wait_seconds"] == 60


def test_a_job_that_x_has_forgotten_is_not_found(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.forget(functions.world.x.job())
    with pytest.raises(JobNotFound):
        functions.invoke("get_job", ref)


@pytest.mark.parametrize("missing", ["download_url", "download_expires_at"])
def test_a_complete_job_without_a_way_to_its_results_is_a_protocol_violation(
    functions: Functions, missing: str
) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.leaves_out = (missing,)
    functions.world.x.job().status = "complete"
    with pytest.raises(ProtocolViolation):
        functions.invoke("get_job", ref)


def test_a_rate_limit_is_waited_out_by_the_machine_until_its_reset(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    reset = str(int(functions.clock.now()) + 600)
    functions.world.x.faults["get"] = [Response(429, {"x-rate-limit-reset": reset})]
    answer = functions.invoke("get_job", ref)
    assert answer["status"] == "unknown"
    assert 600 <= answer["wait_seconds"] <= 602
    assert functions.part(ref)["polls"] == 0


def test_a_job_is_polled_for_the_last_time_when_its_deadline_has_just_passed(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.clock.advance(24 * 3600 - 7)
    wait = functions.invoke("get_job", ref)["wait_seconds"]
    assert 7 < wait <= 8
    functions.clock.advance(wait)
    with pytest.raises(JobOverdue):
        functions.invoke("get_job", ref)


def test_a_rate_limit_without_a_reset_is_told_as_such(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.faults["get"] = [Response(429)]
    with pytest.raises(RateLimited):
        functions.invoke("get_job", ref)


@pytest.mark.parametrize("fault", ["unheard", Response(502)])
def test_a_poll_that_fails_is_tried_again(functions: Functions, fault: object) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.faults["get"] = [fault]  # type: ignore[list-item]
    with pytest.raises(XUnavailable):
        functions.invoke("get_job", ref)
    functions.invoke("get_job", ref)


def test_a_job_beyond_its_deadline_is_overdue_and_one_that_completes_late_is_not(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.clock.advance(24 * 3600 + 1)
    with pytest.raises(JobOverdue, match="24 hours"):
        functions.invoke("get_job", ref)
    functions.world.x.job().status = "complete"
    assert functions.invoke("get_job", ref)["status"] == "complete"


def test_a_rate_limit_does_not_put_the_deadline_off(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.clock.advance(25 * 3600)
    reset = str(int(functions.clock.now()) + 600)
    functions.world.x.faults["get"] = [Response(429, {"x-rate-limit-reset": reset})]
    with pytest.raises(JobOverdue):
        functions.invoke("get_job", ref)
