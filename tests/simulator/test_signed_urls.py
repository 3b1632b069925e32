"""Google's V4 signatures are verified for real: nothing but what was signed gets through."""

from urllib.parse import parse_qs, urlsplit

import pytest

from .client import Answer, Client, lines
from .conftest import Simulate


def _open(client: Client, url: str, **headers: str) -> Answer:
    return client.send("POST", url, b"", **{"content_type": "text/plain", "x_goog_resumable": "start"} | headers)


def test_a_signed_url_opens_a_session(client: Client) -> None:
    answer = _open(client, client.create(resumable=True)["upload_url"])
    assert answer.status == 201
    assert "upload_id" in parse_qs(urlsplit(answer.headers["location"]).query)


def test_the_signed_headers_are_those_that_x_uses(simulate: Simulate) -> None:
    for settings, expected in (
        ({}, "content-type;host;x-goog-resumable"),
        ({"sign_content_length": True}, "content-length;content-type;host;x-goog-resumable"),
    ):
        client = simulate(**settings)
        url = client.create(resumable=True)["upload_url"]
        assert parse_qs(urlsplit(url).query)["X-Goog-SignedHeaders"] == [expected]
        assert _open(client, url).status == 201


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/submission/", "/delivery/"),
        ("X-Goog-Expires=900", "X-Goog-Expires=604800"),
        ("content-type%3Bhost", "host"),
        ("compliance%40", "somebody%40"),
        ("upload_url", "upload_url"),
    ],
)
def test_a_tampered_url_is_refused(client: Client, old: str, new: str) -> None:
    url = client.create(resumable=True)["upload_url"]
    tampered = url.replace(old, new) if old in url else url[:-1] + ("0" if url[-1] != "0" else "1")
    answer = _open(client, tampered)
    assert (answer.status, b"<Code>SignatureDoesNotMatch</Code>" in answer.body) == (403, True)


def test_another_method_than_the_signed_one_is_refused(client: Client) -> None:
    job = client.create(resumable=True)
    assert client.send("PUT", job["upload_url"], b"1\n", content_type="text/plain").status == 400
    assert client.send("GET", job["upload_url"], content_type="text/plain", x_goog_resumable="start").status == 403


def test_a_url_for_one_put_opens_no_session(client: Client) -> None:
    job = client.create(resumable=False)
    assert _open(client, job["upload_url"]).status == 400
    assert client.send("PUT", job["upload_url"], b"1\n", content_type="text/plain").status == 200


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content_type": "application/json"}, 403, b"SignatureDoesNotMatch"),
        ({"x_goog_hash": "crc32c=AAAAAA=="}, 400, b"MalformedSecurityHeader"),
        ({"authorization": "Bearer simulator-bearer-token"}, 403, b"AccessDenied"),
    ],
)
def test_headers_are_exactly_those_signed(client: Client, headers: dict[str, str], status: int, code: bytes) -> None:
    answer = _open(client, client.create(resumable=True)["upload_url"], **headers)
    assert answer.status == status
    assert code in answer.body


def test_a_signed_header_may_not_be_missing(client: Client) -> None:
    answer = client.send("POST", client.create(resumable=True)["upload_url"], b"", x_goog_resumable="start")
    assert (answer.status, b"MalformedSecurityHeader" in answer.body) == (400, True)


@pytest.mark.parametrize("query", ["", "?X-Goog-Algorithm=GOOG4-RSA-SHA256", "?upload_id=unknown"])
def test_without_a_signature_nothing_is_opened(client: Client, query: str) -> None:
    url = client.create(resumable=True)["upload_url"].partition("?")[0] + query
    assert _open(client, url).status in (400, 401)


def test_an_expired_url_is_refused(client: Client) -> None:
    job = client.create(resumable=True)
    client.simulator.clock.advance(900)
    answer = _open(client, job["upload_url"])
    assert (answer.status, b"<Code>ExpiredToken</Code>" in answer.body) == (400, True)


def test_results_are_gone_seven_days_after_the_creation(client: Client) -> None:
    job = client.create(resumable=True)
    client.upload(job, lines([1]))
    assert client.results(job).status == 200
    client.simulator.clock.advance(604_800)
    assert client.download(job).status == 400


def test_no_bearer_token_belongs_to_storage(client: Client) -> None:
    job, content = client.create(resumable=True), lines([1])
    session = client.open_session(job)
    token = client.authorization
    assert client.chunk(session, content, 0, len(content), authorization=token).status == 403
    assert client.chunk(session, content, 0, len(content)).status == 200
    client.results(job)
    assert client.download(job, authorization=token).status == 403


def test_there_are_no_results_before_the_job_is_complete(simulate: Simulate) -> None:
    client = simulate(job_seconds=60)
    job = client.create(resumable=True)
    client.upload(job, lines([1]))
    answer = client.download(job)
    assert (answer.status, b"<Code>NoSuchKey</Code>" in answer.body) == (404, True)
