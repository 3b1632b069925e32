"""What is read of a dropped object for one of its segments: the segment, and as much as its last line takes."""

from collections.abc import Iterator
from typing import Any

import pytest

from adapters import aws
from adapters.http import BLOCK
from adapters.id_lines import id_lines
from adapters.inbox_object import Head, source_blocks, source_head
from compliance.formats import Format
from compliance.segments import Segment
from tests.unit.conftest import INBOX, Functions

KEY = "tweets/ids.txt"
LINES = Format("lines")
LINE = b"1460323737035677698\n"


def segment(content: bytes, start: int, end: int) -> Segment:
    version = aws.s3().put_object(Bucket=INBOX, Key=KEY, Body=content)["VersionId"]
    return Segment(INBOX, KEY, version, start, end, LINES)


@pytest.fixture
def ranges(functions: Functions) -> Iterator[list[str]]:
    """The ranges that S3 is asked for."""
    asked: list[str] = []

    def listen(params: dict[str, Any], **_: object) -> None:
        asked.append(params["headers"]["Range"])

    aws.s3().meta.events.register("before-call.s3.GetObject", listen)
    yield asked
    aws.s3().meta.events.unregister("before-call.s3.GetObject", listen)


def test_no_more_is_asked_for_than_the_last_line_is_likely_to_take(ranges: list[str]) -> None:
    content = LINE * (4 * BLOCK // len(LINE))
    middle = segment(content, 1000, 2000)
    assert b"".join(id_lines(middle, "tweets")) == content[1000:2000]
    assert ranges == [f"bytes=999-{1999 + (64 << 10)}"]


@pytest.mark.parametrize("length", [BLOCK, 3 * BLOCK, 8 * BLOCK + 7])
def test_a_last_line_is_read_to_its_end_however_long_it_is(ranges: list[str], length: int) -> None:
    content = LINE + b"7" * length + b"\n" + LINE
    first = segment(content, 0, len(LINE) + 1)
    assert b"".join(id_lines(first, "tweets")) == content[: -len(LINE)]
    assert len(ranges) < 10


def test_an_object_is_read_to_its_end_and_no_further(ranges: list[str]) -> None:
    whole = segment(LINE + LINE[:-1], 0, len(LINE))
    assert b"".join(source_blocks(whole)) == LINE + LINE[:-1]
    assert len(ranges) == 1


@pytest.mark.parametrize(("content", "head"), [(b"", b""), (b"18\n", b"18\n"), (LINE * 9, LINE * 2)])
def test_the_head_is_asked_for_alone(ranges: list[str], content: bytes, head: bytes) -> None:
    about = segment(content, 0, 0)
    assert source_head(about.bucket, about.key, about.version_id, 2 * len(LINE)) == Head(len(content), head)
    assert ranges == [f"bytes=0-{2 * len(LINE) - 1}"]
