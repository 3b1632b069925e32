"""The results table: whatever lines an answer has, its rows are what ``parse_line`` makes of them."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, cast

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters import objects, parquet, results_table
from compliance.blocks import whole_lines
from compliance.errors import StepFailed
from compliance.results import ResultRecord, no_findings, records_in, tally
from compliance.runs import Findings, Part
from compliance.shapes import shape_of, sort_lines

PART = cast(
    Part,
    {
        "run_id": "tweets-0123456789abcdef",
        "type": "tweets",
        "part": 7,
        "job_id": "1990000000000000000",
        "checked_on": "2026-11-23",
        "completed_at": "2026-11-23T12:00:00.250Z",
    },
)
COLUMNS = ("id", "action", "reason", "created_at", "redacted_at", "error", "raw")
Rows = Counter[tuple[Any, ...]]


def written(answer: bytes, block: int = 1 << 20, passage: int = 1 << 20) -> tuple[Rows, Findings]:
    """The rows of all files, and the findings."""
    files: dict[str, bytes] = {}
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(objects, "write_file", lambda key, file: files.setdefault(key, file.read_bytes()))
        patch.setattr(results_table, "PASSAGE_BYTES", passage)
        blocks = (answer[start : start + block] for start in range(0, len(answer), block))
        findings = results_table.write_results_table(PART, blocks)
        assert [key[-18:] for key in files] == [f"-00007-{number:03}.parquet" for number in range(len(files))]
        paths = [Path(folder, key.rpartition("/")[2]) for key in files]
        for path, content in zip(paths, files.values(), strict=True):
            path.write_bytes(content)
        return rows_in(paths), findings


@cache
def reader() -> duckdb.DuckDBPyConnection:
    """One for all tests: to open it takes longer than to read a hundred small files."""
    return duckdb.connect()


def rows_in(paths: list[Path]) -> Rows:
    if not paths:
        return Counter()
    found = reader().read_parquet([str(path) for path in paths])
    rows = found.select(f"run_id, part, job_id, checked_at, {', '.join(COLUMNS)}").fetchall()
    assert {row[:4] for row in rows} == {(PART["run_id"], 7, PART["job_id"], datetime(2026, 11, 23, 12, 0, 0, 250_000))}
    return Counter(row[4:] for row in rows)


def expected(answer: bytes) -> tuple[Rows, Findings]:
    records = list(records_in(answer.split(b"\n")))
    findings = no_findings()
    tally(findings, records)
    return Counter(map(row, records)), findings


def row(record: ResultRecord) -> tuple[Any, ...]:
    times = [time and time.replace(tzinfo=None) for time in (record.created_at, record.redacted_at)]
    return (record.id, record.action, record.reason, *times, record.error, record.raw)


def check(answer: bytes, **sizes: int) -> None:
    assert written(answer, **sizes) == expected(answer)


TIMES = st.sampled_from(["2019-10-29T17:02:47.000Z", "2026-03-01T12:00:22.039Z", "2020-02-29T23:59:59+00:00"])
PLAIN = st.fixed_dictionaries(
    {"id": st.integers(0, 10**19).map(str), "action": st.sampled_from(["delete", "delete", "scrub_geo", "embargo"])},
    optional={
        "created_at": TIMES,
        "redacted_at": TIMES | st.none(),
        "deleted_at": TIMES,
        "reason": st.sampled_from(["deleted", "scrub_geo", "geo_scrubbed", "it's new"]),
        "error": st.just("invalid_id"),
    },
)
STRANGE = st.dictionaries(
    st.sampled_from(["id", "action", "reason", "created_at", "redacted_at", "deleted_at", "error", "more"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | TIMES | st.just(""),
)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": ")])
WHATEVER = st.sampled_from(
    [b"", b" ", b"\t", b"not json", b"\xff\xfe", b"\x02", b"{}", b"null", b'"', b'","', b'{"id":"1"', b'{"id":"\x01"}']
) | st.binary(max_size=20)
SPOILING = b'"\\,:{} 0159-TZe+\x00\x02\t\r\x1f\xc3'


def spoiled(line: bytes, random: Random) -> bytes:
    """The same with one byte more, less, or another."""
    at = random.randrange(len(line) + 1)
    new = bytes([random.choice(SPOILING)])
    return random.choice([line[:at] + new + line[at:], line[:at] + new + line[at + 1 :], line[:at] + line[at + 1 :]])


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Plain records in a few layouts, most of them as they are, and whatever else may stand between them."""
    separators = draw(SEPARATORS)
    records = [json.dumps(each, separators=separators).encode() for each in draw(st.lists(PLAIN, max_size=8))]
    others = [json.dumps(each).encode() for each in draw(st.lists(STRANGE, max_size=3))]
    random = draw(st.randoms(use_true_random=True))
    lines = records * 3 + [spoiled(line, random) for line in records for _ in range(20)]
    lines += others + draw(st.lists(WHATEVER, max_size=5))
    random.shuffle(lines)
    return b"\n".join(lines) + draw(st.sampled_from([b"", b"\n", b"\n\n"]))


