"""Reads the column of IDs of a Parquet file, with DuckDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from compliance import columns
from compliance.errors import UnsupportedInput
from compliance.runs import JobType

STEP = 500_000
"""Rows that are read at a time. What they become takes 100 MB at most, as no text is longer than MAX_TEXT."""

MAX_TEXT = 100
"""Characters that are read of a text. An ID has 19 at most."""

_OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "600MB",
    "temp_directory": "",
    "autoinstall_known_extensions": False,
}
_NESTED = ("STRUCT", "MAP", "UNION", "VARIANT")


def count_rows(path: Path) -> int:
    """The rows of a Parquet file. Raises UnsupportedInput for one that is damaged."""
    with _opened() as connection:
        return _count(connection, path)


def id_lines(
    path: Path, column: str | None, job_type: JobType, start: int = 0, end: int | None = None
) -> Iterator[bytes]:
    """Yields the fields of one column of the rows ``start`` to ``end`` (exclusive), a line for each, in their order.

    ``column`` is its name or its number from 1; without one, the usual names are looked for, and an only column is it.
    Integers, texts and whole decimals are IDs; of any other type are rejected one by one. Nothing gives a blank line.

    Raises UnsupportedInput for a damaged file, and for one without such a column.
    """
    with _opened() as connection:
        names = connection.execute(
            "DESCRIBE SELECT * FROM read_parquet(?, binary_as_string = true)", [str(path)]
        ).fetchall()
        name, kind = _column([(row[0], row[1]) for row in names], column, job_type)
        if kind.startswith(_NESTED) or kind.endswith("]"):
            raise UnsupportedInput(f"The column of IDs holds values of the type {kind.partition('(')[0]}, not IDs.")
        query = _query(name, is_text=kind == "VARCHAR")
        last = _count(connection, path) if end is None else end
        for begin in range(start, last, STEP):
            stop = min(begin + STEP, last)
            count, text = connection.execute(query, [str(path), begin, stop]).fetchall()[0]
            if count != stop - begin:
                raise UnsupportedInput("The Parquet file does not have the rows that it says it has: write it again.")
            yield text.encode() + b"\n"


def _query(name: str, *, is_text: bool) -> str:
    """The fields as texts, each in a line of its own. DuckDB skips the row groups that the rows are not in."""
    quoted = '"' + name.replace('"', '""') + '"'
    text = f"CAST({quoted} AS VARCHAR)"
    if is_text:
        clean = f"left(trim(replace({text}, chr(10), ' ')), {MAX_TEXT})"
        text = f"CASE WHEN strlen({text}) <= {MAX_TEXT} AND NOT contains({text}, chr(10)) THEN {text} ELSE {clean} END"
    return (
        f"SELECT count(*), string_agg(coalesce({text}, ''), chr(10)) "  # noqa: S608 -- the name is quoted
        "FROM read_parquet(?, file_row_number = true, binary_as_string = true) "
        "WHERE file_row_number >= ? AND file_row_number < ?"
    )


def _column(table: list[tuple[str, str]], asked: str | None, job_type: JobType) -> tuple[str, str]:
    names = [name for name, _ in table]
    if columns.is_number(asked):
        return table[columns.by_number(len(names), asked)]
    index = columns.by_name(names, asked, job_type)
    if index is None and asked is None and len(names) == 1:
        index = 0
    if index is None:
        raise columns.missing(len(names), asked, job_type)
    return table[index]


def _count(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    rows = connection.execute("SELECT num_rows FROM parquet_file_metadata(?)", [str(path)]).fetchall()
    return int(rows[0][0])


@contextmanager
def _opened() -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with duckdb.connect(config=_OPTIONS) as connection:
            yield connection
    except duckdb.Error:
        raise UnsupportedInput(
            "The Parquet file is damaged or cut off, or not one that can be read: write it again."
        ) from None
