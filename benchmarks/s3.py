"""Where the bytes come from: ranged GETs of a directory's files, by sendfile, as boto3 asks S3 for them.

``python -m benchmarks.s3 DIRECTORY [--rate BYTES_PER_SECOND] [--delay SECONDS]``; the delay is S3's time to the
first byte. The path is ``/bucket/file``, with any bucket.
"""

import os
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

from benchmarks.link import Link, add_link_arguments
from benchmarks.loopback import Connection, Head, serve

ETAG = '"benchmark"'
_BLOCK = 1 << 18


@dataclass(frozen=True)
class Bucket:
    """A directory that is served."""

    directory: Path

    def converse(self, connection: Connection) -> None:
        """Answers all requests of a connection; each must be a GET with a Range."""
        for head in connection.heads():
            connection.link.think()
            self._get(connection, head)

    def _get(self, connection: Connection, head: Head) -> None:
        first, _, last = head.headers["range"].removeprefix("bytes=").partition("-")
        start, end = int(first), int(last) + 1
        name = head.target.partition("?")[0].rpartition("/")[2]
        with (self.directory / name).open("rb") as file:
            total = os.fstat(file.fileno()).st_size
            headers = {"Content-Range": f"bytes {start}-{end - 1}/{total}", "Content-Length": str(end - start)}
            connection.answer(206, {**headers, "ETag": ETAG, "Content-Type": "text/plain"})
            while start < end:
                count = os.sendfile(connection.socket.fileno(), file.fileno(), start, min(_BLOCK, end - start))
                connection.link.pace(count)
                start += count


def main() -> None:
    """Serves a directory."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    add_link_arguments(parser)
    arguments = parser.parse_args()
    serve(Bucket(arguments.directory).converse, Link.of(arguments))


if __name__ == "__main__":
    main()
