"""Writes result records as Parquet: typed, compressed, and read by Athena a column at a time."""

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

import duckdb

from compliance.results import ResultRecord
from compliance.runs import Part

_COLUMNS = {
    "id": "VARCHAR",
    "action": "VARCHAR",
    "reason": "VARCHAR",
    "created_at": "TIMESTAMP",
    "redacted_at": "TIMESTAMP",
    "error": "VARCHAR",
    "run_id": "VARCHAR",
    "part": "INTEGER",
    "job_id": "VARCHAR",
    "checked_at": "TIMESTAMP",
    "raw": "VARCHAR",
}
_MAX_LINE = 64 << 20


def write_parquet(target: Path, part: Part, records: Iterable[ResultRecord]) -> None:
    """Writes the records of a part to a file, in the columns of the ``results`` table; times are UTC."""
    about = {"run_id": part["run_id"], "part": part["part"], "job_id": part["job_id"]}
    about["checked_at"] = part["completed_at"].removesuffix("Z")
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson", dir=target.parent) as lines:
        for record in records:
            row = {
                "id": record.id,
                "action": record.action,
                "reason": record.reason,
                "created_at": record.created_at and record.created_at.replace(tzinfo=None).isoformat(),
                "redacted_at": record.redacted_at and record.redacted_at.replace(tzinfo=None).isoformat(),
                "error": record.error,
                "raw": record.raw,
                **about,
            }
            lines.write(json.dumps(row) + "\n")
        lines.flush()
        with duckdb.connect(config={"threads": 2}) as connection:
            rows = connection.read_json(
                lines.name, columns=_COLUMNS, format="newline_delimited", maximum_object_size=_MAX_LINE
            )
            rows.write_parquet(str(target), compression="zstd")
