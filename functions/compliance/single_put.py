"""Uploads that X or Google take in one PUT: nothing to resume, so a failed one starts again from byte 0."""

from compliance.clock import Clock
from compliance.errors import (
    AccessRefused,
    BadCredentials,
    JobForbidden,
    RequestRefused,
    UploadCorrupted,
    UploadInterrupted,
    UploadRefused,
    UploadWindowClosed,
    XUnavailable,
)
from compliance.gcs_resumable import is_page, stored_crc32c
from compliance.upload import Source
from compliance.wire import ExactReader, OutOfTime, Request, Response, Send, WireError
from compliance.x_api import XApi, data_of

X_HOSTED_LIMIT = 128_000_000
"""Bytes that X's own upload takes at most; over it, X answers 413."""


def x_hosted_request(api: XApi, upload_url: str, total: int) -> Request:
    """X's own upload: bearer token and the URL's own token both stay."""
    headers = {**api.authorization, "content-type": "application/octet-stream", "content-length": str(total)}
    return Request("PUT", upload_url, headers)


def judge_x_hosted(response: Response) -> None:
    """Returns when X has taken the file, or raises what its answer stands for.

    409 is said of a job that has its upload, and a 2xx without a job proves nothing: the next try asks how the job
    stands. 401 and 403 mean a token that is another App's, or whose time is over [X, batch compliance].
    """
    if response.status == 409:
        raise UploadInterrupted("X has an upload for the job already.")
    try:
        data = data_of(response)
    except (BadCredentials, AccessRefused, JobForbidden) as error:
        raise UploadRefused(f"X refused the upload. {error}") from None
    except XUnavailable as error:
        if response.status < 300:
            raise UploadInterrupted(f"X did not confirm the upload. {error}") from None
        raise
    if not isinstance(data, dict) or not data:
        raise UploadInterrupted("X did not confirm the upload: it describes no job.")


def judge_gcs_put(response: Response, crc32c: str) -> bool:
    """Return whether the stored object is verified: its CRC32C is the part's, and not missing in the answer.

    Raises UploadCorrupted when it is another.
    """
    match response.status:
        case 200 | 201 if is_page(response):
            raise UploadInterrupted(f"A page came with the status {response.status} instead of Google's answer.")
        case 200 | 201:
            stored = stored_crc32c(response)
            if stored not in (None, crc32c):
                raise UploadCorrupted("The stored object's CRC32C is not the part's.")
            return stored is not None
        case status if status in (408, 429) or status >= 500:
            raise UploadInterrupted(f"Google answered the upload with {status}.")
        case 400 | 403 if b"xpired" in response.body:
            raise UploadWindowClosed("The upload URL has expired.")
        case status:
            raise RequestRefused(f"Google refused the upload ({status}).")


def put(request: Request, source: Source, send: Send, clock: Clock, reserve: float) -> Response:
    """Streams the whole part to the URL and returns the answer.

    Raises UploadInterrupted when the wire fails or the invocation's time (less ``reserve`` seconds) is too short.
    """
    try:
        with source.open(0, source.total) as stream:
            return send(request, ExactReader(stream, source.total, lambda: clock.remaining() <= reserve))
    except OutOfTime:
        raise UploadInterrupted("One invocation was too short for the upload, which cannot be resumed.") from None
    except WireError as error:
        raise UploadInterrupted(f"The upload was cut off: {error}.") from None
