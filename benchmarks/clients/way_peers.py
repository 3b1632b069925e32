"""Read the distinct IDs of a file with polars or DuckDB. Arguments: polars|duckdb FILE

Prints the seconds of CPU that it took, without the start.
"""

import sys
import time
from pathlib import Path
from typing import Any

_ID = "[1-9][0-9]{0,18}"
_AROUND = '" \r'


def _polars(path: Path, target: Path) -> None:
    import polars as pl

    frame: Any
    if path.suffix == ".txt":
        frame = pl.scan_csv(path, has_header=False, quote_char=None, schema={"id": pl.String}, separator="\t")
    elif path.suffix == ".jsonl":
        frame = pl.scan_ndjson(path, schema={"id": pl.String})
    elif path.suffix == ".parquet":
        frame = pl.scan_parquet(path)
    else:
        frame = pl.scan_csv(path, infer_schema=False)
    ids = frame.select(pl.col("id").cast(pl.String).str.strip_chars(_AROUND))
    ids.filter(pl.col("id").str.contains(f"^{_ID}$")).unique().sink_csv(target, include_header=False)


def _duckdb(path: Path, target: Path) -> None:
    import duckdb

    read = {
        ".txt": f"read_csv('{path}', columns = {{'id': 'VARCHAR'}}, header = false, delim = '\t', quote = '', "
        "escape = '', strict_mode = false, auto_detect = false)",
        ".jsonl": f"read_json('{path}', format = 'newline_delimited', columns = {{'id': 'VARCHAR'}})",
        ".parquet": f"read_parquet('{path}')",
    }.get(path.suffix, f"read_csv('{path}', header = true, all_varchar = true)")
    duckdb.execute("SET threads = 1")
    duckdb.execute(
        f"COPY (SELECT DISTINCT trim(id::VARCHAR, '{_AROUND}') AS id FROM {read} "
        f"WHERE regexp_full_match(trim(id::VARCHAR, '{_AROUND}'), '{_ID}')) "
        f"TO '{target}' (FORMAT csv, HEADER false, USE_TMP_FILE false)"
    )


def main() -> None:
    """Reads the file."""
    peer, path, target = {"polars": _polars, "duckdb": _duckdb}[sys.argv[1]], Path(sys.argv[2]), Path("/dev/null")
    began = time.process_time()
    peer(path, target)
    print(time.process_time() - began)


if __name__ == "__main__":
    main()
