"""Reads the column of IDs of a Parquet file, with DuckDB."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END
from itertools import accumulate
from pathlib import Path

import duckdb

from compliance import columns
from compliance.accounting import Rows
from compliance.errors import PartTooLarge, UnsupportedInput
from compliance.runs import JobType

STEP = 500_000
"""Rows that are read at a time. What they become takes 100 MB at most, as no text is longer than MAX_TEXT."""

MAX_TEXT = 100
"""Characters of a text at most, without the white space around it; a longer one is cut, marked as cut, and so no ID."""

MOST_ROWS = 200_000_000
"""Rows that one invocation reads in the time it has, however few bytes a column that repeats itself takes for them."""

MAX_GROUP = 1_500_000_000
"""Bytes that the IDs of a group of rows take in the file at most, as they are put on the disk."""

_DAMAGED = "The Parquet file is damaged or cut off, or not one that can be read: write it again."
_OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "600MB",
    "temp_directory": "",
    "autoinstall_known_extensions": False,
}
_NESTED = ("STRUCT", "MAP", "UNION", "VARIANT")
_INTEGER = re.compile("U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?")
_BLANKS = " || ".join(f"chr({ord(blank)})" for blank in " \t\n\r\v\f")

_ROW = b"file_row_number"
"""DuckDB's name for the row number. It cannot be requested from a file that has a column of this name."""


@dataclass(frozen=True, slots=True)
class _Group:
    """A group of rows whose IDs are the bytes ``start`` to ``end`` (exclusive) of the file."""

    first: int
    rows: int
    start: int
    end: int


def id_lines(
    path: Path,
    column: str | None,
    job_type: JobType,
    between: tuple[int, int],
    fetch: Callable[[int, int], None],
    *,
    rows: Rows | None = None,
) -> Iterator[bytes]:
    """Yields the fields of one column, a line for each, in their order.

    Only of those groups of rows whose fields begin ``between`` two places (the second exclusive) in the file, which may
    have holes: nothing but its end, which tells where everything is, is read before ``fetch`` was called with the first
    byte of a group's fields and the one behind the last. ``rows`` is told what is read, and of the file's first range,
    how many rows the file has.

    ``column`` is its name or its number from 1; without one, ``columns`` has the rule. Integers, texts and decimals
    without a fraction are IDs; other values are rejected one by one. Null gives a blank line.

    Raises UnsupportedInput for a damaged file, and for one without such a column; PartTooLarge for too large a group,
    and for too many rows.
    """
    rows = rows or Rows()
    _rename_row_number(path)
    with _opened() as connection:
        names = connection.execute(
            "DESCRIBE SELECT * FROM read_parquet(?, binary_as_string = true)", [str(path)]
        ).fetchall()
        name, kind = _column([(row[0], row[1]) for row in names], column, job_type)
        rows.column = name
        if kind.startswith(_NESTED) or kind.endswith("]"):
            raise UnsupportedInput(f"The column of IDs holds values of the type {kind.partition('(')[0]}, not IDs.")
        query = _query(name, kind)
        groups = _groups(connection, path, name)
        if 0 in range(*between):
            rows.expected += sum(group.rows for group in groups)
        own = [group for group in groups if group.start in range(*between)]
        if sum(group.rows for group in own) > MOST_ROWS:
            raise PartTooLarge(f"So few bytes hold more than {MOST_ROWS:,} rows: write the Parquet file as several.")
        for group in own:
            fetch(group.start, group.end)
            yield from _lines(connection, path, query, group)
            rows.read += group.rows


def _groups(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> list[_Group]:
    found = connection.execute(
        "SELECT row_group_num_rows, least(nullif(dictionary_page_offset, 0), data_page_offset), total_compressed_size "
        "FROM parquet_metadata(?) WHERE path_in_schema = ? ORDER BY row_group_id",
        [str(path), name],
    ).fetchall()
    ((total,),) = connection.execute("SELECT num_rows FROM parquet_file_metadata(?)", [str(path)]).fetchall()
    firsts = list(accumulate((group[0] for group in found), initial=0))
    if firsts.pop() != total:
        raise UnsupportedInput(f"{_DAMAGED} Two of its columns may have the same name.")
    # A group that begins nowhere would be in no range of the file, and nobody would miss it.
    if any(group[1] is None or not 0 <= group[1] < path.stat().st_size for group in found):
        raise UnsupportedInput(f"{_DAMAGED} It says of some rows that they are outside of it.")
    if any(size > MAX_GROUP for _, _, size in found):
        raise PartTooLarge(
            f"The IDs of a group of rows take more than {MAX_GROUP:,} bytes: write the Parquet file in smaller groups."
        )
    return [_Group(first, rows, start, start + size) for first, (rows, start, size) in zip(firsts, found, strict=True)]


def _lines(connection: duckdb.DuckDBPyConnection, path: Path, query: str, group: _Group) -> Iterator[bytes]:
    last = group.first + group.rows
    for begin in range(group.first, last, STEP):
        stop = min(begin + STEP, last)
        count, text = connection.execute(query, [str(path), begin, stop]).fetchall()[0]
        if count != stop - begin:
            raise UnsupportedInput("The Parquet file does not have the rows that it says it has: write it again.")
        yield text.encode() + b"\n"


def _query(name: str, kind: str) -> str:
    """The fields as texts, each in a line of its own. DuckDB skips the row groups that the rows are not in."""
    quoted = '"' + name.replace('"', '""') + '"'
    text = f"CAST({quoted} AS VARCHAR)"
    if kind.startswith("DECIMAL"):
        text = f"regexp_replace({text}, '[.]0+$', '')"
    elif not _INTEGER.fullmatch(kind):
        clean = f"trim({text}, {_BLANKS})"
        short = f"CASE WHEN length({clean}) > {MAX_TEXT} THEN left({clean}, {MAX_TEXT}) || '…' ELSE {clean} END"
        is_plain = f"strlen({text}) <= {MAX_TEXT} AND NOT contains({text}, chr(10))"
        text = f"CASE WHEN {is_plain} THEN {text} ELSE replace({short}, chr(10), ' ') END"
    return (
        f"SELECT count(*), string_agg(coalesce({text}, ''), chr(10)) "  # noqa: S608 -- the name is quoted
        "FROM read_parquet(?, file_row_number = true, binary_as_string = true, utf8_validation = 'replace') "
        "WHERE file_row_number >= ? AND file_row_number < ?"
    )


def _rename_row_number(path: Path) -> None:
    """Calls a column ``file_row_number`` by a name as long in the file's end, by which it is still found."""
    with path.open("r+b") as file:
        file.seek(max(0, path.stat().st_size - 8))
        length = int.from_bytes(file.read(4), "little") + 8
        if length <= path.stat().st_size:
            file.seek(-length, SEEK_END)
            end = file.read()
            file.seek(-length, SEEK_END)
            file.write(re.sub(_ROW, _ROW.replace(b"_", b" "), end, flags=re.IGNORECASE))


def _column(table: list[tuple[str, str]], asked: str | None, job_type: JobType) -> tuple[str, str]:
    names = [name for name, _ in table]
    index = columns.column_of(names, asked, job_type)
    if isinstance(index, str):
        raise columns.refusal(index, names)
    return table[index]


@contextmanager
def _opened() -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with duckdb.connect(config=_OPTIONS) as connection:
            yield connection
    except duckdb.Error:
        raise UnsupportedInput(_DAMAGED) from None
