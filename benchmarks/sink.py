"""Where the bytes go: a server for one upload, as a plain PUT or over either resumable API of Cloud Storage.

It keeps no byte, but counts them and takes their CRC32C. Once the object is whole, it prints what it was, as JSON.
``python -m benchmarks.sink [--rate BYTES_PER_SECOND] [--delay SECONDS]``; the delay is the commit of each PUT.
"""

import base64
import json
import time
from argparse import ArgumentParser
from dataclasses import asdict, dataclass

import google_crc32c

from benchmarks.link import Link, add_link_arguments
from benchmarks.loopback import Connection, Head, serve


@dataclass(frozen=True)
class Stored:
    """The object that came: its length in bytes, its CRC32C in base64, and how long it took.

    ``seconds`` run from the client's first connection until the answer that the object is stored is about to be sent:
    what a program does before it connects, such as starting an interpreter, does not count.
    """

    bytes: int
    crc32c: str
    seconds: float


class Sink:
    """The one upload and its state, so that there is a session but no session's name."""

    def __init__(self) -> None:
        self._began = 0.0
        self._offset = 0
        self._checksum = 0

    def converse(self, connection: Connection) -> None:
        """Answers all requests of a connection."""
        self._began = self._began or time.monotonic()
        for head in connection.heads():
            if head.method == "PUT" or "content-range" in head.headers:
                self._receive(connection, head)
            elif head.method == "POST":
                self._open(connection, head)
            else:
                connection.answer(404, {"Content-Type": "application/json"}, b"{}")

    def _open(self, connection: Connection, head: Head) -> None:
        for _ in connection.body(head.length):
            pass
        status = 200 if _is_json(head) else 201
        separator = "&" if "?" in head.target else "?"
        location = f"http://{head.headers['host']}{head.target}{separator}upload_id=1"
        connection.answer(status, {"Location": location})

    def _receive(self, connection: Connection, head: Head) -> None:
        for block in connection.body(head.length):
            self._checksum = google_crc32c.extend(self._checksum, block)
            self._offset += len(block)
        if head.length:
            connection.link.think()
        total = head.headers.get("content-range", f"/{self._offset}").rpartition("/")[2]
        if total == str(self._offset):
            self._finish(connection, head)
        else:
            self._go_on(connection, head)

    def _go_on(self, connection: Connection, head: Head) -> None:
        headers = {"Range": f"bytes=0-{self._offset - 1}"} if self._offset else {}
        if "x-guploader-no-308" in head.headers:
            connection.answer(200, headers | {"X-Http-Status-Code-Override": "308"})
        else:
            connection.answer(308, headers)

    def _finish(self, connection: Connection, head: Head) -> None:
        crc32c = base64.b64encode(self._checksum.to_bytes(4, "big")).decode()
        stored = Stored(self._offset, crc32c, time.monotonic() - self._began)
        print(json.dumps(asdict(stored)), flush=True)  # before the answer, after which this server may be ended
        if _is_json(head):
            resource = {"bucket": "bench", "name": "ids.txt", "size": str(self._offset), "crc32c": crc32c}
            connection.answer(200, {"Content-Type": "application/json"}, json.dumps(resource).encode())
        else:
            connection.answer(200, {"x-goog-hash": f"crc32c={crc32c}"})


def _is_json(head: Head) -> bool:
    return head.target.startswith("/upload/storage/v1/")


def main() -> None:
    """Serves one upload."""
    parser = ArgumentParser(description=__doc__)
    add_link_arguments(parser)
    serve(Sink().converse, Link.of(parser.parse_args()))


if __name__ == "__main__":
    main()
