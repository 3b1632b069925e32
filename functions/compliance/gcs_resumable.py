"""Google Cloud Storage's resumable upload: builds the requests and judges the answers, without a socket.

Source: Cloud Storage XML API, "Resumable uploads" and "Performing resumable uploads".
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qs, urljoin, urlsplit

from compliance.errors import (
    ProtocolViolation,
    RequestRefused,
    SessionLost,
    UploadCorrupted,
    UploadWindowClosed,
)
from compliance.wire import Request, Response

CHUNK_UNIT = 262_144
"""Bytes: the length of every chunk but the last is a multiple of this."""

CONTENT_TYPE = "text/plain"

RESUMABLE = "x-goog-resumable"

_RANGE = re.compile(r"bytes=0-([0-9]+)", re.ASCII)


@dataclass(frozen=True)
class Persisted:
    """The server has kept this many bytes from the front; the upload goes on from there."""

    offset: int


@dataclass(frozen=True)
class Stored:
    """The object is whole. ``crc32c`` is the server's, base64 of the big-endian value, where it was given."""

    crc32c: str | None


@dataclass(frozen=True)
class Unclear:
    """The answer does not say where the upload stands: ask. ``reason`` is fit for a log line."""

    reason: str


Progress = Persisted | Stored | Unclear


def open_request(upload_url: str) -> Request:
    """Opens a session: a POST with the headers that the URL's signature names.

    Raises ProtocolViolation when the signature asks for a header that this upload has no value for.
    """
    headers = {"content-length": "0", RESUMABLE: "start"}
    return Request("POST", upload_url, headers | _signed_content_type(upload_url, headers))


def put_request(upload_url: str, total: int) -> Request:
    """Uploads ``total`` bytes in one PUT, where the URL is not signed for a session.

    Sends the headers that the URL's signature names, and never a bearer token. Raises ProtocolViolation as
    ``open_request`` does.
    """
    headers = {"content-length": str(total)}
    return Request("PUT", upload_url, headers | _signed_content_type(upload_url, headers))


def _signed_content_type(url: str, sent: Collection[str]) -> dict[str, str]:
    signed = signed_headers(url)
    for name in signed - {"host", "content-type", *sent}:
        raise ProtocolViolation(f"The upload URL is signed for the header {name}, which has no known value.")
    return {"content-type": CONTENT_TYPE} if "content-type" in signed else {}


def opens_session(upload_url: str) -> bool:
    """Whether the URL is signed for a resumable upload: Google takes no ``x-goog-`` header that is not signed."""
    return RESUMABLE in signed_headers(upload_url)


def signed_headers(url: str) -> set[str]:
    """The names in ``X-Goog-SignedHeaders``, lower-case."""
    query = {name.lower(): values for name, values in parse_qs(urlsplit(url).query).items()}
    return {name.lower() for value in query.get("x-goog-signedheaders", []) for name in value.split(";") if name}


def judge_open(request: Request, response: Response) -> str | Unclear:
    """The session URI. Raises UploadWindowClosed for an expired URL and RequestRefused for any other refusal."""
    if response.status in (200, 201):
        location = response.headers.get("location")
        if not location and is_page(response):
            return Unclear(f"a page came with the status {response.status} instead of the session")
        if not location:
            raise ProtocolViolation("Google opened an upload session without naming it.")
        return urljoin(request.url, location)
    if _is_transient(response.status):
        return Unclear(f"the answer to opening the session was {response.status}")
    if b"ExpiredToken" in response.body or b"expired" in response.body.lower():
        raise UploadWindowClosed("The upload URL has expired: Google opens no session for it any more.")
    raise RequestRefused(f"Google refused to open an upload session ({response.status}{_code(response)}).")


def ask_request(session_uri: str, total: int) -> Request:
    """Asks the session where it stands. ``total`` is the object's length in bytes."""
    return Request("PUT", session_uri, {"content-length": "0", "content-range": f"bytes */{total}"})


def judge_ask(response: Response, total: int) -> Progress:
    """Return where the session stands. Here a 308 without Range means that nothing is persisted.

    Raises SessionLost, UploadCorrupted, RequestRefused, or ProtocolViolation for a Range beyond ``total``.
    """
    return _judge(response, total, Persisted(0))


def chunk_request(session_uri: str, start: int, length: int, total: int, crc32c: str) -> Request:
    """Sends ``length`` bytes from ``start``; the last chunk tells Google the CRC32C to hold the object to."""
    headers = {"content-length": str(length), "content-range": f"bytes {start}-{start + length - 1}/{total}"}
    if start + length == total:
        headers["x-goog-hash"] = f"crc32c={crc32c}"
    return Request("PUT", session_uri, headers)


def judge_chunk(response: Response, total: int) -> Progress:
    """Return where the session stands after a chunk, and raise as ``judge_ask`` does.

    The session may be ahead of the chunk, as another execution may write to it. A 308 without Range says nothing here:
    it happens after chunks that were kept.
    """
    return _judge(response, total, Unclear("a 308 came without a Range"))


def may_be_gap(response: Response) -> bool:
    """Whether the refusal of a chunk may mean that it does not begin where the session stands."""
    return response.status in (400, 416) and not _is_bad_digest(response)


def _judge(response: Response, total: int, without_range: Progress) -> Progress:
    match response.status:
        case 200 | 201 if is_page(response):
            return Unclear(f"a page came with the status {response.status}")
        case 200 | 201:
            return Stored(stored_crc32c(response))
        case 308:
            text = response.headers.get("range")
            return without_range if text is None else _persisted(text, total)
        case 404 | 410 | 499:
            raise SessionLost(f"Google does not know the upload session any more ({response.status}).")
        case status if _is_transient(status):
            return Unclear(f"the answer was {status}")
        case 400 if _is_bad_digest(response):
            raise UploadCorrupted("Google refused the object because its CRC32C is not the part's.")
        case status:
            raise RequestRefused(f"Google refused the upload ({status}{_code(response)}).")


def _persisted(text: str, total: int) -> Persisted:
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise ProtocolViolation("Google named the persisted bytes in a form that is not bytes=0-N.")
    offset = int(match[1]) + 1
    if offset > total:
        raise ProtocolViolation("Google says that it has persisted more than the whole part.")
    return Persisted(offset)


def is_page(response: Response) -> bool:
    """Whether a success is a page of somebody on the way. Google's own has a checksum or, at least, no markup."""
    return response.body.lstrip().startswith(b"<") and stored_crc32c(response) is None


def stored_crc32c(response: Response) -> str | None:
    """The CRC32C in ``x-goog-hash``, which may name an MD5 beside it."""
    for item in response.headers.get("x-goog-hash", "").split(","):
        name, _, value = item.strip().partition("=")
        if name == "crc32c":
            return value
    return None


def _is_bad_digest(response: Response) -> bool:
    return b"hash" in response.body.lower() or b"BadDigest" in response.body


def _is_transient(status: int) -> bool:
    return status in (408, 429) or status >= 500


def _code(response: Response) -> str:
    """Google's own error code, such as SignatureDoesNotMatch; its other words may quote the URL."""
    match = re.search(rb"<Code>([A-Za-z]{1,64})</Code>", response.body)
    return f", {match[1].decode()}" if match else ""
