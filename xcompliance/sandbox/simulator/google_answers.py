"""The form of Google Cloud Storage's answers: its headers, in the order in which they were recorded, and its errors."""

import base64
from email.utils import formatdate
from xml.sax.saxutils import escape

from xcompliance.sandbox.simulator.objects import StoredObject
from xcompliance.sandbox.simulator.wire import Response

SERVER = "UploadServer"
COMPONENTS = 2
"""Objects that a composite is made of: a result's two halves."""

Headers = list[tuple[str, str]]


def stored(item: StoredObject) -> Response:
    """Return the answer to an upload that is complete."""
    return Response(
        200,
        [
            ("ETag", _etag(item)),
            *_version(item),
            *_hashes(item),
            ("x-goog-stored-content-length", str(item.size)),
            ("x-goog-stored-content-encoding", "identity"),
            ("Vary", "Origin"),
            ("Content-Type", "text/html; charset=UTF-8"),
        ],
    )


def description(item: StoredObject, now: float) -> Headers:
    """Return what every answer about the object's content says of the whole of it. ``now`` is in epoch seconds."""
    composite = [("x-goog-component-count", str(COMPONENTS))] if item.md5 is None else []
    return [
        ("Expires", formatdate(now, usegmt=True)),
        ("Cache-Control", "private, max-age=0"),
        ("Last-Modified", formatdate(item.generation / 1e6, usegmt=True)),
        ("ETag", _etag(item)),
        *_version(item),
        ("x-goog-stored-content-encoding", "identity"),
        ("x-goog-stored-content-length", str(item.size)),
        *composite,
        *_hashes(item),
        ("x-goog-storage-class", "STANDARD"),
    ]


def error(status: int, code: str, message: str, **more: str) -> Response:
    """Return an error in XML; ``more`` are further elements."""
    elements = {"Code": code, "Message": message, **more}
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in elements.items())
    body = f"<?xml version='1.0' encoding='UTF-8'?><Error>{inner}</Error>"
    return Response(status, [("Content-Type", "application/xml; charset=UTF-8")], body.encode())


_FAILURES = {
    401: ("AuthenticationRequired", "Authentication required."),
    403: ("AccessDenied", "Access denied."),
    404: ("NoSuchKey", "The specified key does not exist."),
    429: ("SlowDown", "Please reduce your request rate."),
    503: ("ServiceUnavailable", "Service unavailable. Please try again."),
}
_INTERNAL = ("InternalError", "We encountered an internal error. Please try again.")
_INVALID = ("InvalidArgument", "Invalid argument.")


def failure(status: int) -> Response:
    """Return the error that Google gives a status with."""
    return error(status, *_FAILURES.get(status, _INTERNAL if status >= 500 else _INVALID))


def _version(item: StoredObject) -> Headers:
    return [("x-goog-generation", str(item.generation)), ("x-goog-metageneration", "1")]


def _hashes(item: StoredObject) -> Headers:
    """A header line for each hash; of a composite object Google has the CRC32C alone."""
    md5 = [] if item.md5 is None else [("x-goog-hash", f"md5={item.md5}")]
    return [("x-goog-hash", f"crc32c={item.crc32c}"), *md5]


def _etag(item: StoredObject) -> str:
    """The MD5 in hexadecimal; where there is none, something that only looks like base64."""
    if item.md5 is not None:
        return f'"{base64.b64decode(item.md5).hex()}"'
    return f'"-{base64.b64encode(item.generation.to_bytes(8, "little")).decode()}"'
