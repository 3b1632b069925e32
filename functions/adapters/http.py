"""The one place that opens sockets to X and to Google."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import urllib3
from urllib3.exceptions import HTTPError

from compliance.clock import Clock
from compliance.wire import Download, Readable, Request, Response, WireError

BLOCK = 1 << 20
"""Bytes per read and per write; urllib3's own 16 KiB cost a third of the throughput."""

CONNECT_SECONDS = 30.0
READ_SECONDS = 120.0

MARGIN_SECONDS = 3.0
"""What is left of the invocation when the last answer must be there, so that the error has a name."""

MAX_ANSWER = 16 << 20
"""Bytes of an answer that is kept in memory; results are streamed."""


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(retries=False, blocksize=BLOCK)


@dataclass(frozen=True)
class Wire:
    """HTTP within one invocation: no wait outlives it. Follows no redirect, retries nothing.

    WireError names the kind of a failure only: urllib3's own texts quote the URL.
    """

    clock: Clock

    def send(self, request: Request, body: bytes | Readable | None = None) -> Response:
        """Sends a request, streaming its body, and waits for the whole answer; raises WireError."""
        with self._open(request, body) as answer:
            content = b""
            for block in self._blocks(answer):
                content += block
                if len(content) > MAX_ANSWER:
                    raise WireError("the answer does not end")
            return Response(answer.status, _lower(answer.headers), content)

    @contextmanager
    def fetch(self, request: Request) -> Iterator[Download]:
        """Opens a request whose answer's body is streamed; the connection ends with the context.

        Raises WireError, also from the blocks when the body breaks off before its Content-Length.
        """
        with self._open(request, None) as answer:
            yield Download(answer.status, _lower(answer.headers), self._blocks(answer))

    @contextmanager
    def _open(self, request: Request, body: bytes | Readable | None) -> Iterator[urllib3.BaseHTTPResponse]:
        left = max(0.1, self.clock.remaining() - MARGIN_SECONDS)
        try:
            answer = _pool().request(
                request.method,
                request.url,
                body=body,  # type: ignore[arg-type]  # urllib3 reads anything with read()
                headers=request.headers,
                redirect=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(READ_SECONDS, left)),
            )
        except (HTTPError, OSError) as error:
            raise WireError(type(error).__name__) from None
        try:
            yield answer
        finally:
            answer.close()

    def _blocks(self, answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        """The body as it comes; a server that sends a byte now and then is given up with the invocation's time."""
        try:
            while block := answer.read1(BLOCK, decode_content=False):
                yield block
                if self.clock.remaining() <= MARGIN_SECONDS:
                    raise WireError("the answer was too slow")
        except (HTTPError, OSError) as error:
            raise WireError(type(error).__name__) from None


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
