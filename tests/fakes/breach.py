"""What a strict server says of a client that breaks the rules, also of those that the real ones let pass."""

import base64
import re

import google_crc32c

from compliance.wire import Readable, Request
from xcompliance.sandbox.simulator import wire
from xcompliance.sandbox.simulator.sessions import Session

_GOOGLES = re.compile(rb"<Code>(InvalidArgument|AccessDenied|SignatureDoesNotMatch|Auth\w+|Malformed\w+)</Code>")


class BreachError(AssertionError):
    """The client broke the protocol. No product code catches this."""


def require(is_kept: bool, rule: str) -> None:
    if not is_kept:
        raise BreachError(rule)


def crc32c(content: bytes) -> str:
    """Base64 of the big-endian checksum, as Google writes it."""
    return base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()


def read_body(request: Request, body: bytes | Readable | None) -> bytes:
    """The whole body, which must be as long as it was announced to be."""
    if isinstance(body, bytes):
        content = body
    else:
        content = b"" if body is None else b"".join(iter(lambda: body.read(1 << 20), b""))
    announced = request.headers.get("content-length")
    require(announced is None or int(announced) == len(content), "the body is not as long as Content-Length says")
    return content


def check_x(request: wire.Request) -> None:
    """Raises BreachError for what X need not put up with."""
    require(request.path.startswith("/2/compliance/jobs"), "X has nothing at this address")
    require(request.headers.get("authorization", "").startswith("Bearer "), "the bearer token is missing")


def check_google(request: wire.Request, operation: str | None) -> None:
    """Raises BreachError for what Google need not put up with."""
    headers, length = request.headers, request.body.length
    require("authorization" not in headers, "the signed URL is the credential: no bearer token for Google")
    require(operation is not None, "Google knows no such request")
    if operation == "open_session":
        require(length == 0, "the POST that opens a session has no body")
        require("x-goog-hash" not in headers, "the POST must not carry a hash")
    if operation == "ask_session":
        require(length == 0, "a question has no body")
    if operation == "send_chunk":
        require("content-range" in headers, "Content-Range is missing")


def check_chunk(request: wire.Request, session: Session) -> None:
    """Raises BreachError for bytes that Google did not ask for, as it forgives some."""
    span, _, total = request.headers["content-range"].removeprefix("bytes ").partition("/")
    start, _, last = span.partition("-")
    require(session.stored is None, "bytes were sent to a finished session")
    require(int(start) == session.persisted, "a chunk does not begin where the server stands")
    is_last = int(last) + 1 == int(total)
    require(("x-goog-hash" in request.headers) <= is_last, "a hash belongs to the last chunk only")


def check_refusal(service: str, response: wire.Response, *, knows_other_app: bool) -> None:
    """Raises BreachError for an answer of the service's own that says the client broke the protocol."""
    body = response.body if isinstance(response.body, bytes) else b""
    if service == "storage":
        match = _GOOGLES.search(body)
        require(match is None, f"Google refused a request ({response.status}): {body.decode()}")
    elif response.status in (400, 403):
        known = (b"resumable] is not", b"has ended", b"has expired", *[b"is not one for this"] * knows_other_app)
        is_known = any(words in body for words in known)
        require(is_known, f"X refused a request ({response.status}): {body.decode()}")
    require(response.status not in (411, 416), f"{service} refused a request with {response.status}")
