"""HTTP/1.1 between sockets and the services: requests in, answers out, bodies streamed both ways."""

import contextlib
import socket
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from socketserver import ThreadingTCPServer
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

BLOCK = 262_144
"""Bytes that are read at once. Google persists multiples of it, so a block cut off need not be kept."""


class CutError(Exception):
    """The connection ends here, without an answer or in the middle of one."""


class StallError(CutError):
    """There is no answer, and the connection stays until the client closes it."""


class Body:
    """A request's body, read once from front to back.

    ``rate`` is in bytes per second; after ``cut_after`` bytes the connection is reset.
    """

    def __init__(self, stream: BufferedIOBase, length: int) -> None:
        self._stream = stream
        self.length = length
        self.received = 0
        self.rate: int | None = None
        self.cut_after: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every announced byte has been received."""
        return self.received == self.length

    def blocks(self, limit: int | None = None) -> Iterator[bytes]:
        """Blocks of BLOCK bytes, the last one shorter, ``limit`` bytes in all; less when the client leaves."""
        left = self.length - self.received if limit is None else min(limit, self.length - self.received)
        began, before = time.monotonic(), self.received
        while left > 0:
            block = self._read(min(BLOCK, left))
            left -= len(block)
            if block:
                yield block
            if self.rate is not None:
                time.sleep(max(0.0, (self.received - before) / self.rate - (time.monotonic() - began)))
            if not block:
                return

    def read(self, limit: int) -> bytes:
        """At most ``limit`` bytes."""
        return b"".join(self.blocks(limit))

    def drain(self) -> None:
        """Reads what is left, so that the client gets to read the answer."""
        for _ in self.blocks():
            pass

    def _read(self, size: int) -> bytes:
        if self.cut_after is not None:
            size = min(size, self.cut_after - self.received)
            if size <= 0:
                raise CutError
        try:
            block = self._stream.read(size)
        except (ConnectionError, TimeoutError):
            return b""
        self.received += len(block)
        return block


@dataclass
class Request:
    """One request. ``target`` is path and query as sent, header names are lower-case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: Body
    operation: str | None = None

    @property
    def path(self) -> str:
        """The path as sent, without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query's names and values, decoded."""
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)


@dataclass
class Response:
    """One answer. A streamed body needs a Content-Length; when it ends early, the connection is cut.

    With ``chunked`` the body's length is not told.
    """

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Iterator[bytes] = b""
    chunked: bool = False

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def stream(self) -> tuple[Iterator[bytes], int]:
        """The body's blocks and their length in bytes, as announced."""
        if isinstance(self.body, bytes):
            return iter([self.body] if self.body else []), len(self.body)
        return self.body, int(self.header("content-length") or 0)


class Service(Protocol):
    """What a port serves."""

    def answer(self, request: Request) -> Response:
        """Answers; raises CutError to leave the client without an answer."""

    def answered(self, request: Request, status: int | None, sent: int) -> None:
        """Is told the status, None when there is none, and the bytes of the body, before the client has them all."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 2 * BLOCK
    """The end of an answer stays in the buffer until the service was told of it."""
    timeout = 120
    server: "PortServer"

    def _serve(self) -> None:
        length = self.headers.get("content-length", "0")
        request = Request(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            Body(self.rfile, int(length) if length.isdigit() else 0),
        )
        status: int | None = None
        sent = 0
        is_cut = is_stalled = False
        try:
            response = self._answer(request)
            request.body.drain()
            status = response.status
            for count in self._send(response):
                sent += count
        except (CutError, ConnectionError, TimeoutError) as cut:
            is_cut, is_stalled = True, isinstance(cut, StallError)
        self.server.service.answered(request, status, sent)
        if is_stalled:
            self._wait_for_client()
        if is_cut:
            self._reset()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the names that http.server looks for

    def _answer(self, request: Request) -> Response:
        has_body = request.method in ("POST", "PUT")
        if "transfer-encoding" in request.headers or (has_body and "content-length" not in request.headers):
            self.close_connection = True
            return Response(411)
        return self.server.service.answer(request)

    def _send(self, response: Response) -> Iterator[int]:
        """Yields the number of body bytes after each write."""
        blocks, left = response.stream()
        self.send_response_only(response.status, _phrase(response.status))
        self.send_header("Date", self.date_time_string())
        for name, value in response.headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        chunked = response.chunked and left > 0
        self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(left))))
        self.end_headers()
        if self.command == "HEAD":
            return
        for block in blocks:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block) if chunked else block)
            left -= len(block)
            yield len(block)
        if left > 0:
            self.close_connection = True
        elif chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _wait_for_client(self) -> None:
        """Returns when the client has closed the connection."""
        with contextlib.suppress(OSError):
            while self.connection.recv(BLOCK):
                pass

    def _reset(self) -> None:
        """Closes with a TCP reset, without sending what is still buffered."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The journal knows more."""


class PortServer(ThreadingTCPServer):
    """Serves one service on one loopback port; 0 picks a free one."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.service: Service

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is nobody's error; anything else is ours and is shown."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _phrase(status: int) -> str:
    if status in (308, 499):
        return {308: "Resume Incomplete", 499: "Client Closed Request"}[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
