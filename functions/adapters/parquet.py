"""Writes the tables that Athena reads, as Parquet: typed, compressed, a column at a time."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import duckdb

from compliance.results import ResultRecord
from compliance.runs import Part

_FORMAT = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1"
"""Athena's engine reads version 2's encodings: sorted IDs take 5 bytes each, and not 7.4."""

_TIMES = ("created_at", "redacted_at", "deleted_at")
_COLUMNS = dict.fromkeys(("id", "action", "reason", *_TIMES, "error", "raw"), "VARCHAR")
_SHORT, _LONG = 1 << 20, 64 << 20
"""Bytes of a line at most. Of lines that may be longer, fewer are read at once."""


class LineFiles(NamedTuple):
    """Lines of X's answer by the kinds of their shapes; the odd ones as ``write_records`` wrote them."""

    plain: Path
    kept: Path
    odd: Path


def connected(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection of DuckDB that has its own files, if it needs any, in a folder."""
    return duckdb.connect(
        config={"threads": 2, "temp_directory": str(folder / "duckdb"), "preserve_insertion_order": False}
    )


def write_results(connection: duckdb.DuckDBPyConnection, target: Path, part: Part, lines: LineFiles) -> int:
    """Writes records to a file of the ``results`` table; times are UTC. Returns how many.

    Raises duckdb.Error for a line that the columns do not say all of: a time that there is not, or ``deleted_at`` that
    is written otherwise than ``redacted_at``.
    """
    queries = (_plain(lines.plain, _SHORT), _kept(lines.kept), _plain(lines.odd, _LONG))
    records = " UNION ALL ".join(query for path, query in zip(lines, queries, strict=True) if path.stat().st_size)
    columns = f"id, action, reason, created_at, redacted_at, error, {_about(part)}, raw"
    return _copy(connection, f"SELECT {columns} FROM ({records})", target)  # noqa: S608 -- nothing in it is from outside


def write_records(target: Path, records: Iterable[ResultRecord]) -> None:
    """Writes records down for ``write_results``."""
    with target.open("w") as lines:
        for record in records:
            row = {
                "id": record.id,
                "action": record.action,
                "reason": record.reason,
                "created_at": record.created_at and record.created_at.replace(tzinfo=None).isoformat(),
                "redacted_at": record.redacted_at and record.redacted_at.replace(tzinfo=None).isoformat(),
                "error": record.error,
                "raw": record.raw,
            }
            lines.write(json.dumps(row) + "\n")


def write_checked_ids(connection: duckdb.DuckDBPyConnection, target: Path, part: Part, ids: Path) -> None:
    """Writes a part's prepared IDs to a file of the ``checked_ids`` table, in ascending order."""
    read = f"read_csv({_text(ids)}, columns = {{'id': 'BIGINT'}}, header = false, auto_detect = false)"
    _copy(connection, f"SELECT id, {_about(part)} FROM (SELECT id FROM {read} ORDER BY id)", target)  # noqa: S608 -- the same


def _plain(path: Path, longest: int) -> str:
    read = (
        f"read_json({_text(path)}, columns = {_COLUMNS}, format = 'newline_delimited', maximum_object_size = {longest})"
    )
    times = _times(*_TIMES)
    return f"SELECT id, action, reason, {times}, error, raw FROM {read}"  # noqa: S608 -- the same


def _kept(path: Path) -> str:
    times = _times(*(f"json->>'{name}'" for name in _TIMES))
    read = f"read_ndjson_objects({_text(path)}, maximum_object_size = {_SHORT})"
    return f"SELECT json->>'id', 'scrub_geo', json->>'reason', {times}, NULL, json::VARCHAR FROM {read}"  # noqa: S608 -- the same


def _times(created: str, redacted: str, deleted: str) -> str:
    """Both times of a record, from three texts. Two texts for one deletion are an error."""
    once = f"CASE WHEN {redacted} <> {deleted} THEN error('two times') ELSE coalesce({redacted}, {deleted}) END"
    return f"{_time(created)} AS created_at, {_time(once)} AS redacted_at"


def _time(text: str) -> str:
    """What DuckDB takes for a time and Python does not, is an error: hour 24, and the year 0."""
    wrong = f"contains({text}, 'T24') OR {text} < '0001'"
    return f"CASE WHEN {wrong} THEN error('no time') ELSE CAST({text} AS TIMESTAMP) END"


def _about(part: Part) -> str:
    """The columns that are the same in each row; a text of an enum is not looked up row by row."""
    run_id, job_id = _text(part["run_id"]), _text(part["job_id"])
    return (
        f"{run_id}::ENUM({run_id}) AS run_id, {part['part']}::INTEGER AS part, {job_id}::ENUM({job_id}) AS job_id, "
        f"TIMESTAMP {_text(part['completed_at'].removesuffix('Z'))} AS checked_at"
    )


def _copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    """Writes the rows of a query to a file; returns how many that is by what the file says."""
    connection.execute(f"COPY ({query}) TO {_text(target)} ({_FORMAT})")
    ((rows,),) = connection.execute("SELECT num_rows FROM parquet_file_metadata(?)", [str(target)]).fetchall()
    return int(rows)


def _text(value: str | Path) -> str:
    """A text as it stands in SQL."""
    return "'" + str(value).replace("'", "''") + "'"
