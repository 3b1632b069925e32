"""Google's resumable protocol, decided without a socket."""

from collections.abc import Callable

import pytest

from compliance.errors import ProtocolViolation, RequestRefused, SessionLost, UploadCorrupted, UploadWindowClosed
from compliance.gcs_resumable import (
    CHUNK_UNIT,
    Persisted,
    Progress,
    Stored,
    Unclear,
    ask_request,
    chunk_request,
    judge_ask,
    judge_chunk,
    judge_open,
    open_request,
    put_request,
    signed_headers,
    stored_crc32c,
)
from compliance.wire import Response

URL = "https://storage.googleapis.com/bucket/object?X-Goog-Signature=SECRET&X-Goog-SignedHeaders="
SESSION = "https://storage.googleapis.com/bucket/object?upload_id=SECRET"
TOTAL = 10 * CHUNK_UNIT


@pytest.mark.parametrize("signed", ["content-type;host", "content-type%3Bhost", "Content-Type;Host"])
def test_a_session_is_opened_with_the_headers_that_the_url_is_signed_for(signed: str) -> None:
    assert open_request(URL + signed).headers == {
        "content-length": "0",
        "content-type": "text/plain",
        "x-goog-resumable": "start",
    }


def test_a_header_that_is_not_signed_is_not_sent() -> None:
    assert "content-type" not in open_request(URL + "host").headers
    assert put_request(URL + "host", 9).headers == {"content-length": "9"}


@pytest.mark.parametrize("signed", ["content-type;host", "content-length;content-type;host"])
def test_a_plain_put_has_the_headers_that_the_url_is_signed_for(signed: str) -> None:
    request = put_request(URL + signed, 9)
    assert request.method == "PUT"
    assert request.headers == {"content-length": "9", "content-type": "text/plain"}


def test_the_longer_list_of_signed_headers_is_served_too() -> None:
    request = open_request(URL + "content-length;content-type;host;x-goog-resumable")
    assert request.method == "POST"
    assert set(request.headers) == {"content-length", "content-type", "x-goog-resumable"}


def test_a_signature_for_an_unknown_header_is_refused_by_its_name() -> None:
    for request in (open_request, lambda url: put_request(url, 9)):
        with pytest.raises(ProtocolViolation, match="x-goog-encryption-key") as refused:
            request(URL + "host;x-goog-encryption-key")
        assert "SECRET" not in str(refused.value)


def test_signed_headers_are_found_whatever_the_case_of_the_parameter() -> None:
    assert signed_headers("https://h/?x-goog-signedheaders=host;Content-Type") == {"host", "content-type"}
    assert signed_headers("https://h/") == set()


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("location", [SESSION, "/bucket/object?upload_id=SECRET"])
def test_the_session_uri_is_the_location_absolute_or_not(status: int, location: str) -> None:
    assert judge_open(open_request(URL + "host"), Response(status, {"location": location})) == SESSION


def test_a_session_without_a_location_is_a_protocol_violation() -> None:
    with pytest.raises(ProtocolViolation):
        judge_open(open_request(URL + "host"), Response(201))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_opening_is_tried_again_after_a_transient_answer(status: int) -> None:
    assert isinstance(judge_open(open_request(URL + "host"), Response(status)), Unclear)


@pytest.mark.parametrize("status", [400, 404, 410, 499])
def test_opening_is_not_tried_again_after_a_refusal(status: int) -> None:
    with pytest.raises(RequestRefused):
        judge_open(open_request(URL + "host"), Response(status))


@pytest.mark.parametrize("body", [b"<Code>ExpiredToken</Code>", b"The signature has Expired"])
def test_an_expired_url_closes_the_upload_window(body: bytes) -> None:
    with pytest.raises(UploadWindowClosed):
        judge_open(open_request(URL + "host"), Response(400, {}, body))


def test_a_refused_opening_says_googles_code_and_nothing_of_the_url() -> None:
    body = b"<Error><Code>SignatureDoesNotMatch</Code><StringToSign>/bucket/object?SECRET</StringToSign></Error>"
    with pytest.raises(RequestRefused, match=r"403, SignatureDoesNotMatch") as refused:
        judge_open(open_request(URL + "host"), Response(403, {}, body))
    assert "SECRET" not in str(refused.value)


def test_a_question_has_no_body_and_names_the_total() -> None:
    request = ask_request(SESSION, TOTAL)
    assert request.method == "PUT"
    assert request.headers == {"content-length": "0", "content-range": f"bytes */{TOTAL}"}


