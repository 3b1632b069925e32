"""Carries a request to the simulator's services and their answer back, as a socket would, without one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import RawIOBase
from urllib.parse import urlsplit

import urllib3

from adapters.http import MARGIN_SECONDS, READ_SECONDS
from compliance.wire import Download, Readable, Request, WireError
from tests.fakes.breach import require
from tests.fakes.clock import ManualClock
from xcompliance.sandbox.simulator import wire
from xcompliance.sandbox.simulator.wire import CutError, Service, StallError

READ = 65_536
"""Bytes that are taken of a client's body at once."""


class _Sent(RawIOBase):
    """The body that a client sends: it ends where the client gives up, and ``error`` says why."""

    def __init__(self, body: Readable, received: Callable[[int], None]) -> None:
        self._body = body
        self._received = received
        self.error: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        """As many bytes as are asked for, fewer only at the end."""
        block = bytearray()
        while len(block) < size and self.error is None:
            try:
                more = self._body.read(min(READ, size - len(block)))
            except BaseException as error:
                self.error = error
                break
            require(len(more) <= READ, "more was handed out than was asked for")
            if not more:
                break
            block += more
            self._received(len(more))
        return bytes(block)


class _Nothing:
    def read(self, size: int = -1, /) -> bytes:
        return b""


class _Whole(_Nothing):
    def __init__(self, content: bytes) -> None:
        self._left = content

    def read(self, size: int = -1, /) -> bytes:
        block, self._left = self._left[:size], self._left[size:]
        return block


@contextmanager
def exchange(
    service: Service,
    request: Request,
    body: bytes | Readable | None,
    clock: ManualClock,
    *,
    rate: float,
    block: int,
) -> Iterator[Download]:
    """Have a request answered. Raises what the adapter for HTTP raises: WireError, also from the blocks.

    ``rate`` is in bytes of the request's body per second of the clock; the answer comes in blocks of ``block`` bytes.
    """
    sent = _Sent(_Whole(body) if isinstance(body, bytes) else body or _Nothing(), lambda n: clock.advance(n / rate))
    asked = _asked(request, body, sent)
    told: list[int] = []
    status: int | None = None
    try:
        response = _answer(service, asked, sent, clock)
        status = response.status
        headers = {name.lower(): value for name, value in urllib3.HTTPHeaderDict(_headers(response)).itermerged()}
        yield Download(status, headers, _received(response, told, block))
    finally:
        service.answered(asked, status, sum(told))


def _asked(request: Request, body: bytes | Readable | None, sent: _Sent) -> wire.Request:
    """The request with the headers that an HTTP client adds by itself."""
    parts = urlsplit(request.url)
    headers = {name.lower(): value for name, value in request.headers.items()} | {"host": parts.netloc}
    if isinstance(body, bytes):
        headers.setdefault("content-length", str(len(body)))
    require(body is None or "content-length" in headers, "the body's length is not announced")
    length = int(headers.get("content-length", "0"))
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return wire.Request(request.method, target, headers, wire.Body(sent, length))  # type: ignore[arg-type]


def _answer(service: Service, asked: wire.Request, sent: _Sent, clock: ManualClock) -> wire.Response:
    try:
        response = service.answer(asked)
        asked.body.drain()
    except CutError as cut:
        if sent.error is not None:
            raise sent.error from None
        if isinstance(cut, StallError):
            clock.advance(min(READ_SECONDS, max(0.1, clock.left - MARGIN_SECONDS)))
            raise WireError("ReadTimeoutError") from None
        raise WireError("ProtocolError") from None
    if sent.error is not None:
        raise sent.error
    require(asked.body.is_whole, "the body ended before its Content-Length")
    require(sent.read(1) == b"", "the body goes on behind its Content-Length")
    return response


def _headers(response: wire.Response) -> list[tuple[str, str]]:
    """The headers with the one that the server itself says the body's length by."""
    _, length = response.stream()
    said = [(name, value) for name, value in response.headers if name.lower() != "content-length"]
    is_chunked = response.chunked and length > 0
    return [*said, ("Transfer-Encoding", "chunked") if is_chunked else ("Content-Length", str(length))]


def _received(response: wire.Response, told: list[int], size: int) -> Iterator[bytes]:
    blocks, length = response.stream()
    for block in blocks:
        for start in range(0, len(block), size):
            piece = block[start : start + size]
            told.append(len(piece))
            yield piece
    if sum(told) < length:
        raise WireError("IncompleteRead")
