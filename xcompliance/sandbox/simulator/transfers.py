"""Whole files in and out, the same for both generations."""

import re
from collections.abc import Iterator

from xcompliance.sandbox.simulator.faults import FaultBox
from xcompliance.sandbox.simulator.objects import ObjectStore, StoredObject
from xcompliance.sandbox.simulator.wire import Body, CutError, Request, Response

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


def receive(body: Body, objects: ObjectStore, faults: FaultBox) -> StoredObject:
    """Stores a body. Raises CutError, with nothing stored, when the client leaves before its end."""
    writer = objects.writer()
    blocks = body.blocks()
    try:
        for block in corrupted(blocks) if faults.take("corrupted_upload", "upload") is not None else blocks:
            writer.append(block)
        if not body.is_whole:
            raise CutError
    except CutError:
        writer.discard()
        raise
    return writer.finish()


def serve(stored: StoredObject, request: Request, headers: list[tuple[str, str]], faults: FaultBox) -> Response:
    """Streams an object, or the range of it that is asked for; ``headers`` describe the whole of it.

    Answers 200, 206, or 416 when there is no such range. A HEAD is about the whole, and no fault befalls it.
    """
    if request.method == "HEAD":
        return Response(200, _described(headers, stored.size), stored.blocks(0, stored.size))
    asked = request.headers.get("range")
    if asked and faults.take("range_ignored", "download") is not None:
        asked = None
    span = _span(asked, stored.size)
    if span is None:
        return Response(416, [("Content-Range", f"bytes */{stored.size}")])
    start, length = span
    is_part = length != stored.size
    announced = length
    if short := faults.take("short_download", "download"):
        announced = length = min(length, short["keep_bytes"])
    if truncated := faults.take("truncated_download", "download"):
        length = min(length, truncated["keep_bytes"])
    blocks = stored.blocks(start, length)
    if faults.take("corrupted_download", "download") is not None:
        blocks = corrupted(blocks)
    described = _described(headers, announced)
    if is_part:
        described.append(("Content-Range", f"bytes {start}-{start + announced - 1}/{stored.size}"))
    return Response(206 if is_part else 200, described, blocks)


def _described(headers: list[tuple[str, str]], length: int) -> list[tuple[str, str]]:
    return [
        *headers,
        ("Accept-Ranges", "bytes"),
        ("Content-Type", "application/octet-stream"),
        ("Content-Length", str(length)),
    ]


def corrupted(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes but for the first."""
    for number, block in enumerate(blocks):
        yield bytes([block[0] ^ 1]) + block[1:] if number == 0 else block


def _span(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and length; the whole for a range that is not understood, None for one that does not exist."""
    match = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if match is None or match[0] == "bytes=-":
        return 0, size
    first, last = match[1], match[2]
    if not first:
        length = min(int(last), size)
        return (size - length, length) if length else None
    start, end = int(first), min(int(last) if last else size - 1, size - 1)
    if start >= size:
        return None
    return (start, end - start + 1) if end >= start else (0, size)
