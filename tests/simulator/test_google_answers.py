"""Google's answers have the form in which they were recorded."""

import re
import socket
import xml.etree.ElementTree as ElementTree
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .client import Answer, Client, lines, persisted
from .conftest import Simulate

IDS = lines(range(10**18, 10**18 + 5_000))

DOWNLOAD = [
    "X-GUploader-UploadID",
    "Expires",
    "Cache-Control",
    "Last-Modified",
    "ETag",
    "x-goog-generation",
    "x-goog-metageneration",
    "x-goog-stored-content-encoding",
    "x-goog-stored-content-length",
    "x-goog-hash",
    "x-goog-hash",
    "x-goog-storage-class",
    "Accept-Ranges",
    "Content-Type",
    "Content-Length",
    "Server",
    "Date",
]
"""The headers of curl's transcripts of storage.googleapis.com; Alt-Svc is left out."""
UPLOAD = [
    "X-GUploader-UploadID",
    "ETag",
    "x-goog-generation",
    "x-goog-metageneration",
    "x-goog-hash",
    "x-goog-hash",
    "x-goog-stored-content-length",
    "x-goog-stored-content-encoding",
    "Vary",
    "Content-Type",
    "Content-Length",
    "Server",
    "Date",
]


def _raw(
    url: str, method: str = "GET", headers: str = "", body: bytes = b""
) -> tuple[str, list[tuple[str, str]], bytes]:
    """The status line, each header line, and what follows them as it is on the wire."""
    target = urlsplit(url)
    with socket.create_connection((target.hostname or "", target.port or 0)) as wire:
        request = f"{method} {target.path}?{target.query} HTTP/1.1\r\nHost: {target.netloc}\r\nConnection: close\r\n"
        wire.sendall(f"{request}{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    head, _, content = answer.partition(b"\r\n\r\n")
    first, *named = head.decode().split("\r\n")
    return first, [tuple(line.split(": ", 1)) for line in named], content  # type: ignore[misc]


def _completed(client: Client) -> Any:
    job = client.create(resumable=True)
    client.upload(job, IDS)
    assert client.results(job).status == 200
    return job


def _error(answer: Answer) -> dict[str, str | None]:
    assert answer.headers["content-type"] == "application/xml; charset=UTF-8"
    return {element.tag: element.text for element in ElementTree.fromstring(answer.body)}


def test_a_download_has_the_headers_that_were_recorded(client: Client) -> None:
    status, headers, body = _raw(_completed(client)["download_url"])
    assert status == "HTTP/1.1 200 OK"
    assert sorted(name for name, _ in headers) == sorted(DOWNLOAD)
    told = dict(headers)
    assert told["Server"] == "UploadServer"
    assert told["Content-Length"] == told["x-goog-stored-content-length"] == str(len(body))
    stored_at = parsedate_to_datetime(told["Last-Modified"]).timestamp()
    assert stored_at == int(told["x-goog-generation"]) // 1_000_000


def test_each_hash_has_a_header_line_of_its_own(client: Client) -> None:
    job = client.create(resumable=False)
    _, uploaded, _ = _raw(job["upload_url"], "PUT", "Content-Type: text/plain\r\n", IDS)
    client.results(job)
    _, downloaded, _ = _raw(job["download_url"])
    for headers in (uploaded, downloaded):
        hashes = [value for name, value in headers if name == "x-goog-hash"]
        assert [re.sub("=.*", "", value) for value in hashes] == ["crc32c", "md5"]


def test_an_upload_has_the_headers_that_were_recorded(client: Client) -> None:
    job = client.create(resumable=False)
    _, headers, body = _raw(job["upload_url"], "PUT", "Content-Type: text/plain\r\n", IDS)
    assert sorted(name for name, _ in headers) == sorted(UPLOAD)
    assert body == b""


def test_composite_results_have_a_crc32c_alone_and_their_number_of_components(simulate: Simulate) -> None:
    client = simulate(composite_results=True)
    job = client.create(resumable=True)
    assert "md5=" in client.upload(job, IDS).headers["x-goog-hash"]
    answer = client.results(job)
    assert re.fullmatch("crc32c=[A-Za-z0-9+/]{6}==", answer.headers["x-goog-hash"])
    assert answer.headers["x-goog-component-count"] == "2"
    assert answer.headers["etag"].startswith('"-')


@pytest.mark.parametrize("generation", ["gcs", "x-hosted"])
def test_a_head_tells_the_same_as_a_get_without_the_body(simulate: Simulate, generation: str) -> None:
    client = simulate(generation=generation)
    job = client.create()
    client.upload(job, IDS)
    whole = client.results(job)
    authorization = {"authorization": client.authorization} if generation == "x-hosted" else {}
    client.simulator.faults.arm("corrupted_download")
    answer = client.send("HEAD", job["download_url"], None, **authorization)
    assert (answer.status, answer.body) == (200, b"")
    changing = {"date", "x-guploader-uploadid", "expires", "x-rate-limit-remaining"}
    assert {k: v for k, v in answer.headers.items() if k.lower() not in changing} == {
        k: v for k, v in whole.headers.items() if k.lower() not in changing
    }
    assert client.download(job).body != whole.body


def test_a_head_of_nothing_has_no_body_either(client: Client) -> None:
    job = client.create(resumable=True)
    answer = client.send("HEAD", job["download_url"])
    assert (answer.status, answer.body) == (404, b"")
    assert int(answer.headers["content-length"]) > 0


@pytest.mark.parametrize("generation", ["gcs", "x-hosted"])
def test_bodies_can_be_chunked(simulate: Simulate, generation: str) -> None:
    client = simulate(generation=generation, chunked=True)
    job = client.create()
    client.upload(job, IDS)
    whole = client.results(job)
    assert whole.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in whole.headers
    piece = client.download(job, range="bytes=10-")
    assert (piece.status, piece.body) == (206, whole.body[10:])
    assert piece.headers["content-range"] == f"bytes 10-{len(whole.body) - 1}/{len(whole.body)}"
    assert client.download(job, range=f"bytes={len(whole.body)}-").status == 416
    client.simulator.faults.arm("truncated_download", keep_bytes=100)
    with pytest.raises(Exception, match=r"(?i)chunk|incomplete|broken"):
        client.download(job)
    assert client.download(job).body == whole.body


def test_an_empty_answer_is_not_chunked(simulate: Simulate) -> None:
    client = simulate(chunked=True)
    job = client.create(resumable=True)
    answer = client.ask(client.open_session(job), 0)
    assert (answer.status, answer.headers["content-length"]) == (200, "0")
    assert client.results(job).body == b""


def test_errors_have_googles_elements(client: Client) -> None:
    job = client.create(resumable=True)
    unsigned = client.send(
        "POST", job["upload_url"], b"", content_type="text/plain", x_goog_resumable="start", x_goog_meta_a="b"
    )
    assert _error(unsigned) == {
        "Code": "MalformedSecurityHeader",
        "Message": "Your request has a malformed header.",
        "ParameterName": "x-goog-meta-a",
        "Details": "Header must be signed.",
    }
    missing = _error(client.send("POST", job["upload_url"], b"", x_goog_resumable="start"))
    assert missing["ParameterName"] == "content-type"
    other = _error(client.send("POST", job["upload_url"], b"", content_type="text/html", x_goog_resumable="start"))
    assert list(other) == ["Code", "Message", "Details", "StringToSign", "CanonicalRequest"]
    assert (other["CanonicalRequest"] or "").startswith("POST\n/twttr-tweet-compliance/")
    assert _error(client.download(job))["Code"] == "NoSuchKey"
    client.simulator.clock.advance(900)
    expired = client.send("POST", job["upload_url"], b"", content_type="text/plain", x_goog_resumable="start")
    assert (_error(expired)["Details"] or "").startswith("Request signature expired at: 20")


def test_a_job_that_was_to_be_resumable_may_get_a_url_for_one_put(simulate: Simulate) -> None:
    client = simulate(resumable="ignored")
    job = client.create(resumable=True)
    assert job["resumable"] is False
    assert parse_qs(urlsplit(job["upload_url"]).query)["X-Goog-SignedHeaders"] == ["content-type;host"]
    session = client.send("POST", job["upload_url"], b"", content_type="text/plain", x_goog_resumable="start")
    assert session.status == 400
    assert (_error(session)["Code"], _error(session)["ParameterName"]) == (
        "MalformedSecurityHeader",
        "x-goog-resumable",
    )
    assert client.send("PUT", job["upload_url"], IDS, content_type="text/plain").status == 200


def test_what_is_persisted_is_told_as_ever(client: Client) -> None:
    session = client.open_session(client.create(resumable=True))
    answer = client.ask(session)
    assert persisted(answer) == 0
    assert answer.headers["server"] == "UploadServer"
    assert answer.headers["content-length"] == "0"
