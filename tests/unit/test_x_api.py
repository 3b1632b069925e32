"""X's operations, decided without a socket."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from compliance.errors import (
    AccessRefused,
    BadCredentials,
    ComplianceError,
    CreditsDepleted,
    JobConflict,
    JobForbidden,
    JobNotFound,
    PartTooLarge,
    ProtocolViolation,
    RateLimited,
    RequestRefused,
    RouteNotLive,
    UsageCapExceeded,
    XUnavailable,
)
from compliance.wire import Response
from compliance.x_api import MAX_DETAIL, ComplianceJob, XApi, job_of, jobs_of, refusal

API = XApi("https://api.x.com", "SECRET-bearer")
JOB: dict[str, Any] = {
    "id": "1372966999991541762",
    "type": "tweets",
    "name": "tweets-0123456789abcdef-p1-a1",
    "resumable": False,
    "status": "created",
    "created_at": "2026-11-23T12:00:00.000Z",
    "upload_url": "https://storage.googleapis.com/?SECRET",
    "upload_expires_at": "2026-11-23T12:15:00.000Z",
    "download_url": "https://storage.googleapis.com/?SECRET",
    "download_expires_at": "2026-11-30T12:00:00.000Z",
}


def answer(status: int, document: object, headers: dict[str, str] | None = None) -> Response:
    return Response(status, headers or {}, json.dumps(document).encode())


@pytest.mark.parametrize("resumable", [True, False])
def test_a_create_says_the_type_the_name_and_resumable_only_when_asked_for(resumable: bool) -> None:
    request, body = API.create("tweets", "a-name", resumable=resumable)
    assert (request.method, urlsplit(request.url).path) == ("POST", "/2/compliance/jobs")
    assert request.headers == {"authorization": "Bearer SECRET-bearer", "content-type": "application/json"}
    expected: dict[str, object] = {"type": "tweets", "name": "a-name"}
    assert json.loads(body) == (expected | {"resumable": True} if resumable else expected)


def test_every_read_asks_for_the_fields_that_are_needed() -> None:
    for request in (API.get("123"), API.list("users"), API.create("users", "n", resumable=False)[0]):
        fields = parse_qs(urlsplit(request.url).query)["compliance_job.fields"][0].split(",")
        assert {"id", "status", "name", "upload_url", "upload_expires_at", "created_at"} <= set(fields)
        assert {"download_url", "download_expires_at"} <= set(fields)
    assert urlsplit(API.get("123").url).path == "/2/compliance/jobs/123"
    assert parse_qs(urlsplit(API.list("users").url).query)["type"] == ["users"]


def test_the_bearer_token_is_shown_nowhere() -> None:
    assert "SECRET" not in repr([API, API.get("1"), API.create("tweets", "n", resumable=True)[0]])


def test_a_job_is_read_with_its_times() -> None:
    job = job_of(answer(200, {"data": JOB}))
    assert (job.id, job.status, job.name) == (JOB["id"], "created", JOB["name"])
    assert job.upload_expires_at == datetime(2026, 11, 23, 12, 15, tzinfo=UTC)
    assert "SECRET" not in repr(job)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T12:00:00Z",
        "2026-11-23T12:00:00.000Z",
        "2026-11-23T12:00:00+00:00",
        "2026-11-23T04:00:00-08:00",
        "2026-11-23T12:00:00",
    ],
)
def test_every_way_of_writing_a_time_is_read(text: str) -> None:
    assert ComplianceJob.of(JOB | {"created_at": text}).created_at == datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["soon", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-08:00"])
def test_a_time_that_is_none_is_a_protocol_violation(text: str) -> None:
    with pytest.raises(ProtocolViolation, match="upload_expires_at"):
        ComplianceJob.of(JOB | {"upload_expires_at": text})


def test_a_job_needs_its_id_and_its_status_and_nothing_else() -> None:
    job = ComplianceJob.of({"id": "1", "status": "created"})
    assert (job.name, job.upload_url, job.upload_expires_at, job.download_url) == (None, None, None, None)


@pytest.mark.parametrize(
    "data",
    [
        {"status": "created"},
        {"id": "1"},
        {"id": 1, "status": "created"},
        {"id": "../1", "status": "created"},
        {"id": "", "status": "created"},
        {"id": "²", "status": "created"},
        {"id": "1", "status": None},
        [],
        "1",
    ],
)
def test_a_job_without_a_plain_id_or_a_status_is_a_protocol_violation(data: object) -> None:
    with pytest.raises(ProtocolViolation):
        ComplianceJob.of(data)


def test_unknown_fields_are_ignored() -> None:
    assert ComplianceJob.of(JOB | {"of_tomorrow": [1], "error": {}}) == ComplianceJob.of(JOB)


def test_a_200_with_the_error_not_found_is_an_unknown_job() -> None:
    with pytest.raises(JobNotFound, match="Could not find job"):
        job_of(answer(200, {"errors": [{"title": "Not Found Error", "detail": "Could not find job 12."}]}))


ERRORS_IN_200 = [
    ([{"type": "https://api.x.com/2/problems/resource-not-found", "title": "Not Found Error"}], JobNotFound),
    ([{"type": "https://api.twitter.com/2/problems/credits-depleted"}], CreditsDepleted),
    ([{"type": "https://api.twitter.com/2/problems/credits", "title": "SpendCapReached"}], UsageCapExceeded),
    ([{"type": "https://api.x.com/2/problems/usage-capped"}], UsageCapExceeded),
    ([{"type": "https://api.x.com/2/problems/not-authorized-for-resource"}], JobForbidden),
    ([{"type": "about:blank", "status": 401}], BadCredentials),
    ([{"type": "about:blank", "status": 400}], RequestRefused),
    ([{"type": "https://api.x.com/2/problems/internal-error"}], XUnavailable),
    ([{"code": 131, "message": "Internal error"}], XUnavailable),
    ([{"status": "soon"}], XUnavailable),
    (["words"], XUnavailable),
    ([], XUnavailable),
    ("words", XUnavailable),
]


@pytest.mark.parametrize(("errors", "error"), ERRORS_IN_200)
@pytest.mark.parametrize("data", [{}, {"data": None}])
def test_a_200_with_errors_and_no_job_is_what_the_errors_say(
    errors: object, error: type[ComplianceError], data: dict[str, None]
) -> None:
    said = answer(200, {"errors": errors} | data)
    with pytest.raises(error):
        job_of(said)
    for kind, read in ((XUnavailable, jobs_of), (XUnavailable, lambda each: job_of(each, of_job=False))):
        with pytest.raises(kind if error is JobNotFound else AccessRefused if error is JobForbidden else error):
            read(said)


def test_a_200_without_a_job_and_without_errors_says_nothing_of_the_job() -> None:
    with pytest.raises(XUnavailable, match="without any data"):
        job_of(answer(200, {"meta": {"result_count": 0}}))


def test_a_job_counts_though_errors_stand_beside_it() -> None:
    assert job_of(answer(200, {"data": JOB, "errors": [{"title": "Field hydration"}]})).id == JOB["id"]


def test_only_a_request_for_a_job_can_be_refused_for_that_job() -> None:
    for status, of_job, of_none in ((404, JobNotFound, XUnavailable), (403, JobForbidden, AccessRefused)):
        said = answer(status, {"type": "https://api.x.com/2/problems/not-authorized-for-resource", "title": "So"})
        assert type(refusal(said)) is of_job
        assert type(refusal(said, of_job=False)) is of_none


@pytest.mark.parametrize("status", [402, 403, 429])
def test_a_spending_limit_is_a_usage_cap_that_says_when_it_ends(status: int) -> None:
    problem = {
        "account_id": 1460323737035677698,
        "title": "SpendCapReached",
        "detail": "Your enrolled account [1460323737035677698] has reached its billing cycle spend cap.",
        "type": "https://api.twitter.com/2/problems/credits",
        "reset_date": "2027-01-01",
    }
    reached = refusal(answer(status, problem))
    assert type(reached) is UsageCapExceeded
    assert "spending limit" in str(reached)
    assert "2027-01-01" in str(reached)
    assert "1460323737035677698" not in str(reached)
    for date in ({}, {"reset_date": None}, {"reset_date": "SECRET"}):
        words = str(refusal(answer(status, problem | {"reset_date": None} | date)))
        assert "SECRET" not in words
        assert "X lifts it on" not in words


def test_a_403_about_credits_is_a_spending_limit_under_any_title() -> None:
    kind = "https://api.x.com/2/problems/credits"
    assert type(refusal(answer(403, {"type": kind, "title": "Forbidden"}))) is UsageCapExceeded
    assert type(refusal(answer(402, {"type": kind, "title": "CreditsDepleted"}))) is CreditsDepleted


def test_why_a_job_failed_is_kept_without_what_may_be_an_id_or_a_url() -> None:
    words = "Line 3 [1800000000000000001] is bad: 1800000000000000002,\n see https://x.com/?token=SECRET ."
    job = ComplianceJob.of(JOB | {"error": words + " word" * 1000})
    assert job.error is not None
    assert job.error.startswith("Line 3 is bad: …, see")
    assert not any(secret in job.error for secret in ("SECRET", "18000", "\n"))
    assert len(job.error) <= MAX_DETAIL
    assert [ComplianceJob.of(JOB | {"error": nothing}).error for nothing in ("", None, 5, "[1]")] == [None] * 4


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{}", b"\xff"])
def test_a_200_that_is_no_json_object_is_a_server_in_trouble(body: bytes) -> None:
    with pytest.raises(XUnavailable):
        job_of(Response(200, {}, body))


def test_a_list_without_jobs_has_no_data() -> None:
    assert jobs_of(answer(200, {"meta": {"result_count": 0}})) == []
    assert [job.id for job in jobs_of(answer(200, {"data": [JOB, JOB | {"id": "2"}]}))] == [JOB["id"], "2"]


def test_a_list_that_is_none_is_a_protocol_violation() -> None:
    with pytest.raises(ProtocolViolation):
        jobs_of(answer(200, {"data": {"id": "1"}}))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RequestRefused),
        (401, BadCredentials),
        (402, CreditsDepleted),
        (403, AccessRefused),
        (404, JobNotFound),
        (408, XUnavailable),
        (409, JobConflict),
        (413, PartTooLarge),
        (415, RequestRefused),
        (429, RateLimited),
        (499, RequestRefused),
        (500, XUnavailable),
        (502, XUnavailable),
        (503, XUnavailable),
        (504, XUnavailable),
        (302, RequestRefused),
    ],
)
def test_every_status_has_its_error(status: int, error: type[ComplianceError]) -> None:
    assert type(refusal(answer(status, {"title": "It is so", "type": "about:blank"}))) is error
    with pytest.raises(error):
        job_of(answer(status, {"title": "It is so"}))
    with pytest.raises(XUnavailable if error is JobNotFound else error):
        jobs_of(answer(status, {"title": "It is so"}))


@pytest.mark.parametrize(
    "document",
    [
        {"type": "about:blank", "title": "Title", "detail": "The very reason.", "status": 400},
        {"code": 88, "message": "The very reason."},
        {"errors": [{"message": "The very reason.", "code": 32}]},
        {"errors": [{"detail": "The very reason."}, "another"]},
        {"errors": ["another", {"detail": "Another."}], "detail": "The very reason."},
        {"errors": [{"title": "The very reason."}], "title": "Invalid Request", "detail": "One or more errors."},
    ],
)
def test_xs_own_words_are_passed_on_whatever_their_shape(document: object) -> None:
    assert "(The very reason)" in str(refusal(answer(400, document)))


@pytest.mark.parametrize("body", [b"", b"<html>Bad Gateway</html>", b'"text"', b'{"errors": "many"}', b'{"detail": 5}'])
def test_an_answer_without_words_still_has_its_error(body: bytes) -> None:
    assert str(refusal(Response(502, {}, body))) == "X answered 502."


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_a_404_without_a_word_is_a_route_that_is_not_live(body: bytes) -> None:
    assert type(refusal(Response(404, {}, body))) is RouteNotLive


@pytest.mark.parametrize("host", ["https://api.twitter.com", "https://api.x.com"])
@pytest.mark.parametrize("kind", ["usage-capped", "usage-capped/", "usage-exceeded", "monthly-cap"])
@pytest.mark.parametrize("shape", ["problem", "errors"])
def test_a_429_for_the_usage_cap_is_not_waited_out(host: str, kind: str, shape: str) -> None:
    problem = {"type": f"{host}/2/problems/{kind}", "title": "Usage cap exceeded"}
    document = problem if shape == "problem" else {"errors": [problem]}
    assert type(refusal(answer(429, document, {"x-rate-limit-reset": "1795434000"}))) is UsageCapExceeded


def test_a_429_for_the_rate_says_when_it_is_lifted() -> None:
    limited = refusal(answer(429, {"title": "Too Many Requests"}, {"x-rate-limit-reset": "1795434000"}))
    assert isinstance(limited, RateLimited)
    assert limited.reset_at == 1_795_434_000
    for text in (None, "", "soon", "nan", "inf", "-1", "1e400", "9" * 30, "1795434000, 1795434000"):
        limited = refusal(answer(429, {}, {} if text is None else {"x-rate-limit-reset": text}))
        assert isinstance(limited, RateLimited)
        assert limited.reset_at is None


@pytest.mark.parametrize(
    "words",
    [
        "See https://api.x.com/2/compliance/jobs/1/upload?token=SECRET for more",
        "PUT /2/compliance/jobs/1/upload?token=SECRET is not allowed",
        "The `token` query parameter value [SECRET] is not valid",
    ],
)
def test_no_message_repeats_an_upload_url_or_its_token(words: str) -> None:
    for status in (400, 401, 403, 404, 409, 413, 429, 500):
        for name in ("detail", "message", "title"):
            for document in ({name: words}, {"errors": [{name: words}]}):
                assert "SECRET" not in str(refusal(answer(status, document)))


def test_long_words_are_cut() -> None:
    assert len(str(refusal(answer(400, {"detail": "word " * 1000})))) < MAX_DETAIL + 100
