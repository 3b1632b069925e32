"""A part's lines: cut from a huge file, or unpacked from gzip."""

import gzip
import zlib
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compliance.errors import PartTooLarge, UnsupportedInput
from compliance.sources import cut_to_lines, first_gunzipped, gunzip, plan_ranges


def blocks_of(content: bytes, start: int, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(start, len(content), size))


def lines_of(content: bytes, start: int, end: int, size: int = 5) -> bytes:
    return b"".join(cut_to_lines(blocks_of(content, max(0, start - 1), size), start, end))


def unpack(packed: bytes, limit: int = 10**9, size: int = 5) -> bytes:
    return b"".join(gunzip(blocks_of(packed, 0, size), limit))


TEXT = b"1\n22\n333\n4444\n"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, len(TEXT), TEXT),
        (0, 1, b"1\n"),
        (0, 2, b"1\n"),
        (0, 3, b"1\n22\n"),
        (1, 2, b""),
        (1, 3, b"22\n"),
        (2, 3, b"22\n"),
        (3, 5, b""),
        (3, 6, b"333\n"),
        (9, 14, b"4444\n"),
        (10, 14, b""),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_range_holds_the_lines_that_begin_in_it_whole(start: int, end: int, expected: bytes, size: int) -> None:
    assert lines_of(TEXT, start, end, size) == expected


def test_a_last_line_without_a_newline_belongs_to_the_last_range() -> None:
    assert lines_of(b"1\n22", 2, 4) == b"22"


def test_reading_stops_with_the_parts_last_line() -> None:
    read: list[int] = []

    def blocks() -> Iterator[bytes]:
        for number in range(1000):
            read.append(number)
            yield b"12345\n"

    assert b"".join(cut_to_lines(blocks(), 0, 12)) == b"12345\n" * 2
    assert len(read) <= 3


def test_a_part_in_the_midst_of_an_endless_line_reads_no_further_than_itself() -> None:
    read: list[int] = []

    def blocks() -> Iterator[bytes]:
        for number in range(1000):
            read.append(number)
            yield b"1" * 10

    assert b"".join(cut_to_lines(blocks(), 5, 25)) == b""
    assert len(read) == 2


CONTENTS = st.lists(st.sampled_from([b"\n", b"1", b"22\n", b"333333\n", b"\r\n", b"4" * 20]), max_size=30).map(b"".join)


@given(content=CONTENTS, part_bytes=st.integers(1, 40), size=st.integers(1, 50))
@example(content=b"1" * 30, part_bytes=5, size=7)
@example(content=b"\n" * 9, part_bytes=2, size=1)
def test_ranges_cover_every_line_exactly_once(content: bytes, part_bytes: int, size: int) -> None:
    if not content:
        return
    parts = [lines_of(content, start, end, size) for start, end in plan_ranges(len(content), part_bytes)]
    assert b"".join(parts) == content
    assert all(part.endswith(b"\n") for part in parts[:-1] if part and not content.endswith(part))


@given(total=st.integers(1, 10**13), part_bytes=st.integers(10**5, 10**9))
def test_ranges_are_adjacent_few_and_no_longer_than_a_part(total: int, part_bytes: int) -> None:
    if total // part_bytes > 2000:
        part_bytes = total // 2000
    ranges = plan_ranges(total, part_bytes)
    assert ranges[0][0] == 0
    assert ranges[-1][1] == total
    assert all(before[1] == after[0] for before, after in pairwise(ranges))
    assert all(0 < end - start <= part_bytes for start, end in ranges)
    assert len(ranges) == -(-total // part_bytes)


@given(contents=st.lists(st.binary(max_size=300), min_size=1, max_size=4), size=st.integers(1, 400))
def test_gzip_members_in_a_row_are_one_text(contents: list[bytes], size: int) -> None:
    packed = b"".join(gzip.compress(content) for content in contents)
    assert unpack(packed, size=size) == b"".join(contents)


@given(
    contents=st.lists(st.binary(max_size=300), min_size=1, max_size=4),
    size=st.integers(0, 1500),
    cut=st.integers(0, 400),
)
def test_the_first_bytes_are_those_of_the_whole(contents: list[bytes], size: int, cut: int) -> None:
    content, packed = b"".join(contents), b"\0".join(map(gzip.compress, contents))
    assert first_gunzipped(packed, size) == content[:size]
    first = first_gunzipped(packed[:cut], size)
    assert content[:size].startswith(first)


def test_a_large_file_is_unpacked_in_blocks() -> None:
    content = b"1234567890123456789\n" * 200_000
    blocks = list(gunzip(iter([gzip.compress(content)]), 10**9))
    assert b"".join(blocks) == content
    assert max(map(len, blocks)) <= 1 << 20


@given(size=st.integers(1, 60))
def test_zeros_behind_the_last_member_are_padding_wherever_a_block_ends(size: int) -> None:
    assert unpack(gzip.compress(b"1\n2\n") + b"\0" * 100, size=size) == b"1\n2\n"


@given(size=st.integers(1, 40), missing=st.integers(1, 20))
def test_a_file_that_is_cut_off_is_not_taken_for_whole(size: int, missing: int) -> None:
    packed = gzip.compress(b"1\n2\n3\n")
    with pytest.raises(UnsupportedInput):
        unpack(packed[:-missing], size=size)


@pytest.mark.parametrize("at", [1, 2, 12, -6, -2])
def test_a_damaged_file_is_not_read(at: int) -> None:
    packed = bytearray(gzip.compress(b"".join(b"%d\n" % number for number in range(1000))))
    packed[at] ^= 0x55
    with pytest.raises(UnsupportedInput, match=r"gzip file is (damaged|cut off)"):
        unpack(bytes(packed), size=64)


def test_text_behind_the_last_member_is_damage() -> None:
    with pytest.raises(UnsupportedInput):
        unpack(gzip.compress(b"1\n") + b"2\n3\n4\n5\n")


def test_a_bomb_is_left_before_it_goes_off() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(30)) + packer.flush()
    unpacked: list[bytes] = []
    with pytest.raises(PartTooLarge, match="5000000 bytes"):
        unpacked.extend(gunzip(iter([bomb]), 5_000_000))
    assert sum(map(len, unpacked)) <= 5_000_000


def test_a_file_of_just_the_limit_is_taken() -> None:
    assert unpack(gzip.compress(b"1" * 99 + b"\n"), limit=100) == b"1" * 99 + b"\n"
    with pytest.raises(PartTooLarge):
        unpack(gzip.compress(b"1" * 100 + b"\n"), limit=100)
