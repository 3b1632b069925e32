"""The records of a run, from its files in the results bucket: on the screen, or as a file of one's own."""

import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import duckdb

from xcompliance import query
from xcompliance.athena import Row, Stream
from xcompliance.errors import CommandError, OutcomeError
from xcompliance.formats import ROWS_ON_A_SCREEN, FileFormat, Format
from xcompliance.records import RunRecord
from xcompliance.stack import Stack
from xcompliance.text import count
from xcompliance.whole_file import whole_file

COLUMNS: Final = {
    "id": "varchar",
    "action": "varchar",
    "reason": "varchar",
    "created_at": "timestamp",
    "redacted_at": "timestamp",
    "error": "varchar",
    "run_id": "varchar",
    "part": "integer",
    "job_id": "varchar",
    "checked_at": "timestamp",
    "raw": "varchar",
}
"""Those of the table ``results``, and their types."""
_NOT_ON_SCREEN: Final = ("run_id", "job_id", "raw")
_ROWS_AT_ONCE: Final = 10_000


@dataclass(frozen=True)
class Wanted:
    """Which records are wanted: those of an action, of a reason; all of them by default."""

    action: str | None = None
    reason: str | None = None

    @property
    def _given(self) -> dict[str, str]:
        return {name: value for name, value in (("action", self.action), ("reason", self.reason)) if value is not None}

    @property
    def condition(self) -> str:
        """In SQL, with a parameter for each of ``values``."""
        return " AND ".join(["true", *(f"{name} = ?" for name in self._given)])

    @property
    def values(self) -> list[str]:
        """The parameters of ``condition``."""
        return list(self._given.values())


def write(
    stack: Stack, run: RunRecord, wanted: Wanted, form: FileFormat, file: Path | None, *, partial: bool
) -> Iterator[str]:
    """Writes a run's records to a file or to stdout; yields what is worth a note. A file is there when it is whole.

    Raises OutcomeError where records are missing, unless a ``partial`` answer will do; CommandError when they cannot be
    read or written.
    """
    if run.status != "complete":
        ends = f"{sum(part.status == 'complete' for part in run.part_records)} of {count(run.parts)} parts are checked"
        if not partial:
            raise OutcomeError(f"The run {run.run_id} is {run.status}: {ends}. --partial takes what is there.")
        yield f"Not all: the run is {run.status}, and {ends}."
    with _Files.of(stack, run, partial=partial) as files:
        if form == "parquet":
            assert file is not None  # noqa: S101 -- the command has seen to it
            found, more = _copy(files, wanted, file), False
        else:
            found, more = _write_rows(files, wanted, form, file)
    if file is not None:
        yield f"{count(found)} records are in {file}."
    if more:
        yield f"There are more than these {count(found)}: --format csv or jsonl has all."
    if not found and wanted.values:
        kinds = [*(run.by_action if wanted.action else ()), *(run.by_reason if wanted.reason else ())]
        yield f"There are no such records. The run has: {', '.join(sorted(kinds)) or 'none at all'}."


@dataclass(frozen=True)
class _Files:
    """A run's files, and a folder for them here."""

    stack: Stack
    keys: list[str]
    folder: Path
    connection: duckdb.DuckDBPyConnection
    records: int
    """As many there are at least."""

    @classmethod
    @contextmanager
    def of(cls, stack: Stack, run: RunRecord, *, partial: bool) -> "Iterator[_Files]":
        prefix = f"results/type={run.type}/checked_on={run.checked_on}/{run.run_id}-"
        pages = stack.s3.get_paginator("list_objects_v2").paginate(Bucket=stack["ResultsBucketName"], Prefix=prefix)
        keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
        with (
            tempfile.TemporaryDirectory(prefix="xcompliance-") as folder,
            duckdb.connect(config={"temp_directory": f"{folder}/duckdb"}) as connection,
        ):
            try:
                yield cls(stack, keys, Path(folder), connection, 0 if partial else run.records)
            except duckdb.Error as error:
                reason = str(error).splitlines()[0]
                raise CommandError(f"The records of {run.run_id} cannot be read or written: {reason}") from None

    def fetched(self) -> Iterator[Path]:
        """Each file, once it is here; raises OutcomeError at the end when they hold too few records."""
        total = 0
        for number, key in enumerate(self.keys):
            file = self.folder / f"{number:06}.parquet"
            self.stack.s3.download_file(self.stack["ResultsBucketName"], key, str(file))
            (held,) = self.connection.execute("SELECT count(*) FROM read_parquet(?)", [str(file)]).fetchall()
            total += held[0]
            yield file
        if total < self.records:
            raise OutcomeError(
                f"The run found {count(self.records)} records, and its files hold {count(total)}: some are gone from "
                "the results bucket. --partial takes what is there."
            )


def _write_rows(files: _Files, wanted: Wanted, form: Format, file: Path | None) -> tuple[int, bool]:
    """How many rows were written, and whether there are more: a screen is not for all of them."""
    columns = {name: kind for name, kind in COLUMNS.items() if form != "table" or name not in _NOT_ON_SCREEN}
    with closing(_rows(files, wanted, columns)) as rows:
        shown = islice(rows, ROWS_ON_A_SCREEN) if form == "table" else rows
        found = query.write(Stream(tuple(columns), tuple(columns.values()), shown), form, file)
        return found, next(rows, None) is not None


def _rows(files: _Files, wanted: Wanted, columns: dict[str, str]) -> Generator[Row, None, None]:
    """Rows as Athena returns them, of one file after the other."""
    texts = ", ".join(_text(name, kind) for name, kind in columns.items())
    for file in files.fetched():
        sql = f"SELECT {texts} FROM read_parquet(?) WHERE {wanted.condition}"  # noqa: S608 -- names of ours
        answer = files.connection.execute(sql, [str(file), *wanted.values])
        while rows := answer.fetchmany(_ROWS_AT_ONCE):
            yield from rows
        file.unlink()


def _text(name: str, kind: str) -> str:
    return f"strftime({name}, '%Y-%m-%d %H:%M:%S.%g')" if kind == "timestamp" else f"{name}::VARCHAR"


def _copy(files: _Files, wanted: Wanted, target: Path) -> int:
    """One file of Parquet with the columns of the run's own; returns the number of its rows."""
    here = [str(file) for file in files.fetched()]
    every = ", ".join(COLUMNS)
    nothing = ", ".join(f"NULL::{kind} AS {name}" for name, kind in COLUMNS.items())
    source = f"SELECT {every} FROM read_parquet(?)" if here else f"SELECT {nothing} WHERE ? IS NULL"  # noqa: S608 -- the same
    with whole_file(target) as unfinished:
        unfinished.touch()  # Python's error says why it cannot be written
        place = str(unfinished).replace("'", "''")
        sql = f"COPY (FROM ({source}) WHERE {wanted.condition}) TO '{place}' (FORMAT parquet, COMPRESSION zstd)"
        (copied,) = files.connection.execute(sql, [here, *wanted.values]).fetchall()
    return int(copied[0])
