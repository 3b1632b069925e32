"""What a strict server says of a client that breaks the rules."""

import base64

import google_crc32c

from compliance.wire import Readable, Request


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
