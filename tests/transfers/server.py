"""A server on a socket that gives the answers it is told to, whatever it is asked."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Heard:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """One answer. ``chunks`` are sent in chunked coding; without an ``end``, the connection breaks after them."""

    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    chunks: Sequence[bytes] | None = None
    ends: bool = True


Answering = Callable[[Heard], Answer]


@dataclass
class Server:
    """Answers by ``answering``, which a test may replace; ``heard`` are the requests so far."""

    answering: Answering
    heard: list[Heard] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(answering: Answering) -> Iterator[Server]:
    """Serves while the context is entered."""
    server = Server(answering)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.heard.append(Heard(self.command, self.path, headers, body))
            self._answer(server.answering(server.heard[-1]))

        do_GET = do_PUT = do_POST = _serve  # noqa: N815 - the names that http.server looks for

        def _answer(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.chunks is None:
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
                return
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for chunk in answer.chunks:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            if answer.ends:
                self.wfile.write(b"0\r\n\r\n")
            self.close_connection = not answer.ends

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Tests read ``heard``."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    server.url = f"http://127.0.0.1:{listener.server_port}"
    thread = Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join(5)
