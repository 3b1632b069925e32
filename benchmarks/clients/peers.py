"""What else prepares a list, as one would write it. Arguments: NAME TARGET LIST...

Each takes a list, and writes its IDs, one on a line; those called ``distinct`` write each ID once. Each
list replaces the one before in the target.
"""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Peer = Callable[[Path, Path], None]

_BLOCK = 1 << 22
_MAX_ID = 2**63 - 1
_ID = "[1-9][0-9]{0,18}"
_AROUND = '" \r'


def _id_of(line: bytes) -> bytes:
    """The ID on a line, with a newline; nothing if there is none."""
    text = line.strip().strip(b'"')
    return text + b"\n" if text.isdigit() and 0 < int(text) <= _MAX_ID else b""


def _blocks(path: Path) -> Iterable[bytes]:
    """A file in blocks of whole lines."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block + file.readline()


def python_lines(source: Path, target: Path) -> None:
    """A loop over the lines."""
    with source.open("rb") as lines, target.open("wb") as out:
        for line in lines:
            out.write(_id_of(line))


def python_regex(source: Path, target: Path) -> None:
    """Runs of clean lines are found by a regular expression; the line behind each is looked at by itself."""
    clean = re.compile(rb"(?:[1-9][0-9]{0,17}+\n|[1-8][0-9]{18}\n)*+")
    with target.open("wb") as out:
        for block in _blocks(source):
            start = 0
            while start < len(block):
                match = clean.match(block, start)
                assert match is not None
                stop = block.find(b"\n", match.end()) + 1 or len(block)
                out.write(match[0])
                out.write(_id_of(block[match.end() : stop]))
                start = stop


def _numpy_ids(block: bytes) -> bytes:
    import numpy as np

    text = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    starts = np.concatenate(([0], ends[:-1] + 1))
    digits = np.add.reduceat((text >= ord("0")) & (text <= ord("9")), starts, dtype=np.int64)
    lengths = ends - starts
    first = text[starts]
    is_clean = (digits == lengths) & (lengths > 0) & (first > ord("0")) & (lengths <= 18 + (first < ord("9")))
    clean: bytes = text[np.repeat(is_clean, lengths + 1)].tobytes()
    odd = np.flatnonzero(~is_clean).tolist()
    return clean + b"".join(_id_of(block[starts[line] : ends[line]]) for line in odd)


def numpy(source: Path, target: Path) -> None:
    """Newlines and digits as arrays; the odd lines by themselves, behind the others of their block."""
    with target.open("wb") as out:
        for block in _blocks(source):
            out.write(_numpy_ids(block))


def numpy_distinct(source: Path, target: Path) -> None:
    """The same, sorted as numbers, where all have 19 digits."""
    import numpy as np

    powers = np.uint64(10) ** np.arange(18, -1, -1, dtype=np.uint64)
    lines = np.frombuffer(b"".join(map(_numpy_ids, _blocks(source))), np.uint8).reshape(-1, 20)
    numbers = np.unique((lines[:, :19] - np.uint8(ord("0"))).astype(np.uint64) @ powers)
    out = np.full((len(numbers), 20), ord("\n"), np.uint8)
    out[:, :19] = numbers[:, np.newaxis] // powers % np.uint64(10) + np.uint64(ord("0"))
    target.write_bytes(out.tobytes())


def pyarrow(source: Path, target: Path) -> None:
    """A table of one column, read and written in batches."""
    import pyarrow as pa
    from pyarrow import compute, csv

    options = csv.WriteOptions(include_header=False, quoting_style="none")
    with (
        csv.open_csv(
            source,
            csv.ReadOptions(column_names=["id"], use_threads=False),
            csv.ParseOptions(quote_char=False),
            csv.ConvertOptions(column_types={"id": pa.string()}),
        ) as batches,
        csv.CSVWriter(target, batches.schema, write_options=options) as out,
    ):
        for batch in batches:
            ids = compute.utf8_trim(batch["id"], _AROUND)
            out.write(pa.record_batch([ids.filter(compute.match_substring_regex(ids, f"^{_ID}$"))], ["id"]))


def _polars(source: Path, *, once: bool) -> Any:
    import polars as pl

    lines = pl.scan_csv(source, has_header=False, quote_char=None, schema={"id": pl.String}, separator="\t")
    ids = lines.select(pl.col("id").str.strip_chars(_AROUND)).filter(pl.col("id").str.contains(f"^{_ID}$"))
    return ids.unique() if once else ids


def polars(source: Path, target: Path) -> None:
    """A lazy frame, streamed."""
    _polars(source, once=False).sink_csv(target, include_header=False, quote_style="never")


def polars_distinct(source: Path, target: Path) -> None:
    """The same, unique."""
    _polars(source, once=True).sink_csv(target, include_header=False, quote_style="never")


def _duckdb(source: Path, target: Path, distinct: str) -> None:
    import duckdb

    duckdb.sql(
        f"""
        COPY (
            SELECT {distinct} id
            FROM (
                SELECT trim(line, '" ' || chr(13)) AS id
                FROM read_csv('{source}', columns = {{'line': 'VARCHAR'}}, header = false, delim = '\t', quote = '',
                              escape = '', strict_mode = false, auto_detect = false)
            )
            WHERE regexp_full_match(id, '{_ID}')
        ) TO '{target}' (FORMAT csv, HEADER false, QUOTE '', USE_TMP_FILE false)
        """
    )


def duckdb(source: Path, target: Path) -> None:
    """SQL."""
    _duckdb(source, target, "")


def duckdb_distinct(source: Path, target: Path) -> None:
    """The same, DISTINCT."""
    _duckdb(source, target, "DISTINCT")


PEERS: dict[str, Peer] = {
    peer.__name__: peer
    for peer in (
        python_lines, python_regex, numpy, numpy_distinct, pyarrow, polars, polars_distinct, duckdb, duckdb_distinct,
    )
}  # fmt: skip


def main() -> None:
    """Prepares each list."""
    peer = PEERS[sys.argv[1]]
    target, *lists = map(Path, sys.argv[2:])
    for path in lists:
        peer(path, target)


if __name__ == "__main__":
    main()
