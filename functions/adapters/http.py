"""The one place that opens sockets to X and to Google."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import urllib3
from urllib3.exceptions import HTTPError

from compliance.wire import Download, Readable, Request, Response, WireError

BLOCK = 1 << 20
"""Bytes per read and per write; urllib3's own 16 KiB cost a third of the throughput."""

CONNECT_SECONDS = 30
READ_SECONDS = 120


@cache
def _pool() -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    return urllib3.PoolManager(retries=False, blocksize=BLOCK, timeout=timeout)


def send(request: Request, body: bytes | Readable | None = None) -> Response:
    """Sends a request, streaming its body, and waits for the whole answer. Follows no redirect, retries nothing.

    Raises WireError, which names the kind of failure only: urllib3's own texts quote the URL.
    """
    try:
        answer = _pool().request(
            request.method,
            request.url,
            body=body,  # type: ignore[arg-type]  # urllib3 reads anything with read()
            headers=request.headers,
            redirect=False,
            decode_content=False,
        )
    except (HTTPError, OSError) as error:
        raise WireError(type(error).__name__) from None
    return Response(answer.status, _lower(answer.headers), answer.data)


@contextmanager
def fetch(request: Request) -> Iterator[Download]:
    """Opens a request whose answer's body is streamed; the connection ends with the context.

    Raises WireError, also from the blocks when the body breaks off before its Content-Length.
    """
    try:
        answer = _pool().request(
            request.method,
            request.url,
            headers=request.headers,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
    except (HTTPError, OSError) as error:
        raise WireError(type(error).__name__) from None
    try:
        yield Download(answer.status, _lower(answer.headers), _blocks(answer))
    finally:
        answer.close()


def _blocks(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(BLOCK, decode_content=False)
    except (HTTPError, OSError) as error:
        raise WireError(type(error).__name__) from None


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
