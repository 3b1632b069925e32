"""A part gets one job at X, however often its creation is tried."""

from typing import Any

import pytest

from adapters import aws
from compliance.errors import (
    BadCredentials,
    CreditsDepleted,
    JobConflict,
    ProtocolViolation,
    RateLimited,
    RequestRefused,
    RouteNotLive,
    XUnavailable,
)
from compliance.wire import Response
from tests.fakes.x import BEARER, FakeX, Job, problem
from tests.unit.conftest import Functions

IDS = b"1\n2\n3\n"


def created(functions: Functions, content: bytes) -> dict[str, Any]:
    ref = functions.prepared(content)
    functions.invoke("create_job", ref)
    return ref


def test_a_job_is_created_under_the_parts_name_and_its_url_is_kept_secret(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    assert functions.invoke("create_job", ref) == {"transport": "gcs_resumable"}
    part, job = functions.part(ref), functions.world.x.job()
    assert job.name == part["job_name"] == f"{ref['run_id']}-p1-a1"
    assert (job.type, job.is_resumable) == ("tweets", True)
    assert (part["job_id"], part["status"]) == (job.id, "created")
    assert part["upload_url"] == functions.world.x.upload_url(job)
    assert part["upload_expires_at"] == "2026-11-23T12:15:00.000Z"


def test_where_x_hosts_the_upload_its_url_decides(functions: Functions) -> None:
    functions.world.x.generation = "x"
    assert functions.invoke("create_job", functions.prepared(IDS)) == {"transport": "x_hosted"}


def test_a_second_invocation_creates_nothing(functions: Functions) -> None:
    ref = created(functions, IDS)
    before = functions.part(ref)
    assert functions.invoke("create_job", ref) == {"transport": "gcs_resumable"}
    assert functions.world.x.heard == ["create"]
    assert functions.part(ref) == before


def test_a_job_whose_creation_was_not_answered_is_adopted_by_its_name(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    functions.world.x.faults["create"] = ["unanswered"]
    with pytest.raises(XUnavailable):
        functions.invoke("create_job", ref)
    assert functions.invoke("create_job", ref) == {"transport": "gcs_resumable"}
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


def test_a_conflict_with_anothers_job_is_waited_out(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    functions.world.x.jobs["5"] = other = Job("5", "tweets", "somebody-elses", functions.clock.now(), False)
    with pytest.raises(JobConflict):
        functions.invoke("create_job", ref)
    other.status = "complete"
    functions.invoke("create_job", ref)
    assert functions.part(ref)["job_id"] != "5"


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
    assert functions.invoke("create_job", functions.prepared(IDS)) == {"transport": "gcs_put"}


def test_a_plain_job_whose_creation_was_not_answered_is_not_taken_for_a_resumable_one(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    functions.world.x.refuses_resumable = True
    refused = problem(400, "invalid-request", "resumable is not supported.")
    functions.world.x.faults["create"] = [refused, "unanswered"]
    with pytest.raises(XUnavailable):
        functions.invoke("create_job", ref)
    assert not functions.world.x.job().is_resumable
    assert functions.invoke("create_job", ref) == {"transport": "gcs_put"}


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


def test_an_upload_url_on_another_host_is_refused(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeX, "upload_url", lambda self, job: "https://storage.googleapis.com.evil.com/?SECRET")
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


def test_a_part_that_failed_gets_a_new_job_under_a_new_name(functions: Functions) -> None:
    ref = functions.uploaded(IDS, completed_at="2026-11-23T12:00:00.000Z", download={"offset": 5})
    functions.world.x.job().status = "failed"
    functions.invoke("record_failure", ref | {"error": "JobFailed", "cause": "{}"})
    functions.invoke("create_job", ref)
    part = functions.part(ref)
    assert part["job_name"] == f"{ref['run_id']}-p1-a2"
    assert (part["status"], part["attempt"]) == ("created", 2)
    assert not {"error", "error_message", "session_uri", "uploaded_at", "completed_at", "download"} & set(part)
    functions.invoke("open_upload", ref)
    assert functions.invoke("upload_part", ref)["complete"]
    assert functions.world.gcs.objects[part["job_id"]] == IDS


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


def test_a_rotated_token_is_used_at_once(functions: Functions) -> None:
    aws.secrets_manager().put_secret_value(SecretId="bearer", SecretString="old")
    ref = functions.prepared(IDS)
    with pytest.raises(AssertionError, match="bearer token"):
        functions.invoke("create_job", ref)
    aws.secrets_manager().put_secret_value(SecretId="bearer", SecretString=BEARER)
    functions.invoke("create_job", ref)
