"""Uploads in one PUT."""

import pytest

from compliance.errors import (
    ComplianceError,
    CreditsDepleted,
    PartTooLarge,
    RequestRefused,
    RouteNotLive,
    UploadCorrupted,
    UploadInterrupted,
    UploadRefused,
    UploadWindowClosed,
    UsageCapExceeded,
    XUnavailable,
)
from compliance.gcs_resumable import put_request
from compliance.single_put import judge_gcs_put, judge_x_hosted, put, x_hosted_request
from compliance.wire import Readable, Request, Response, WireError
from compliance.x_api import XApi
from tests.fakes.breach import crc32c, read_body
from tests.fakes.clock import ManualClock
from tests.fakes.source import MemorySource

SPENT = Response(403, {}, b'{"title": "SpendCapReached", "type": "https://api.twitter.com/2/problems/credits"}')
CONTENT = b"1\n22\n333\n"
X_URL = "https://api.x.com/2/compliance/jobs/1/upload?token=SECRET"
GOOGLE_URL = "https://storage.googleapis.com/bucket/object?X-Goog-Signature=SECRET"


def test_x_gets_its_bearer_token_and_the_urls_own() -> None:
    request = x_hosted_request(XApi("https://api.x.com", "SECRET"), X_URL, 9)
    assert (request.method, request.url) == ("PUT", X_URL)
    assert request.headers == {
        "authorization": "Bearer SECRET",
        "content-type": "application/octet-stream",
        "content-length": "9",
    }
    assert "SECRET" not in repr(request)


def test_google_never_sees_a_bearer_token() -> None:
    assert "authorization" not in put_request(GOOGLE_URL, 9).headers


def test_the_whole_part_is_sent_and_nothing_behind_it() -> None:
    received: list[bytes] = []

    def send(request: Request, body: bytes | Readable | None) -> Response:
        received.append(read_body(request, body))
        return Response(200)

    source = MemorySource(CONTENT, behind=b"other")
    assert put(put_request(GOOGLE_URL, len(CONTENT)), source.source(), send, ManualClock(), 20).status == 200
    assert received == [CONTENT]


def test_a_broken_connection_is_an_interrupted_upload() -> None:
    def send(request: Request, body: bytes | Readable | None) -> Response:
        raise WireError("ProtocolError")

    with pytest.raises(UploadInterrupted, match="ProtocolError"):
        put(put_request(GOOGLE_URL, 9), MemorySource(CONTENT).source(), send, ManualClock(), 20)


def test_a_source_that_ends_early_is_an_interrupted_upload() -> None:
    def send(request: Request, body: bytes | Readable | None) -> Response:
        read_body(request, body)
        return Response(200)

    with pytest.raises(UploadInterrupted, match="3 bytes early"):
        put(put_request(GOOGLE_URL, 9), MemorySource(CONTENT, shortage=3).source(), send, ManualClock(), 20)


def test_an_upload_that_the_invocation_is_too_short_for_says_so() -> None:
    clock = ManualClock()

    def send(request: Request, body: bytes | Readable | None) -> Response:
        assert body is not None
        assert not isinstance(body, bytes)
        body.read(4)
        clock.left = 19
        body.read(4)
        raise AssertionError("the body went on")

    with pytest.raises(UploadInterrupted, match="too short"):
        put(put_request(GOOGLE_URL, 9), MemorySource(CONTENT).source(), send, clock, 20)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(401), UploadRefused),
        (Response(403), UploadRefused),
        (Response(402), CreditsDepleted),
        (SPENT, UsageCapExceeded),
        (Response(404), RouteNotLive),
        (Response(409), UploadInterrupted),
        (Response(413), PartTooLarge),
        (Response(500), XUnavailable),
        (Response(400), RequestRefused),
    ],
)
def test_what_x_answers_to_an_upload_has_a_name(answer: Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        judge_x_hosted(answer)


@pytest.mark.parametrize("status", [200, 201, 299])
def test_x_takes_an_upload_with_a_success_of_any_kind(status: int) -> None:
    judge_x_hosted(Response(status, {}, b'{"data": {"id": "1"}}'))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b'{"errors": [{"title": "Internal Error"}]}', b'{"data": null}', b"[]"]
)
def test_a_success_without_a_job_does_not_confirm_the_upload(body: bytes) -> None:
    with pytest.raises(UploadInterrupted):
        judge_x_hosted(Response(200, {}, body))


@pytest.mark.parametrize("status", [199, 300])
def test_x_takes_an_upload_with_nothing_else(status: int) -> None:
    with pytest.raises(ComplianceError):
        judge_x_hosted(Response(status))


@pytest.mark.parametrize("status", [200, 201])
def test_google_takes_an_upload_with_our_checksum(status: int) -> None:
    assert judge_gcs_put(Response(status, {"x-goog-hash": f"crc32c={crc32c(CONTENT)}"}), crc32c(CONTENT))


@pytest.mark.parametrize("headers", [{}, {"x-goog-hash": "md5=Ojk9c3dhfxgoKVVHYwFbHQ=="}])
def test_an_upload_of_which_google_names_no_crc32c_is_not_verified(headers: dict[str, str]) -> None:
    assert not judge_gcs_put(Response(200, headers), crc32c(CONTENT))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(200, {"x-goog-hash": "crc32c=AAAAAA=="}), UploadCorrupted),
        (Response(200, {"x-goog-hash": "crc32c=AAAAAA=="}, b"<html>"), UploadCorrupted),
        (Response(200, {}, b"\n<html>SECRET"), UploadInterrupted),
        (Response(408), UploadInterrupted),
        (Response(429), UploadInterrupted),
        (Response(499), RequestRefused),
        (Response(500), UploadInterrupted),
        (Response(503), UploadInterrupted),
        (Response(400, {}, b"<Code>ExpiredToken</Code>"), UploadWindowClosed),
        (Response(403, {}, b"Request has expired"), UploadWindowClosed),
        (Response(403, {}, b"SECRET"), RequestRefused),
    ],
)
def test_what_google_answers_to_an_upload_has_a_name(answer: Response, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        judge_gcs_put(answer, crc32c(CONTENT))
    assert "SECRET" not in str(raised.value)
