"""As much of an HTTP/1.1 server as the benchmarks need: one thread per connection, bodies in blocks."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.link import Link

_HEAD_END = b"\r\n\r\n"
_BLOCK = 1 << 16
"""Bytes to receive at once: few enough for an even pace on a shaped link, and for memory to be reused."""

_REASONS = {
    200: "OK",
    201: "Created",
    206: "Partial Content",
    308: "Resume Incomplete",
    400: "Bad Request",
    404: "Not Found",
}


@dataclass(frozen=True)
class Head:
    """A request without its body; header names are lower-case."""

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def length(self) -> int:
        """Bytes in the body."""
        return int(self.headers.get("content-length", "0"))


@dataclass
class Connection:
    """One client's connection, kept open over its requests."""

    socket: socket.socket
    link: Link
    _ahead: bytes = b""

    def heads(self) -> Iterator[Head]:
        """The requests, until the client hangs up. The body of each must be read before the next one."""
        while True:
            while _HEAD_END not in self._ahead:
                received = self.socket.recv(_BLOCK)
                if not received:
                    return
                self._ahead += received
            text, _, self._ahead = self._ahead.partition(_HEAD_END)
            request, *lines = text.decode("latin-1").split("\r\n")
            method, target, _ = request.split(" ")
            pairs = (line.partition(":") for line in lines)
            head = Head(method, target, {name.lower(): value.strip() for name, _, value in pairs})
            if head.headers.get("expect", "").lower() == "100-continue":
                self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            yield head

    def body(self, length: int) -> Iterator[bytes]:
        """A request's body in blocks; raises ConnectionError when the client hangs up before its end."""
        block, self._ahead = self._ahead[:length], self._ahead[length:]
        if block:
            length -= len(block)
            yield block
        while length:
            block = self.socket.recv(min(length, _BLOCK))
            if not block:
                raise ConnectionError(f"{length} bytes are missing")
            self.link.pace(len(block))
            length -= len(block)
            yield block

    def answer(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Sends an answer; ``headers`` may name another Content-Length when the body follows by other means."""
        named = {"Content-Length": str(len(body)), **headers}
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}", *(f"{name}: {value}" for name, value in named.items())]
        self.socket.sendall("\r\n".join(lines).encode("latin-1") + _HEAD_END + body)


def serve(converse: Callable[[Connection], None], link: Link) -> None:
    """Serves until standard input ends; the first line of standard output is the port on 127.0.0.1."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener, converse, link), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


def _accept(listener: socket.socket, converse: Callable[[Connection], None], link: Link) -> None:
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_converse, args=(client, converse, link), daemon=True).start()


def _converse(client: socket.socket, converse: Callable[[Connection], None], link: Link) -> None:
    with client:
        converse(Connection(client, link))
