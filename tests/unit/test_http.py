"""The one place that opens sockets, against a server on this machine."""

import contextlib
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters import http
from adapters.http import Wire
from compliance.wire import ExactReader, OutOfTime, Request, WireError
from tests.fakes.clock import ManualClock
from xcompliance.sandbox.tls import Certificate, make_certificate

WIRE = Wire(ManualClock(left=900.0))
SECRET = "?X-Goog-Signature=SECRET"


@contextmanager
def server(*answers: bytes, reads: int = -1) -> Iterator[tuple[str, list[bytes]]]:
    """Answers one connection after the other, word by word; yields its address and what each one has sent.

    ``reads`` is how many bytes of a request are read before the connection is reset; -1 reads it to its end.
    """
    received: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in answers:
            connection, _ = listener.accept()
            with connection:
                received.append(_request(connection, reads))
                if reads >= 0:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/path{SECRET}", received
    finally:
        thread.join(5)
        listener.close()


def _request(connection: socket.socket, reads: int) -> bytes:
    content = b""
    length: int | None = None
    while length is None or len(content) < length:
        if 0 <= reads <= len(content):
            break
        block = connection.recv(65_536)
        if not block:
            break
        content += block
        head, end, _ = content.partition(b"\r\n\r\n")
        if end and length is None:
            lengths = [line.split(b":")[1] for line in head.splitlines() if line.lower().startswith(b"content-length:")]
            length = len(head) + 4 + int(lengths[0] if lengths else b"0")
    return content


def test_an_answer_comes_back_whole_with_lower_case_names() -> None:
    with server(
        b"HTTP/1.1 201 Created\r\nLocation: here\r\nX-Goog-Hash: crc32c=a\r\nContent-Length: 4\r\n\r\nbody"
    ) as (url, _):
        answer = WIRE.send(Request("GET", url))
    assert (answer.status, answer.body) == (201, b"body")
    assert (answer.headers["location"], answer.headers["x-goog-hash"]) == ("here", "crc32c=a")


def test_a_post_without_a_body_says_that_it_has_none_once() -> None:
    with server(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n") as (url, received):
        WIRE.send(Request("POST", url, {"content-length": "0", "x-goog-resumable": "start"}))
    head = received[0].lower()
    assert head.count(b"content-length: 0") == 1
    assert b"transfer-encoding" not in head
    assert b"x-goog-resumable: start" in head


def test_a_body_is_streamed_with_its_announced_length() -> None:
    content = bytes(range(256)) * 20_000
    with server(b"HTTP/1.1 308 Resume\r\nRange: bytes=0-9\r\nContent-Length: 0\r\n\r\n") as (url, received):
        headers = {"content-length": str(len(content)), "content-range": f"bytes 0-{len(content) - 1}/*"}
        reader = ExactReader(io.BytesIO(content + b"more"), len(content), lambda: False)
        answer = WIRE.send(Request("PUT", url, headers), reader)
    assert (answer.status, answer.headers["range"]) == (308, "bytes=0-9")
    head, _, body = received[0].partition(b"\r\n\r\n")
    assert body == content
    assert b"transfer-encoding" not in head.lower()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    redirect = b"HTTP/1.1 %d Moved\r\nLocation: http://127.0.0.1:1/elsewhere\r\nContent-Length: 0\r\n\r\n" % status
    with server(redirect) as (url, _):
        assert WIRE.send(Request("PUT", url, {"authorization": "SECRET"}), b"x").status == status
    with server(redirect) as (url, _), WIRE.fetch(Request("GET", url)) as download:
        assert download.status == status


def refused() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}/path{SECRET}"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"no HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_an_answer_that_is_not_whole_is_a_failure_of_the_wire_that_does_not_show_the_url(answer: bytes) -> None:
    with server(answer) as (url, received), pytest.raises(WireError) as failed:
        WIRE.send(Request("GET", url))
    assert "SECRET" not in str(failed.value)
    assert failed.value.__cause__ is None
    assert len(received) == 1


@pytest.mark.parametrize(
    "url", [pytest.param(refused(), id="nobody"), "http://127.0.0.1:99999/?SECRET", "http://?SECRET"]
)
def test_nobody_there_is_a_failure_of_the_wire(url: str) -> None:
    with pytest.raises(WireError) as failed:
        WIRE.send(Request("GET", url))
    assert "SECRET" not in str(failed.value)