@given(answer=answers(), block=st.sampled_from([7, 100, 1 << 20]), passage=st.sampled_from([50, 1000, 1 << 20]))
@example(answer=b"\n\n", block=1, passage=1)
def test_the_rows_are_what_the_lines_say(answer: bytes, block: int, passage: int) -> None:
    check(answer, block=block, passage=passage)


RECORD = {
    "id": "1800000000000000001",
    "action": "delete",
    "created_at": "2019-10-29T17:02:47.000Z",
    "reason": "deleted",
}


def lines(*records: Any, separators: tuple[str, str] = (",", ":")) -> bytes:
    return b"".join(json.dumps(each, separators=separators).encode() + b"\n" for each in records)


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"redacted_at": "2026-03-01T12:00:22.039Z"},
        {"redacted_at": None},
        {"redacted_at": "2026-03-01T12:00:22+00:00", "deleted_at": "2026-03-01T12:00:22+00:00"},
        {"deleted_at": "2026-03-01T12:00:22Z"},
        {"reason": None},
        {"reason": "scrub_geo"},
    ],
)
def test_usual_records_are_left_to_duckdb(change: dict[str, Any], separators: tuple[str, str]) -> None:
    records = [RECORD | change | {"id": str(number)} for number in range(20)]
    answer = lines(*records, separators=separators)
    found = sort_lines(answer)
    assert (found.odd, found.plain + found.kept) == ([], answer)
    assert bool(found.kept) == (change == {"reason": "scrub_geo"})
    check(answer)


@pytest.mark.parametrize(
    "odd",
    [
        b'{"id":"1","action":"delete","action":"delete"}',
        b'{"id":1,"action":"delete"}',
        b'{"id":"1","action":"delete","country":"DE"}',
        b'{"id":"1","action":"rule_9"}',
        b'{"id":"1","action":["delete"]}',
        b'{"id":"1x","action":"delete"}',
        b'{"action":"delete"}',
        b'{"id":"1"}',
        b'{"id":"1","error":"invalid_id"}',
        b'{"id":"1","action":"del\\u0065te"}',
        b' {"id":"1","action":"delete"}',
        b'{"id":"1","action":"delete"}\r',
        b'{"id":"' + b"1" * 201 + b'","action":"delete"}',
        b"not json",
    ],
)
def test_whatever_is_not_usual_is_read_by_itself(odd: bytes) -> None:
    plain = lines(*[RECORD] * 20)
    found = sort_lines(plain + odd + b"\n")
    assert (found.plain, found.kept, found.odd) == (plain, b"", [odd])
    check(plain + odd + b"\n")


