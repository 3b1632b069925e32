"""What turns an answer of X into Parquet. Arguments: NAME ANSWER TARGET.

``ours`` is what the function Write Results does between S3 and S3. The others are as one would write them: they take
each line for a record, and keep nothing of a line that is none.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

COLUMNS = ("id", "action", "reason", "created_at", "redacted_at")
TIMES = COLUMNS[3:]
_BLOCK = 1 << 20


def _blocks(answer: Path) -> Iterator[bytes]:
    with answer.open("rb") as file:
        yield from iter(lambda: file.read(_BLOCK), b"")


def ours(answer: Path, target: Path) -> None:
    """Every record, counted, the odd ones with their line. Writes a file for each 120,000 of them, and without S3."""

    def keep(key: str, file: Path) -> None:
        shutil.copyfile(file, target / key.rpartition("/")[2])

    target.mkdir()
    sys.modules["adapters.objects"] = cast(Any, SimpleNamespace(write_file=keep))
    from adapters.results_table import write_results_table

    part: Any = {
        "run_id": "tweets-0123456789abcdef",
        "type": "tweets",
        "part": 1,
        "job_id": "1990000000000000000",
        "checked_on": "2026-11-25",
        "completed_at": "2026-11-25T12:00:00.000Z",
    }
    print(json.dumps(write_results_table(part, _blocks(answer))))


def python_lines(answer: Path, target: Path) -> None:
    """json, a line at a time, and pyarrow."""
    import pyarrow as pa
    from pyarrow import parquet

    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    with answer.open("rb") as lines:
        for line in lines:
            if line.strip():
                record = json.loads(line)
                for name, values in columns.items():
                    values.append(record.get(name))
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    parquet.write_table(table, target, compression="zstd")


def pyarrow(answer: Path, target: Path) -> None:
    """Its reader of JSON."""
    import pyarrow as pa
    from pyarrow import json as pa_json
    from pyarrow import parquet

    types = {name: pa.timestamp("ms") if name in TIMES else pa.string() for name in COLUMNS}
    options = pa_json.ParseOptions(explicit_schema=pa.schema(types), unexpected_field_behavior="ignore")
    parquet.write_table(pa_json.read_json(answer, parse_options=options), target, compression="zstd")


def polars(answer: Path, target: Path) -> None:
    """A lazy frame, streamed; times stay texts."""
    import polars as pl

    pl.scan_ndjson(answer, schema=dict.fromkeys(COLUMNS, pl.String)).sink_parquet(target, compression="zstd")


def duckdb(answer: Path, target: Path) -> None:
    """SQL."""
    import duckdb as db

    types = {name: "TIMESTAMP" if name in TIMES else "VARCHAR" for name in COLUMNS}
    with db.connect(config={"threads": 2}) as connection:
        rows = connection.read_json(str(answer), columns=types, format="newline_delimited")
        rows.write_parquet(str(target), compression="zstd")


TABULATORS: dict[str, Callable[[Path, Path], None]] = {
    each.__name__: each for each in (ours, duckdb, polars, pyarrow, python_lines)
}


def main() -> None:
    """Writes one table."""
    TABULATORS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))


if __name__ == "__main__":
    main()
