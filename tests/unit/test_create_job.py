"""A part gets one job at X, however often its creation is tried."""

from typing import Any

import pytest

from adapters import aws
from compliance.errors import (
    BadCredentials,
    CreditsDepleted,
    JobConflict,
    JobNotFound,
    ProtocolViolation,
    RateLimited,
    RequestRefused,
    RouteNotLive,
    TurnLost,
    XUnavailable,
)
from compliance.wire import Response
from tests.fakes.x import BEARER, Job, problem
from tests.unit.conftest import Functions

IDS = b"1\n2\n3\n"


def created(functions: Functions, content: bytes) -> dict[str, Any]:
    ref = functions.prepared(content)
    functions.invoke("create_job", ref)
    return ref


def test_a_job_is_created_under_the_parts_name_and_its_url_is_kept_secret(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    assert functions.invoke("create_job", ref) == {"created": True}
    part, job = functions.part(ref), functions.world.x.job()
    assert job.name == part["job_name"] == f"{ref['run_id']}-p1-a1"
    assert (job.type, job.is_resumable) == ("tweets", True)
    assert (part["job_id"], part["status"]) == (job.id, "created")
    assert part["upload_url"] == functions.world.x.upload_url(job)
    assert part["upload_expires_at"] == "2026-11-23T12:15:00.000Z"


def test_where_x_hosts_the_upload_its_url_decides(functions: Functions) -> None:
    functions.world.x.generation = "x"
    assert functions.part(created(functions, IDS))["transport"] == "x_hosted"


def test_a_second_invocation_creates_nothing(functions: Functions) -> None:
    ref = created(functions, IDS)
    before = functions.part(ref)
    assert functions.invoke("create_job", ref) == {"created": True}
    assert functions.world.x.heard == ["create"]
    assert functions.part(ref) == before


def test_a_job_whose_creation_was_not_answered_is_adopted_by_its_name(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    functions.world.x.faults["create"] = ["unanswered"]
    with pytest.raises(XUnavailable):
        functions.invoke("create_job", ref)
    assert functions.invoke("create_job", ref) == {"created": True}
    assert functions.world.x.heard == ["create", "list", "get"]
    assert functions.part(ref)["job_id"] == functions.world.x.job().id


def test_a_creation_that_x_never_heard_of_is_repeated_under_the_same_name(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    functions.world.x.faults["create"] = ["unheard", problem(503, "unavailable", "Later.")]
    for _ in range(2):
        with pytest.raises(XUnavailable):
            functions.invoke("create_job", ref)
    functions.invoke("create_job", ref)
    assert functions.world.x.job().name == f"{ref['run_id']}-p1-a1"
    assert functions.world.x.heard.count("create") == 3


def somebody_elses(functions: Functions, name: str = "somebody-elses") -> Job:
    job = functions.world.x.add("tweets", name)
    job.status = "in_progress"
    return job


def test_a_conflict_with_anothers_job_is_waited_out_ever_longer_and_named(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    other = somebody_elses(functions)
    waits = [functions.invoke("create_job", ref)["wait_seconds"] for _ in range(10)]
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert functions.part(ref)["conflict_with"] == f"job {other.id}, named somebody-elses"
    assert other.status == "in_progress"
    other.status = "complete"
    assert functions.invoke("create_job", ref) == {"created": True}
    part = functions.part(ref)
    assert part["job_id"] != other.id
    assert not {"conflicts", "conflict_since", "conflict_with"} & set(part)


def test_a_conflict_that_lasts_too_long_fails_and_says_which_job_is_in_the_way(functions: Functions) -> None:
    functions.configure(conflict_deadline_hours=2)
    ref = functions.prepared(IDS)
    other = somebody_elses(functions)
    functions.invoke("create_job", ref)
    functions.clock.advance(2 * 3600 - 1)
    functions.invoke("create_job", ref)
    functions.clock.advance(1)
    with pytest.raises(JobConflict, match=rf"for 2\.0 hours: job {other.id}, named somebody-elses\. Wait for"):
        functions.invoke("create_job", ref)


def test_a_job_that_x_does_not_list_is_waited_for_no_longer(functions: Functions) -> None:
    functions.configure(conflict_deadline_hours=2)
    ref = functions.prepared(IDS)
    functions.world.x.faults["create"] = [problem(409, "conflict", "There is an active job.")] * 2
    assert functions.invoke("create_job", ref) == {"created": False, "wait_seconds": 5}
    functions.clock.advance(2 * 3600)
    with pytest.raises(JobConflict, match="X does not list it"):
        functions.invoke("create_job", ref)


def test_a_job_of_ours_that_nobody_waits_for_is_cancelled(functions: Functions) -> None:
    functions.world.x.generation = "x"
    dead = functions.created(IDS)
    left_over = functions.world.x.job()
    ref = functions.prepared(IDS)
    assert functions.invoke("create_job", ref) == {"created": False, "wait_seconds": 5}
    assert left_over.status == "failed"
    assert functions.invoke("create_job", ref) == {"created": True}
    assert functions.part(dead)["job_id"] != functions.part(ref)["job_id"]


def test_where_x_cannot_cancel_a_left_over_job_it_is_waited_for(functions: Functions) -> None:
    functions.created(IDS)
    ref = functions.prepared(IDS)
    functions.world.x.faults["cancel"] = [Response(404)] * 2
    assert functions.invoke("create_job", ref) == {"created": False, "wait_seconds": 5}
    assert functions.invoke("create_job", ref) == {"created": False, "wait_seconds": 10}


def test_a_job_with_a_name_like_ours_is_left_alone_where_the_run_is_not_ours(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    other = somebody_elses(functions, "tweets-fedcba9876543210-p1-a1")
    assert functions.invoke("create_job", ref) == {"created": False, "wait_seconds": 5}
    assert other.status == "in_progress"


def test_who_does_not_hold_the_turn_creates_nothing(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    with pytest.raises(TurnLost):
        functions.invoke("create_job", ref | {"execution_arn": "another"})
    assert functions.world.x.heard == []


def test_a_job_that_was_given_up_while_it_was_created_is_cancelled(functions: Functions) -> None:
    """An execution was stopped while its function ran, and the part was abandoned meanwhile."""
    functions.world.x.generation = "x"
    functions.configure(resumable="never")
    ref = functions.prepared(IDS)
    functions.world.x.on_create = lambda: functions.update(ref, status="failed", job_name=None)
    with pytest.raises(JobNotFound):
        functions.invoke("create_job", ref)
    assert "job_id" not in functions.part(ref)
    assert functions.world.x.job().status == "failed"


def test_a_job_that_is_created_after_a_twin_s_job_has_ended_is_cancelled(functions: Functions) -> None:
    """The first invocation was held up, and the second one's job is complete: X has no reason to refuse another."""
    functions.world.x.generation = "x"
    ref = functions.prepared(IDS)

    def overtaken() -> None:
        functions.world.x.on_create = lambda: None
        assert functions.invoke("create_job", ref) == {"created": True}
        functions.world.x.job().status = "complete"

    functions.world.x.on_create = overtaken
    assert functions.invoke("create_job", ref) == {"created": True}
    used, unused = functions.world.x.jobs.values()
    assert functions.part(ref)["job_id"] == used.id
    assert (used.status, unused.status) == ("complete", "failed")


def test_a_refusal_of_resumable_is_remembered_for_other_parts(functions: Functions) -> None:
    functions.world.x.refuses_resumable = True
    ref = functions.prepared(IDS)
    functions.invoke("create_job", ref)
    assert functions.world.x.heard == ["create", "create"]
    assert functions.part(ref)["resumable"] is False
    functions.world.x.job().status = "complete"
    functions.invoke("create_job", functions.prepared(IDS))
    assert functions.world.x.heard == ["create"] * 3


def test_a_remembered_refusal_is_put_to_the_test_again_after_a_week(functions: Functions) -> None:
    functions.world.x.refuses_resumable = True
    created(functions, IDS)
    functions.world.x.job().status = "complete"
    functions.clock.advance(8 * 86_400)
    functions.world.x.refuses_resumable = False
    ref = created(functions, IDS)
    assert functions.part(ref)["transport"] == "gcs_resumable"


def test_a_job_that_is_not_resumable_goes_to_google_in_one_put(functions: Functions) -> None:
    functions.world.x.refuses_resumable = True
    assert functions.part(created(functions, IDS))["transport"] == "gcs_put"


def test_a_plain_job_whose_creation_was_not_answered_is_not_taken_for_a_resumable_one(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    functions.world.x.refuses_resumable = True
    refused = problem(400, "invalid-request", "resumable is not supported.")
    functions.world.x.faults["create"] = [refused, "unanswered"]
    with pytest.raises(XUnavailable):
        functions.invoke("create_job", ref)
    assert not functions.world.x.job().is_resumable
    assert functions.invoke("create_job", ref) == {"created": True}
    assert functions.part(ref)["transport"] == "gcs_put"


def test_never_asks_for_a_resumable_job_and_always_takes_no_other(functions: Functions) -> None:
    functions.configure(resumable="never")
    created(functions, IDS)
    assert not functions.world.x.job().is_resumable
    functions.world.x.job().status = "complete"
    functions.world.x.refuses_resumable = True
    functions.configure(resumable="always")
    with pytest.raises(RequestRefused):
        created(functions, IDS)


@pytest.mark.parametrize("missing", ["upload_url", "upload_expires_at"])
def test_a_job_without_a_way_to_upload_is_a_protocol_violation(functions: Functions, missing: str) -> None:
    functions.world.x.leaves_out = (missing,)
    with pytest.raises(ProtocolViolation):
        created(functions, IDS)


def test_an_upload_url_on_another_host_is_refused(functions: Functions) -> None:
    functions.world.x.tells["create"] = ("upload_url", "https://storage.googleapis.com.evil.com/?SECRET")
    with pytest.raises(ProtocolViolation) as refused:
        created(functions, IDS)
    assert "SECRET" not in str(refused.value)
    assert "evil" not in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(401), BadCredentials),
        (Response(402), CreditsDepleted),
        (Response(404), RouteNotLive),
        (Response(429, {"x-rate-limit-reset": "1795434600"}), RateLimited),
    ],
)
def test_xs_refusals_keep_their_names(functions: Functions, answer: Response, error: type[Exception]) -> None:
    functions.world.x.faults["create"] = [answer]
    with pytest.raises(error):
        created(functions, IDS)


@pytest.mark.parametrize("secret", [BEARER, f"  {BEARER}\n", '{"bearer_token": "' + BEARER + '", "more": 1}'])
def test_the_bearer_token_is_the_secret_or_a_field_of_it(functions: Functions, secret: str) -> None:
    aws.secrets_manager().put_secret_value(SecretId="bearer", SecretString=secret)
    created(functions, IDS)


@pytest.mark.parametrize("secret", ["  ", "{}", "{", '{"bearer_token": 5}', "SECRET two words", "SECRET\u00e9"])
def test_a_secret_that_holds_no_token_is_said_so_without_being_shown(functions: Functions, secret: str) -> None:
    aws.secrets_manager().put_secret_value(SecretId="bearer", SecretString=secret)
    with pytest.raises(BadCredentials) as refused:
        created(functions, IDS)
    assert "SECRET" not in str(refused.value)
    assert functions.world.x.heard == []


def test_a_secret_that_is_no_text_holds_no_token(functions: Functions) -> None:
    aws.secrets_manager().put_secret_value(SecretId="bearer", SecretBinary=b"SECRET")
    with pytest.raises(BadCredentials, match="holds no bearer token"):
        created(functions, IDS)


def test_a_rotated_token_is_used_at_once(functions: Functions) -> None:
    aws.secrets_manager().put_secret_value(SecretId="bearer", SecretString="old")
    ref = functions.prepared(IDS)
    with pytest.raises(BadCredentials):
        functions.invoke("create_job", ref)
    aws.secrets_manager().put_secret_value(SecretId="bearer", SecretString=BEARER)
    functions.invoke("create_job", ref)
