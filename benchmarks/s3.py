"""Where the bytes come from: a directory's files, whole or in ranges, as S3's clients ask for them.

What is put there is counted, held against the CRC32C that came with it, and printed as a line of JSON; not kept.

The server reads the page cache itself: sendfile would leave that, and its cost, to the client that receives.

``python -m benchmarks.s3 DIRECTORY [--rate BYTES_PER_SECOND] [--delay SECONDS]``; the delay is S3's time to the
first byte. The path is ``/bucket/file``, with any bucket.
"""

import base64
import json
import os
from argparse import ArgumentParser
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import google_crc32c

from benchmarks.link import Link, add_link_arguments
from benchmarks.loopback import Connection, Head, serve

ETAG = '"benchmark"'
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Put:
    """An object that was put: its key, its length in bytes, and its CRC32C."""

    key: str
    bytes: int
    crc32c: int


@dataclass(frozen=True)
class Bucket:
    """A directory that is served; all its files have the same ETag."""

    directory: Path

    def converse(self, connection: Connection) -> None:
        """Answers all requests of a connection: HEAD, GET with or without a Range, and PUT."""
        for head in connection.heads():
            connection.link.think()
            if head.method == "PUT":
                _take(connection, head)
                continue
            name = head.target.partition("?")[0].rpartition("/")[2]
            with (self.directory / name).open("rb") as file:
                _answer(connection, head, file)


def _take(connection: Connection, head: Head) -> None:
    checksum = 0
    for block in connection.body(head.length):
        checksum = google_crc32c.extend(checksum, block)
    if head.headers.get("x-amz-checksum-crc32c") != base64.b64encode(checksum.to_bytes(4, "big")).decode():
        connection.answer(400, {})
        return
    connection.answer(200, {"ETag": ETAG})
    print(json.dumps(asdict(Put(head.target, head.length, checksum))), flush=True)


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