def test_a_chunk_names_its_range_inclusively() -> None:
    request = chunk_request(SESSION, CHUNK_UNIT, CHUNK_UNIT, TOTAL, "crc=")
    assert request.headers == {
        "content-length": str(CHUNK_UNIT),
        "content-range": f"bytes {CHUNK_UNIT}-{2 * CHUNK_UNIT - 1}/{TOTAL}",
    }


def test_only_the_last_chunk_carries_the_checksum() -> None:
    assert chunk_request(SESSION, TOTAL - 5, 5, TOTAL, "AAAAAA==").headers["x-goog-hash"] == "crc32c=AAAAAA=="
    assert "x-goog-hash" not in chunk_request(SESSION, 0, 5, TOTAL, "AAAAAA==").headers


def test_a_missing_range_means_nothing_only_in_the_answer_to_a_question() -> None:
    assert judge_ask(Response(308), TOTAL) == Persisted(0)
    assert isinstance(judge_chunk(Response(308), CHUNK_UNIT), Unclear)


def test_a_range_ends_with_the_last_byte_that_is_kept() -> None:
    answer = Response(308, {"range": f"bytes=0-{CHUNK_UNIT - 1}"})
    assert judge_ask(answer, TOTAL) == judge_chunk(answer, TOTAL) == Persisted(CHUNK_UNIT)


@pytest.mark.parametrize("text", ["bytes=5-9", "bytes=0-", "0-9", "bytes 0-9", "bytes=0-٩", "bytes=0--1", ""])
def test_a_malformed_range_is_a_protocol_violation(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        judge_ask(Response(308, {"range": text}), TOTAL)


@pytest.mark.parametrize("judge", [judge_ask, judge_chunk])
def test_a_range_beyond_the_part_is_fatal(judge: Callable[[Response, int], Progress]) -> None:
    with pytest.raises(ProtocolViolation):
        judge(Response(308, {"range": f"bytes=0-{TOTAL}"}), TOTAL)
    assert judge(Response(308, {"range": f"bytes=0-{TOTAL - 1}"}), TOTAL) == Persisted(TOTAL)


@pytest.mark.parametrize("status", [200, 201])
def test_both_200_and_201_mean_stored(status: int) -> None:
    assert judge_ask(Response(status, {"x-goog-hash": "crc32c=abc="}), TOTAL) == Stored("abc=")
    assert judge_chunk(Response(status), TOTAL) == Stored(None)


def test_a_page_is_no_answer_of_googles_unless_it_names_the_checksum() -> None:
    page = b"<html>Please sign in</html>"
    assert isinstance(judge_ask(Response(200, {}, page), TOTAL), Unclear)
    assert judge_ask(Response(200, {"x-goog-hash": "crc32c=abc="}, page), TOTAL) == Stored("abc=")


@pytest.mark.parametrize("status", [404, 410, 499])
def test_a_session_that_google_does_not_know_is_lost(status: int) -> None:
    with pytest.raises(SessionLost):
        judge_ask(Response(status), TOTAL)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_transient_answer_says_nothing_about_the_offset(status: int) -> None:
    assert isinstance(judge_chunk(Response(status), TOTAL), Unclear)


@pytest.mark.parametrize("body", [b"Provided CRC32C does not match x-goog-hash", b"<Code>BadDigest</Code>"])
def test_a_checksum_that_google_refuses_is_a_corrupted_upload(body: bytes) -> None:
    with pytest.raises(UploadCorrupted):
        judge_chunk(Response(400, {}, body), TOTAL)


@pytest.mark.parametrize("status", [400, 401, 403, 412, 302])
def test_any_other_answer_is_a_refusal(status: int) -> None:
    with pytest.raises(RequestRefused, match=str(status)) as refused:
        judge_chunk(Response(status, {}, b"https://storage.googleapis.com/?SECRET"), TOTAL)
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("crc32c=n03x6A==", "n03x6A=="),
        ("crc32c=n03x6A==,md5=Ojk9c3dhfxgoKVVHYwFbHQ==", "n03x6A=="),
        ("md5=Ojk9c3dhfxgoKVVHYwFbHQ==, crc32c=n03x6A==", "n03x6A=="),
        ("md5=Ojk9c3dhfxgoKVVHYwFbHQ==", None),
    ],
)
def test_the_checksum_is_found_beside_an_md5(header: str, expected: str | None) -> None:
    assert stored_crc32c(Response(200, {"x-goog-hash": header})) == expected


def test_no_representation_shows_a_credential() -> None:
    shown = [open_request(URL + "host"), ask_request(SESSION, 1), Response(201, {"location": SESSION}, b"SECRET")]
    assert "SECRET" not in repr(shown)