@pytest.mark.parametrize(
    "time",
    [
        "0000-01-02T03:04:05.000Z",
        "2026-02-29T03:04:05.000Z",
        "2026-01-02T24:00:00.000Z",
        "2026-01-02T23:59:60.000Z",
        "2026-1-002T03:04:05.000Z",
        " 202-10-02T03:04:05.000Z",
        "-202-10-02T03:04:05.000Z",
        "2026-01-02T03:04:05.00Z",
        "2026-01-02T03:04:05.000z",
        "2026-01-02T03:04:05.000-08:00",
        "2026-01-02 03:04:05.000Z",
        "2026-13-02T03:04:05.000Z",
        "2026-01-02T03:04:05+05:30",
        "0001-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59+00:00",
    ],
)
def test_a_time_that_is_like_the_others_but_for_a_detail(time: str) -> None:
    check(lines(*[RECORD] * 20, RECORD | {"created_at": time}))


def test_a_line_with_another_offset_leaves_the_others_to_duckdb() -> None:
    usual = lines(*[RECORD | {"created_at": "2026-01-02T03:04:05+00:00"}] * 20)
    other = lines(RECORD | {"created_at": "2026-01-02T03:04:05+05:00"})
    found = sort_lines(usual + other)
    assert (found.plain, found.kept, found.odd) == (usual, b"", [other[:-1]])


def test_a_deleted_at_that_says_something_else_is_kept() -> None:
    times = {"redacted_at": "2026-03-01T12:00:22.039Z", "deleted_at": "2026-03-01T12:00:22.039Z"}
    other = times | {"deleted_at": "2026-03-01T12:00:22.040Z"}
    check(lines(*[RECORD | times] * 20, RECORD | other))


def test_a_line_of_a_megabyte_and_one_of_many_fields_are_kept() -> None:
    many = {str(number): "text" for number in range(40)}
    check(lines(*[RECORD] * 20, RECORD | {"reason": "x" * (1 << 20)}, *[RECORD] * 20))
    check(lines(*[RECORD] * 20, RECORD | many, *[RECORD] * 20))


def test_a_long_answer_makes_files_of_a_bounded_size_and_the_same_ones_again() -> None:
    answer = lines(*[RECORD] * 100)
    check(answer, block=1000, passage=3000)
    assert written(answer, block=1000, passage=3000) == written(answer, block=1000, passage=3000)


@pytest.mark.parametrize("limit", [19, 21])
def test_a_file_that_has_not_as_many_rows_as_there_are_records_is_not_stored(
    monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    plain = parquet._plain
    fewer_or_more = (
        f"(SELECT * FROM (%s) LIMIT {limit})" if limit < 20 else "(%s) UNION ALL (SELECT * FROM (%s) LIMIT 1)"
    )
    monkeypatch.setattr(parquet, "_plain", lambda *given: fewer_or_more.replace("%s", plain(*given)))
    with pytest.raises(StepFailed, match=f"Of 20 records of X's answer, {limit} came into the table's file"):
        written(lines(*[RECORD] * 20))


def test_long_lines_are_not_remembered() -> None:
    shape_of.cache_clear()
    sort_lines(lines(*(RECORD | {"reason": letter * 2000} for letter in "abc"), RECORD))
    assert shape_of.cache_info().currsize == 2


def test_an_answer_of_nothing_makes_no_file() -> None:
    assert written(b"") == written(b"\n\n") == (Counter(), no_findings())


def test_a_line_of_two_megabytes_is_kept() -> None:
    check(lines(*[RECORD] * 20, RECORD | {"reason": "x" * (2 << 20)}, *[RECORD] * 20))


def joined(pieces: Iterable[bytes]) -> bytes:
    return b"".join(pieces)


@given(st.lists(st.sampled_from([b"\n", b"abc", b"d\ne"])))
def test_whole_lines_are_the_same_text(blocks: list[bytes]) -> None:
    text = joined(blocks)
    pieces = list(whole_lines(blocks))
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert joined(pieces) == text + (b"\n" if text and not text.endswith(b"\n") else b"")


def test_what_duckdb_says_of_a_line_that_it_cannot_write_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> int:
        raise duckdb.ConversionException("1800000000000000001")

    monkeypatch.setattr(parquet, "write_results", refuse)
    with pytest.raises(StepFailed) as failure:
        written(lines(RECORD))
    assert "1800000000000000001" not in f"{failure.value}{failure.value.__cause__}"
