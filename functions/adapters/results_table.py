"""Writes X's answer to the table ``results``, in files of a bounded size, while the answer is still being read."""

import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from itertools import filterfalse
from pathlib import Path
from typing import TypeVar

import duckdb
import numpy as np

from adapters import objects, parquet
from compliance.blocks import long_texts
from compliance.errors import StepFailed
from compliance.fields import Said
from compliance.records import LineSorter, Records, SortedLines
from compliance.results import is_blank, no_findings, records_in, tally, tally_counts
from compliance.runs import Findings, Part, results_key

FILE_RECORDS = 120 << 10
"""Of a file, which is then 2 MB: as many as DuckDB puts into one group of rows."""

ODD_BYTES, ODD_LINES = 8 << 20, 50_000
"""Of lines that are read one by one, for one file: in memory their records take many times as much."""

TEXT_BYTES, TEXT_LINES = 4 << 20, 100_000
"""Of X's answer, that are read at once: some 20,000 records, beside which a call of NumPy's costs little. Where lines
are too short to be records, there are fewer bytes to a text."""

_CORES = 2
"""So many texts are read, and files written, at a time, each by one thread. One more of each may be waiting."""

T = TypeVar("T")
U = TypeVar("U")

_File = tuple[int, Callable[[duckdb.DuckDBPyConnection, Path], int]]
"""How many rows a file is to have, and what writes it and says how many it has."""


def write_results_table(part: Part, answer: Iterable[bytes]) -> Findings:
    """Writes all records of an answer, which comes in blocks; returns what they say.

    Files are numbered, and the same answer makes the same files: writing it again replaces them. While some are written
    the next lines are read.

    Raises StepFailed when a file has more or fewer rows than there are records.
    """
    findings = no_findings()
    with (
        tempfile.TemporaryDirectory() as folder,
        parquet.connected(Path(folder), threads=1) as connection,
        ThreadPoolExecutor(_CORES) as pool,
    ):

        def write(numbered: tuple[int, _File]) -> None:
            number, file = numbered
            _write(connection, Path(folder) / f"{number}.parquet", results_key(part, number), file)

        for _ in _ahead(pool, write, enumerate(_files(part, answer, pool, findings))):
            pass
    return findings


def _files(part: Part, answer: Iterable[bytes], pool: Executor, findings: Findings) -> Iterator[_File]:
    """The files that an answer makes. What its records say is counted into ``findings``."""
    sorter = LineSorter()
    plain: list[Records] = []
    odd: list[bytes] = []
    for records, lines in _ahead(pool, SortedLines.read, map(sorter.sort, _texts(answer))):
        plain.append(records)
        while sum(map(len, plain)) >= FILE_RECORDS:
            joined = Records.joined(plain)
            yield _plain_file(part, joined.only(slice(FILE_RECORDS)), sorter.said, findings)
            plain = [joined.only(slice(FILE_RECORDS, None))]
        odd += filterfalse(is_blank, lines)
        while len(odd) >= ODD_LINES or sum(map(len, odd)) >= ODD_BYTES:
            yield _odd_file(part, odd[:ODD_LINES], findings)
            odd = odd[ODD_LINES:]
    if any(plain):
        yield _plain_file(part, Records.joined(plain), sorter.said, findings)
    if odd:
        yield _odd_file(part, odd, findings)


def _plain_file(part: Part, records: Records, said: Sequence[Said], findings: Findings) -> _File:
    numbers = np.bincount(records.said, minlength=len(said)).tolist()
    tally_counts(findings, {each: number for each, number in zip(said, numbers, strict=True) if number})
    return len(records), partial(parquet.write_results, part=part, records=records, said=tuple(said))


def _odd_file(part: Part, lines: Sequence[bytes], findings: Findings) -> _File:
    records = list(records_in(lines))
    tally(findings, records)
    return len(records), partial(parquet.write_odd_results, part=part, records=records)


def _write(connection: duckdb.DuckDBPyConnection, target: Path, key: str, file: _File) -> None:
    """Raises StepFailed without DuckDB's own words: they may quote a line."""
    records, write = file
    try:
        written = write(connection, target)
    except duckdb.Error as error:
        raise StepFailed(f"DuckDB could not write the results table: {type(error).__name__}.") from None
    if written != records:
        raise StepFailed(f"Of {records} records of X's answer, {written} came into the table's file.")
    objects.write_file(key, target)
    target.unlink()


def _texts(answer: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The answer in texts that are read at once, each in pieces."""
    for pieces in long_texts(answer, TEXT_BYTES):
        if sum(piece.count(b"\n") for piece in pieces) <= TEXT_LINES:
            yield pieces
        else:
            yield from long_texts(pieces, TEXT_BYTES // 32)


def _ahead(pool: Executor, function: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
    """What a function makes of each item, in their order, while it is at work on the next ones."""
    futures: deque[Future[U]] = deque()
    for item in items:
        futures.append(pool.submit(function, item))
        if len(futures) > _CORES:
            yield futures.popleft().result()
    while futures:
        yield futures.popleft().result()
