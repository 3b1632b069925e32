"""Where the bytes come from: a directory's files, whole or in ranges, as S3's clients ask for them.

The server reads the page cache itself: sendfile would leave that, and its cost, to the client that receives.

``python -m benchmarks.s3 DIRECTORY [--rate BYTES_PER_SECOND] [--delay SECONDS]``; the delay is S3's time to the
first byte. The path is ``/bucket/file``, with any bucket.
"""

import os
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from benchmarks.link import Link, add_link_arguments
from benchmarks.loopback import Connection, Head, serve

ETAG = '"benchmark"'
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Bucket:
    """A directory that is served; all its files have the same ETag."""

    directory: Path

    def converse(self, connection: Connection) -> None:
        """Answers all requests of a connection: HEAD, and GET with or without a Range."""
        for head in connection.heads():
            connection.link.think()
            name = head.target.partition("?")[0].rpartition("/")[2]
            with (self.directory / name).open("rb") as file:
                _answer(connection, head, file)


def _answer(connection: Connection, head: Head, file: BinaryIO) -> None:
    total = os.fstat(file.fileno()).st_size
    start, end = _range(head.headers.get("range"), total)
    headers = {"Content-Length": str(end - start), "ETag": ETAG, "Last-Modified": "Mon, 02 Nov 2026 08:00:00 GMT"}
    if "range" in head.headers:
        connection.answer(206, headers | {"Content-Range": f"bytes {start}-{end - 1}/{total}"})
    else:
        connection.answer(200, headers)
    file.seek(start)
    while head.method == "GET" and start < end:
        block = file.read(min(_BLOCK, end - start))
        connection.socket.sendall(block)
        connection.link.pace(len(block))
        start += len(block)


def _range(text: str | None, total: int) -> tuple[int, int]:
    if text is None:
        return 0, total
    first, _, last = text.removeprefix("bytes=").partition("-")
    return int(first), min(int(last or total) + 1, total)


def main() -> None:
    """Serves a directory."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    add_link_arguments(parser)
    arguments = parser.parse_args()
    serve(Bucket(arguments.directory).converse, Link.of(arguments))


if __name__ == "__main__":
    main()