def test_a_connection_that_is_reset_in_the_middle_of_a_body_is_a_failure_of_the_wire() -> None:
    content = b"x" * 50_000_000
    reader = ExactReader(io.BytesIO(content), len(content), lambda: False)
    with server(b"", reads=100_000) as (url, received), pytest.raises(WireError):
        WIRE.send(Request("PUT", url, {"content-length": str(len(content))}), reader)
    assert len(received) == 1


def test_what_a_body_raises_comes_through() -> None:
    short = ExactReader(io.BytesIO(b"12345"), 10, lambda: False)
    late = ExactReader(io.BytesIO(b"12345"), 5, lambda: True)
    cases: list[tuple[ExactReader, int, type[Exception]]] = [(short, 10, WireError), (late, 5, OutOfTime)]
    for reader, length, error in cases:
        with server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (url, received), pytest.raises(error):
            WIRE.send(Request("PUT", url, {"content-length": str(length)}), reader)
        assert b"HTTP/1.1" in received[0]


def test_a_download_is_streamed_as_it_came() -> None:
    head = b"HTTP/1.1 206 Partial Content\r\nContent-Encoding: gzip\r\n"
    head += b"Content-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n"
    with (
        server(head + b"\x1f\x8b\x00ab") as (url, received),
        WIRE.fetch(Request("GET", url, {"range": "bytes=5-"})) as answer,
    ):
        assert (answer.status, answer.headers["content-range"]) == (206, "bytes 5-9/10")
        assert b"".join(answer.blocks) == b"\x1f\x8b\x00ab"
    assert b"range: bytes=5-" in received[0].lower()


def test_a_download_that_breaks_off_says_so_after_what_has_arrived() -> None:
    breaks: list[Callable[[], bytes]] = [
        lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        lambda: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
    ]
    for answer in breaks:
        with server(answer()) as (url, _), WIRE.fetch(Request("GET", url)) as download:
            with pytest.raises(WireError) as failed:
                list(download.blocks)
            assert "SECRET" not in str(failed.value)


@pytest.mark.parametrize("url", [pytest.param(refused(), id="nobody"), "http://127.0.0.1:99999/?SECRET"])
def test_a_download_from_nobody_is_a_failure_of_the_wire(url: str) -> None:
    with pytest.raises(WireError) as failed, WIRE.fetch(Request("GET", url)):
        pass
    assert "SECRET" not in str(failed.value)


def test_a_server_that_stalls_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_SECONDS", 0.2)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/path{SECRET}"
    with listener, pytest.raises(WireError, match="ReadTimeoutError"):
        WIRE.send(Request("GET", url))


