"""The results table: whatever lines an answer has, its rows are what ``parse_line`` makes of them."""

import codecs
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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
from compliance import blocks
from compliance.blocks import long_texts, whole_lines
from compliance.errors import StepFailed
from compliance.records import LineSorter, SortedLines
from compliance.results import ResultRecord, no_findings, records_in, tally
from compliance.runs import Findings, Part
from tests.unit.answering import RECORD, lines

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


def files_of(
    answer: bytes, block: int = 1 << 20, text: int = 1 << 20, file: int = 10_000
) -> tuple[list[Rows], Findings]:
    """The rows of each file, and the findings. ``file`` is how many records make one."""
    files: dict[str, bytes] = {}
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(objects, "write_file", lambda key, file: files.setdefault(key, file.read_bytes()))
        patch.setattr(results_table, "TEXT_BYTES", text)
        patch.setattr(results_table, "FILE_RECORDS", file)
        patch.setattr(results_table, "ODD_BYTES", 100 * file)
        patch.setattr(results_table, "ODD_LINES", file)
        blocks = (answer[start : start + block] for start in range(0, len(answer), block))
        findings = results_table.write_results_table(PART, blocks)
        assert sorted(key[-18:] for key in files) == [f"-00007-{number:03}.parquet" for number in range(len(files))]
        found = []
        for key in sorted(files):
            path = Path(folder, key.rpartition("/")[2])
            path.write_bytes(files[key])
            found.append(rows_in(path))
        return found, findings


def written(answer: bytes, **sizes: int) -> tuple[Rows, Findings]:
    """The rows of all files, and the findings."""
    files, findings = files_of(answer, **sizes)
    return sum(files, Counter()), findings


@cache
def reader() -> duckdb.DuckDBPyConnection:
    """One for all tests: to open it takes longer than to read a hundred small files."""
    return duckdb.connect()


def rows_in(path: Path) -> Rows:
    found = reader().read_parquet(str(path))
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


@given(
    answer=answers(),
    block=st.sampled_from([7, 100, 1 << 20]),
    text=st.sampled_from([50, 1000, 1 << 20]),
    file=st.sampled_from([1, 10, 1000]),
)
@example(answer=b"\n\n", block=1, text=1, file=1)
@example(answer=codecs.BOM_UTF8 + lines(*[RECORD] * 3), block=7, text=50, file=1)
@example(answer=codecs.BOM_UTF8 + b'{"id":"x","error":"invalid_id"}\n', block=7, text=50, file=1)
@example(answer=codecs.BOM_UTF8 + b"\n" + lines(RECORD), block=7, text=50, file=1)
@example(answer=lines(RECORD) + b'{"id":"1","id":"2","action":"delete"}\n', block=7, text=50, file=1)
@example(answer=b'{"id":"1","id":"x","error":"invalid_id"}\n', block=7, text=50, file=1)
def test_the_rows_are_what_the_lines_say(answer: bytes, block: int, text: int, file: int) -> None:
    check(answer, block=block, text=text, file=file)


def test_a_line_of_a_megabyte_and_one_of_many_fields_are_kept() -> None:
    many = {str(number): "text" for number in range(40)}
    check(lines(*[RECORD] * 20, RECORD | {"reason": "x" * (1 << 20)}, *[RECORD] * 20))
    check(lines(*[RECORD] * 20, RECORD | many, *[RECORD] * 20))


def test_a_long_answer_makes_files_of_a_bounded_size_and_the_same_ones_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = lines(*[RECORD] * 100) + b"odd\n" * 100 + lines(*[RECORD] * 7)
    files, _ = found = files_of(answer, block=1000, text=3000, file=30)
    assert [rows.total() for rows in files] == [30, 30, 30, 30, 30, 30, 17, 10]
    for name in ("write_results", "write_odd_results"):
        monkeypatch.setattr(parquet, name, delayed(getattr(parquet, name)))
    monkeypatch.setattr(SortedLines, "read", delayed(SortedLines.read))
    assert files_of(answer, block=70, text=3000, file=30) == found


def delayed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, which takes the longer the earlier it is called."""
    pauses = iter([0.1, 0.05, 0.02])

    def call(*given: Any, **named: Any) -> Any:
        time.sleep(next(pauses, 0))
        return function(*given, **named)

    return call


def test_a_line_that_memory_may_not_hold_ends_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LONGEST", 3 << 20)
    with pytest.raises(StepFailed, match="a line of more than 3 MB"):
        written(lines(RECORD) + b"x" * (8 << 20))


def test_lines_that_are_too_short_to_be_records_are_read_fewer_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results_table, "TEXT_LINES", 50)
    sizes = []
    sort = LineSorter.sort

    def noted(self: LineSorter, texts: Sequence[bytes]) -> SortedLines:
        sizes.append(len(joined(texts)))
        return sort(self, texts)

    monkeypatch.setattr(LineSorter, "sort", noted)
    check(lines(*[RECORD] * 40) + b"\n\n7\n" * 1000, text=4096)
    assert sizes[0] >= 4096
    assert max(sizes[1:]) < 200


@pytest.mark.parametrize("write", ["write_results", "write_odd_results"])
@pytest.mark.parametrize("more", [-1, 1])
def test_a_file_that_has_not_as_many_rows_as_there_are_records_is_not_stored(
    monkeypatch: pytest.MonkeyPatch, write: str, more: int
) -> None:
    real = getattr(parquet, write)
    monkeypatch.setattr(parquet, write, lambda *given, **named: real(*given, **named) + more)
    with pytest.raises(StepFailed, match=f"Of 20 records of X's answer, {20 + more} came into the table's file"):
        written(lines(*[RECORD] * 20) if write == "write_results" else b"odd\n" * 20)


def test_an_answer_of_nothing_makes_no_file() -> None:
    assert written(b"") == written(b"\n\n") == (Counter(), no_findings())


def test_a_line_of_two_megabytes_is_kept() -> None:
    check(lines(*[RECORD] * 20, RECORD | {"reason": "x" * (2 << 20)}, *[RECORD] * 20))


def joined(pieces: Iterable[bytes]) -> bytes:
    return b"".join(pieces)


@given(st.lists(st.sampled_from([b"\n", b"abc", b"d\ne", b""])), st.integers(1, 9))
def test_long_texts_are_the_same_text(blocks: list[bytes], least: int) -> None:
    text = joined(blocks)
    texts = [joined(pieces) for pieces in long_texts(blocks, least)]
    assert joined(texts) == text + (b"\n" if text and not text.endswith(b"\n") else b"")
    for each in texts[:-1]:
        assert len(each) >= least
    for each in texts:
        assert each.index(b"\n", min(least, len(each)) - 1) == len(each) - 1


@given(st.lists(st.sampled_from([b"\n", b"abc", b"d\ne"])))
def test_whole_lines_are_the_same_text(blocks: list[bytes]) -> None:
    text = joined(blocks)
    pieces = list(whole_lines(blocks))
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert joined(pieces) == text + (b"\n" if text and not text.endswith(b"\n") else b"")


def test_what_duckdb_says_of_a_line_that_it_cannot_write_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise duckdb.ConversionException("1800000000000000001")

    monkeypatch.setattr(parquet, "write_results", refuse)
    with pytest.raises(StepFailed) as failure:
        written(lines(RECORD))
    assert "1800000000000000001" not in f"{failure.value}{failure.value.__cause__}"
