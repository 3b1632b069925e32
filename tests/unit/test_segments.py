"""Objects are cut and packed into few parts, and every byte of them is in one."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.errors import NothingToCheck, PartTooLarge
from compliance.formats import Format, KindOfFile
from compliance.segments import MOST_READ, Segment, about, cut, listing_of, pack, places, segment_of

LINES = Format("lines")
PART = 1_000_000


def whole(size: int, source: Format = LINES, key: str = "tweets/ids.txt") -> Segment:
    return Segment("inbox", key, "v1", 0, size, source)


@given(size=st.integers(1, 10 * PART))
def test_a_list_is_cut_into_ranges_that_touch_and_fill_parts(size: int) -> None:
    ranges = cut(whole(size), PART)
    assert all(each.id_bytes == PART for each in ranges[:-1])
    assert [0, *(each.end for each in ranges)] == [*(each.start for each in ranges), size]
    assert all(each.id_bytes <= PART for each in ranges)
    assert len(pack(ranges, PART)) == len(ranges) == -(-size // (PART - 21))


@pytest.mark.parametrize(("kind", "ranges"), [("jsonl", 6), ("csv", 5), ("tsv", 5), ("parquet", 36)])
def test_what_can_be_cut_is_cut_into_ranges_that_an_invocation_reads(kind: KindOfFile, ranges: int) -> None:
    found = cut(whole(9_000_000_000, Format(kind)), PART)
    assert [0, *(each.end for each in found)] == [*(each.start for each in found), 9_000_000_000]
    assert len(found) == ranges
    assert all(each.share <= 1 for each in found)


@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_a_table_that_is_cut_has_one_header_and_no_quotes(kind: KindOfFile) -> None:
    table = Format(kind, column=2, delimiter="\t", has_header=True)
    assert cut(whole(2_000_000_000, table), PART) == [whole(2_000_000_000, table)]
    ranges = cut(whole(4_000_000_001, table), PART)
    assert [each.format.has_header for each in ranges] == [True, False, False]
    assert all(not each.format.may_quote and each.format.is_splittable for each in ranges)
    assert {each.format.column for each in ranges} == {2}


@pytest.mark.parametrize("source", [Format("lines", "gzip"), Format("csv", "gzip"), Format("jsonl", "zstd")])
def test_what_is_packed_is_one_segment_or_too_large(source: Format) -> None:
    most = MOST_READ[source.kind]
    assert cut(whole(most, source), PART) == [whole(most, source)]
    with pytest.raises(PartTooLarge, match="drop it unpacked, or in several files, in a folder"):
        cut(whole(most + 1, source), PART)


def test_two_hundred_small_files_are_one_part() -> None:
    files = [whole(4979, key=f"datasets/tweets/n/{number:03}") for number in range(200)]
    assert pack(files, PART) == [files]


@given(st.lists(st.tuples(st.integers(1, 3 * PART), st.sampled_from(["none", "gzip"])), max_size=40))
def test_parts_hold_every_segment_once_and_no_two_of_them_fit_into_one(files: list[tuple[int, str]]) -> None:
    segments = [
        each
        for number, (size, packing) in enumerate(files)
        for each in cut(whole(size, Format("lines", packing), f"{number:02}"), PART)  # type: ignore[arg-type]
    ]
    parts = pack(segments, PART)
    assert sorted(repr(each) for part in parts for each in part) == sorted(map(repr, segments))
    loads = [sum(each.id_bytes for each in part) for part in parts]
    assert all(load <= PART for load, part in zip(loads, parts, strict=True) if len(part) > 1)
    assert sum(sorted(loads)[:2]) > PART or len(loads) < 2
    assert pack(reversed(segments), PART) == parts


def test_no_part_has_more_to_read_than_an_invocation_can() -> None:
    posts = [whole(1_500_000_000, Format("jsonl"), str(number)) for number in range(10)]
    assert [len(part) for part in pack(posts, 128_000_000)] == [2] * 5


def test_a_listing_says_where_the_segments_of_each_part_stand() -> None:
    csv = Format("csv", "gzip", 2, ";", has_header=True)
    parquet = Format("parquet", column="größe")
    parts = [[whole(5), whole(6, csv)], [whole(7, parquet)], [replace(whole(9), start=3)]]
    listing = listing_of(parts, "tweets-1")
    found = [listing[start:end].splitlines() for start, end in places(listing)]
    assert [[segment_of(line) for line in lines] for lines in found] == parts
    assert json.loads(found[0][1]) == {
        "run_id": "tweets-1",
        "part": 1,
        "bucket": "inbox",
        "key": "tweets/ids.txt",
        "version_id": "v1",
        "range_start": 0,
        "range_end": 6,
        "kind": "csv",
        "packing": "gzip",
        "id_column": 2,
        "delimiter": ";",
        "has_header": True,
        "may_quote": True,
        "preamble": 0,
        "width": 0,
        "reads_embedded": False,
    }


def test_a_listing_of_an_earlier_version_is_read() -> None:
    csv = Format("csv", column=2, delimiter=";", has_header=True)
    line = listing_of([[whole(6, csv)]], "tweets-1").replace(b', "may_quote": true, "preamble": 0, "width": 0', b"")
    assert b"may_quote" not in line
    assert b"width" not in line
    assert segment_of(line) == whole(6, csv)


def test_an_error_names_the_file_among_many() -> None:
    error = NothingToCheck("The file is empty.")
    assert about(error, "tweets/ids.txt") is error
    named = about(error, "datasets/tweets/n/a.txt")
    assert isinstance(named, NothingToCheck)
    assert str(named) == "datasets/tweets/n/a.txt: The file is empty."
