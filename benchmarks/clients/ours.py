"""Ours, as the function Upload Part runs it in an invocation of 900 s: from S3 into a resumable session.

Arguments: KEY BYTES CRC32C URL CHUNK_MIB [FILE]. AWS_ENDPOINT_URL_S3 says where S3 is. With FILE, the same bytes are
read from there: this is what sending them costs, without S3.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import prepared_part
from adapters.aws import s3
from adapters.handler import LambdaClock
from adapters.http import Wire
from benchmarks.s3 import ETAG
from compliance import gcs_resumable
from compliance.runs import Part
from compliance.upload import ResumableUpload, Source
from compliance.wire import Readable
from upload_part import RESERVE_SECONDS

INVOCATION_SECONDS = 900
ONE_CPU_MB = 1769


class Invocation(LambdaContext):
    """What Lambda hands to a handler beside the event."""

    def __init__(self) -> None:
        self._function_name = self._aws_request_id = "benchmark"
        self._memory_limit_in_mb = ONE_CPU_MB
        self._end = time.monotonic() + INVOCATION_SECONDS

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # theirs is static
        """Milliseconds until the invocation is ended."""
        return int((self._end - time.monotonic()) * 1000)


def _file(path: Path, part: Part) -> Source:
    @contextmanager
    def opened(start: int, _: int) -> Iterator[Readable]:
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            yield file

    return Source(part["bytes"], part["crc32c"], opened)


def main() -> None:
    """Opens the session and uploads the object, with the S3 client that a warm function has."""
    s3()
    key, total, crc32c, url, chunk_mib, *files = sys.argv[1:]
    cast(Any, prepared_part).settings = lambda: SimpleNamespace(results_bucket="bench")
    part = cast(Part, {"object_key": key, "object_etag": ETAG, "bytes": int(total), "crc32c": crc32c})
    request = gcs_resumable.open_request(url)
    clock = LambdaClock(Invocation())
    send = Wire(clock).send
    session_uri = gcs_resumable.judge_open(request, send(request))
    if not isinstance(session_uri, str):
        sys.exit(session_uri.reason)
    source = _file(Path(files[0]), part) if files else prepared_part.source(part)
    upload = ResumableUpload(session_uri, source, send, clock, int(chunk_mib) << 20, RESERVE_SECONDS)
    if not upload.run().complete:
        sys.exit("The upload is not complete.")


if __name__ == "__main__":
    main()
