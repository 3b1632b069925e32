"""Polling X's job."""

import pytest

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
from tests.unit.conftest import Functions

IDS = b"1\n2\n3\n"


def test_a_job_is_polled_ever_less_often_until_it_is_complete(functions: Functions) -> None:
    functions.world.x.polls = 3
    ref = functions.uploaded(IDS)
    answers = [functions.invoke("get_job", ref) for _ in range(4)]
    assert [answer["status"] for answer in answers] == ["in_progress"] * 3 + ["complete"]
    waits = [answer["wait_seconds"] for answer in answers[:3]]
    assert waits == sorted(set(waits))
    assert functions.part(ref)["polls"] == 4


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
def test_a_job_that_ended_otherwise_is_an_error(functions: Functions, status: str, error: type[Exception]) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.job().status = status
    with pytest.raises(error):
        functions.invoke("get_job", ref)


def test_a_status_that_is_not_known_is_a_protocol_violation(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.job().status = "SECRET"
    with pytest.raises(ProtocolViolation):
        functions.invoke("get_job", ref)


def test_a_job_that_x_has_forgotten_is_not_found(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.jobs.clear()
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
    functions.world.x.polls = 1
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
