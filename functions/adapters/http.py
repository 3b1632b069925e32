"""The one place that opens sockets to X and to Google."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from socket import SHUT_RDWR, socket
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from adapters.meter import count_x, note_x
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


@dataclass(frozen=True)
class Wire:
    """HTTP within one invocation: no wait outlives it. Follows no redirect, retries nothing.

    WireError names the kind of a failure only: urllib3's own texts quote the URL.
    """

    clock: Clock

    def send(self, request: Request, body: bytes | Readable | None = None) -> Response:
        """Sends a request, streaming its body, and waits for the whole answer; raises WireError."""
        with self.fetch(request, body) as answer:
            content = b""
            for block in answer.blocks:
                content += block
                if len(content) > MAX_ANSWER:
                    raise WireError("the answer does not end")
            return Response(answer.status, answer.headers, content)

    @contextmanager
    def fetch(self, request: Request, body: bytes | Readable | None = None) -> Iterator[Download]:
        """Opens a request whose answer's body is streamed; the connection ends with the context.

        Raises WireError, also from the blocks when the body breaks off before its Content-Length.
        """
        count_x(request)
        left = max(0.1, self.clock.remaining() - MARGIN_SECONDS)
        with _deadline_in(left) as deadline:
            with deadline.errors():
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
            headers = {name.lower(): value for name, value in answer.headers.itermerged()}
            note_x(request, headers)
            try:
                yield Download(answer.status, headers, _blocks(answer, deadline))
            finally:
                answer.close()


class _Deadline:
    """Cuts a request off when its time is up: a socket's own timeouts limit each read and write, but not their sum."""

    def __init__(self) -> None:
        self.connection: HTTPConnection | None = None
        self.answering: socket | None = None
        self.is_done = threading.Event()
        self._is_over = False

    def watch(self, seconds: float) -> None:
        """Waits for the request's end; from the deadline on it closes whatever socket the request is at."""
        while not self.is_done.wait(seconds):
            self._is_over = True
            at = self.answering or (self.connection and self.connection.sock)
            if at:
                with suppress(OSError):
                    socket.shutdown(at, SHUT_RDWR)
            seconds = 0.1

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns a socket's failures into WireError. A body without a length that was cut off here would look whole."""
        try:
            yield
        except (HTTPError, OSError) as error:
            raise WireError("the answer was too slow" if self._is_over else type(error).__name__) from None
        if self._is_over:
            raise WireError("the answer was too slow")


_deadline: ContextVar[_Deadline] = ContextVar("_deadline")


@contextmanager
def _deadline_in(seconds: float) -> Iterator[_Deadline]:
    deadline = _Deadline()
    _deadline.set(deadline)
    threading.Thread(target=deadline.watch, args=(seconds,), daemon=True).start()
    try:
        yield deadline
    finally:
        deadline.is_done.set()


class _Connection(HTTPConnection):
    """Shows its socket to the deadline; an answer keeps the socket though the connection may forget it."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        _deadline.get().connection = self
        super().request(*args, **kwargs)

    def getresponse(self) -> Any:
        _deadline.get().answering = self.sock
        return super().getresponse()


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _ConnectionPool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsConnectionPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


@cache
def _pool() -> urllib3.PoolManager:
    pool = urllib3.PoolManager(retries=False, blocksize=BLOCK)
    pool.pool_classes_by_scheme = {"http": _ConnectionPool, "https": _TlsConnectionPool}
    return pool


def _blocks(answer: urllib3.BaseHTTPResponse, deadline: _Deadline) -> Iterator[bytes]:
    """The body as it comes."""
    while True:
        with deadline.errors():
            block = answer.read1(BLOCK, decode_content=False)
        if not block:
            return
        yield block
