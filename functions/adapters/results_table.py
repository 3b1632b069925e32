"""Writes X's answer to the table ``results``, in files of a bounded size, while the answer is still being read."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import duckdb

from adapters import objects, parquet
from adapters.parquet import LineFiles
from compliance.blocks import whole_lines
from compliance.errors import StepFailed
from compliance.results import ResultRecord, no_findings, records_in, tally, tally_counts
from compliance.runs import Findings, Part, results_key
from compliance.shapes import Counts, sort_lines

PASSAGE_BYTES = 24 << 20
"""Of X's answer, for one file: some 150,000 records, which make 3 MB of Parquet."""


@dataclass
class _Passage:
    """Consecutive lines of the answer: in a file by the kind of their shape, or as records where they are odd."""

    files: LineFiles
    counts: Counts = field(default_factory=Counter)
    odd: list[ResultRecord] = field(default_factory=list)


def write_results_table(part: Part, answer: Iterable[bytes]) -> Findings:
    """Writes all records of an answer, which comes in blocks; returns what they say.

    Files are numbered, and the same answer makes the same files: writing it again replaces them. While one is written
    the next lines are read, so that there are two passages at most in memory and on disk.

    Raises StepFailed when a file has more or fewer rows than there are records.
    """
    findings = no_findings()
    with (
        tempfile.TemporaryDirectory() as folder,
        parquet.connected(Path(folder)) as connection,
        ThreadPoolExecutor(1) as writer,
    ):
        writing = None
        for number, passage in enumerate(_passages(answer, Path(folder))):
            if writing is not None:
                writing.result()
            writing = writer.submit(_write, connection, part, number, passage)
            tally_counts(findings, passage.counts)
            tally(findings, passage.odd)
        if writing is not None:
            writing.result()
    return findings


def _passages(answer: Iterable[bytes], folder: Path) -> Iterator[_Passage]:
    texts = whole_lines(answer)
    for number in count():
        passage = _Passage(LineFiles(*(folder / f"{number}-{kind}" for kind in LineFiles._fields)))
        room = PASSAGE_BYTES
        with passage.files.plain.open("wb") as plain, passage.files.kept.open("wb") as kept:
            for text in texts:
                found = sort_lines(text)
                plain.write(found.plain)
                kept.write(found.kept)
                passage.counts.update(found.counts)
                passage.odd += records_in(found.odd)
                room -= len(text)
                if room <= 0:
                    break
        if room == PASSAGE_BYTES:
            return
        if passage.counts or passage.odd:
            yield passage


def _write(connection: duckdb.DuckDBPyConnection, part: Part, number: int, passage: _Passage) -> None:
    files = passage.files
    target = files.plain.with_suffix(".parquet")
    parquet.write_records(files.odd, passage.odd)
    try:
        written = parquet.write_results(connection, target, part, files)
    except duckdb.Error:
        parquet.write_records(files.odd, [*_read(files.plain), *_read(files.kept), *passage.odd])
        for file in (files.plain, files.kept):
            file.write_bytes(b"")
        written = _write_odd(connection, target, part, files)
    records = passage.counts.total() + len(passage.odd)
    if written != records:
        raise StepFailed(f"Of {records} records of X's answer, {written} came into the table's file.")
    objects.write_file(results_key(part, number), target)
    for file in (target, *files):
        file.unlink()


def _write_odd(connection: duckdb.DuckDBPyConnection, target: Path, part: Part, files: LineFiles) -> int:
    """Raises StepFailed without DuckDB's own words: they may quote a line."""
    try:
        return parquet.write_results(connection, target, part, files)
    except duckdb.Error as error:
        raise StepFailed(f"DuckDB could not write the results table: {type(error).__name__}.") from None


def _read(path: Path) -> Iterator[ResultRecord]:
    with path.open("rb") as lines:
        yield from records_in(lines)
