"""Writes the tables that Athena reads, as Parquet: typed, compressed, a column at a time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from compliance.fields import Said
from compliance.records import Records
from compliance.results import ResultRecord
from compliance.runs import Part

_FORMAT = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000"
"""Athena's engine reads version 2's encodings: sorted IDs take 5 bytes each, and not 7.4. Of the columns only X's
words, which are few, are worth a dictionary."""


def connected(folder: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """A connection of DuckDB that has its own files, if it needs any, in a folder."""
    return duckdb.connect(
        config={
            "threads": threads,
            "temp_directory": str(folder / "duckdb"),
            "preserve_insertion_order": False,
            "pandas_analyze_sample": 0,  # objects are texts, whatever the first of them are
        }
    )


def write_results(
    connection: duckdb.DuckDBPyConnection, target: Path, *, part: Part, records: Records, said: Sequence[Said]
) -> int:
    """Writes records to a file of the ``results`` table; ``said`` are the words for what they say. Returns how many."""
    rows: dict[str, NDArray[Any]] = {
        "id": records.ids,
        "created_at": records.created_at.view("M8[us]"),
        "redacted_at": records.redacted_at.view("M8[us]"),
        "said": records.said,
    }
    if records.raw is not None:
        rows["raw"] = records.raw
    columns = {
        "id": "id::VARCHAR",
        "action": _choice([each.action for each in said]),
        "reason": _choice([each.reason for each in said]),
        "created_at": "created_at",
        "redacted_at": "redacted_at",
        "error": "NULL::VARCHAR",
        **_about(part),
        "raw": "NULL::VARCHAR" if records.raw is None else "raw",
    }
    return _write(connection, target, rows, columns)


def write_odd_results(
    connection: duckdb.DuckDBPyConnection, target: Path, *, part: Part, records: Sequence[ResultRecord]
) -> int:
    """Writes records of any kind to a file of the ``results`` table. Returns how many."""
    rows: dict[str, NDArray[Any]] = {}
    for name in ("id", "action", "reason", "error", "raw"):
        rows[name] = np.array([getattr(record, name) for record in records], object)
    for name in ("created_at", "redacted_at"):
        times = [getattr(record, name) for record in records]
        rows[name] = np.array([time and time.replace(tzinfo=None) for time in times], "M8[us]")
    names = ("id", "action", "reason", "created_at", "redacted_at", "error")
    return _write(connection, target, rows, {name: name for name in names} | _about(part) | {"raw": "raw"})


def write_checked_ids(connection: duckdb.DuckDBPyConnection, target: Path, part: Part, ids: Path) -> None:
    """Writes a part's prepared IDs to a file of the ``checked_ids`` table, in ascending order."""
    read = f"read_csv({_text(ids)}, columns = {{'id': 'BIGINT'}}, header = false, auto_detect = false)"
    _copy(connection, target, {"id": "id"} | _about(part), f"(SELECT id FROM {read} ORDER BY id)")  # noqa: S608 -- nothing in it is from outside


def _write(
    connection: duckdb.DuckDBPyConnection, target: Path, rows: Mapping[str, NDArray[Any]], columns: Mapping[str, str]
) -> int:
    """By a connection of its own, so that several threads may write at a time."""
    with connection.cursor() as own:
        own.register("rows", rows)
        return _copy(own, target, columns, "rows")


def _copy(connection: duckdb.DuckDBPyConnection, target: Path, columns: Mapping[str, str], rows: str) -> int:
    """Writes rows to a file; returns how many that is by what the file says."""
    values = ", ".join(f"{value} AS {name}" for name, value in columns.items())
    connection.execute(f"COPY (SELECT {values} FROM {rows}) TO {_text(target)} ({_FORMAT})")  # noqa: S608 -- what is from outside is quoted
    ((written,),) = connection.execute("SELECT num_rows FROM parquet_file_metadata(?)", [str(target)]).fetchall()
    return int(written)


def _choice(words: Sequence[str | None]) -> str:
    """The word at the place that ``said`` is. A text of an enum is not looked up row by row."""
    enum = f"ENUM({', '.join(sorted({_text(word) for word in words if word is not None}))})"
    cases = [f"WHEN {place} THEN {_text(word)}::{enum}" for place, word in enumerate(words) if word is not None]
    return f"CASE said {' '.join(cases)} END" if cases else "NULL::VARCHAR"


def _about(part: Part) -> dict[str, str]:
    """The columns that are the same in each row."""
    run_id, job_id = _text(part["run_id"]), _text(part["job_id"])
    return {
        "run_id": f"{run_id}::ENUM({run_id})",
        "part": f"{part['part']}::INTEGER",
        "job_id": f"{job_id}::ENUM({job_id})",
        "checked_at": f"TIMESTAMP {_text(part['completed_at'].removesuffix('Z'))}",
    }


def _text(value: str | Path) -> str:
    """A text as it stands in SQL."""
    return "'" + str(value).replace("'", "''") + "'"