@contextmanager
def slow_server(at_once: bytes, then: bytes = b"") -> Iterator[str]:
    """Answers with ``at_once``, then with a byte of ``then`` now and again, and never hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    is_done = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(at_once)
            while not is_done.wait(0.02):
                connection.sendall(then)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/path{SECRET}"
        is_done.set()
        thread.join(5)


SLOW = {
    "nothing": (b"", b""),
    "half_a_status_line": (b"HTTP/1.1 2", b""),
    "headers_byte_by_byte": (b"HTTP/1.1 200 OK\r\nX-", b"x"),
    "half_a_body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort", b""),
    "a_body_byte_by_byte": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
    "a_body_without_a_length": (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x"),
    "a_chunk_of_unknown_length": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
}


@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW.keys())
def test_no_server_outlives_the_invocation(answer: tuple[bytes, bytes]) -> None:
    wire = Wire(ManualClock(left=http.MARGIN_SECONDS + 0.3))
    for send in (lambda url: wire.send(Request("GET", url)), lambda url: fetched(wire, url)):
        began = time.monotonic()
        with slow_server(*answer) as url, pytest.raises(WireError, match=r"too slow|ReadTimeoutError") as failed:
            send(url)
        assert time.monotonic() - began < 2
        assert "SECRET" not in str(failed.value)


def fetched(wire: Wire, url: str) -> bytes:
    with wire.fetch(Request("GET", url)) as download:
        return b"".join(download.blocks)


def test_a_wait_that_begins_late_in_a_body_does_not_outlive_the_invocation_either() -> None:
    """The time limit of a single read, set when the invocation had all its time, would be too long by then."""
    wire = Wire(ManualClock(left=http.MARGIN_SECONDS + 0.6))
    with (
        slow_server(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort") as url,
        wire.fetch(Request("GET", url)) as download,
    ):
        assert next(download.blocks) == b"short"
        time.sleep(0.4)
        began = time.monotonic()
        with pytest.raises(WireError, match="too slow"):
            next(download.blocks)
    assert time.monotonic() - began < 0.5


def test_a_server_that_takes_no_body_is_given_up_before_the_invocation_ends() -> None:
    content = b"x" * 50_000_000
    reader = ExactReader(io.BytesIO(content), len(content), lambda: False)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/path{SECRET}"
    wire = Wire(ManualClock(left=http.MARGIN_SECONDS + 0.3))
    began = time.monotonic()
    with listener, pytest.raises(WireError):
        wire.send(Request("PUT", url, {"content-length": str(len(content))}), reader)
    assert time.monotonic() - began < 2


def test_the_deadline_of_one_request_leaves_the_next_alone() -> None:
    answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    with server(answer, answer) as (url, _):
        short = Wire(ManualClock(left=http.MARGIN_SECONDS + 0.2))
        assert short.send(Request("GET", url)).body == b"ok"
        time.sleep(0.4)
        assert WIRE.send(Request("GET", url)).body == b"ok"


def test_no_thread_stays_behind_a_request() -> None:
    before = threading.active_count()
    answers = [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"] * 10
    with server(*answers) as (url, _):
        for _ in answers:
            WIRE.send(Request("GET", url))
    with pytest.raises(WireError):
        WIRE.send(Request("GET", refused()))
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before


@contextmanager
def tls_server(certificate: Certificate, answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Sends ``answer`` and keeps the connection; yields its address and what it has received."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    received: list[bytes] = []
    is_done = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
            received.append(secured.recv(65_536))
            secured.sendall(answer)
            is_done.wait(5)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield f"https://localhost:{listener.getsockname()[1]}/path{SECRET}", received
        is_done.set()
        thread.join(5)


def test_nobody_without_a_trusted_certificate_gets_a_request(tmp_path: Path) -> None:
    with tls_server(make_certificate(tmp_path), b"") as (url, received):
        with pytest.raises(WireError, match="SSLError") as failed:
            WIRE.send(Request("GET", url))
        assert "SECRET" not in str(failed.value)
    assert not b"".join(received)


def test_a_trusted_server_does_not_outlive_the_invocation_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.bundle))
    http._pool.cache_clear()
    wire = Wire(ManualClock(left=http.MARGIN_SECONDS + 0.5))
    with tls_server(certificate, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort") as (url, _):
        with wire.fetch(Request("GET", url)) as download:
            assert next(download.blocks) == b"short"
            time.sleep(0.3)
            began = time.monotonic()
            with pytest.raises(WireError, match="too slow"):
                next(download.blocks)
        assert time.monotonic() - began < 0.5
    http._pool.cache_clear()


def test_a_server_that_speaks_no_tls_is_a_failure_of_the_wire() -> None:
    with server(b"HTTP/1.1 400 Bad Request\r\n\r\n", reads=1) as (url, _), pytest.raises(WireError, match="Error"):
        WIRE.send(Request("GET", url.replace("http:", "https:")))


def test_an_answer_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER", 1000)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"
    with server(head + b"x" * 2000) as (url, _), pytest.raises(WireError, match="does not end"):
        WIRE.send(Request("GET", url))
    with server(head + b"x" * 2000) as (url, _), WIRE.fetch(Request("GET", url)) as download:
        assert sum(map(len, download.blocks)) == 2000


def test_a_connection_is_used_again() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    accepted = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        accepted.append(connection)
        with connection:
            for _ in range(3):
                _request(connection, -1)
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/path{SECRET}"
    with listener:
        assert [WIRE.send(Request("GET", url)).body for _ in range(3)] == [b"ok"] * 3
        thread.join(5)
    assert len(accepted) == 1
