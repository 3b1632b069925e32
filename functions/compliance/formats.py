"""What a file of IDs is, by its first bytes and its name, and where in it the IDs are: pure."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Literal, get_args

from compliance import columns, kinds
from compliance.errors import UnsupportedInput
from compliance.ids import BOM, read_id
from compliance.runs import JobType
from compliance.sources import GZIP_MAGIC, first_gunzipped
from compliance.zstd import first_unzstd

KindOfFile = Literal["lines", "csv", "tsv", "jsonl", "parquet"]
Packing = Literal["none", "gzip", "zstd"]

HEAD_BYTES = 256 << 10
"""How much of a file is looked at: twice the largest block of zstd, which gives nothing before it is whole."""

_SUFFIXES: dict[str, KindOfFile] = {
    ".txt": "lines",
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}
_PACKINGS: dict[str, Packing] = {".gz": "gzip", ".zst": "zstd"}
_DELIMITERS = {"csv": ",;\t|", "tsv": "\t"}

# zstd may begin with a frame to skip, as pzstd writes it [RFC 8878].
_ZSTD = re.compile(re.escape(kinds.ZSTD_MAGIC) + rb"|[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is read.

    ``column`` is, of ``csv`` and ``tsv``, the number of the column of IDs from 1; of ``parquet`` what was asked for,
    or None. ``delimiter``, ``has_header`` and ``may_quote`` are of ``csv`` and ``tsv`` alone.
    """

    kind: KindOfFile
    packing: Packing = "none"
    column: str | int | None = None
    delimiter: str = ""
    has_header: bool = False
    may_quote: bool = True

    def __post_init__(self) -> None:
        if self.kind not in get_args(KindOfFile) or self.packing not in get_args(Packing):
            raise ValueError(f"no such format: {self.kind}, {self.packing}")

    @property
    def is_splittable(self) -> bool:
        """Whether it can be cut at any newline into ranges that are read one by one.

        A packed file cannot, nor can a table that may have newlines within its quotes.
        """
        return self.packing == "none" and (self.kind in ("lines", "jsonl") or not self.may_quote)


def format_of(key: str, head: bytes, job_type: JobType, ask: Callable[[], str | None]) -> Format:
    """What the object ``key`` is that begins with ``head``: its first HEAD_BYTES, or all it has.

    ``job_type`` is the type of its IDs. ``ask`` tells the name of the column that holds them, or its number from 1; it
    is called for tables, as lists and posts have none.

    Raises UnsupportedInput when name and content contradict each other, when the content is of another kind, and when
    a table lacks the column or leaves open which it is.
    """
    kind, packing, text = _kind_and_beginning(key, head)
    if kind in ("lines", "jsonl"):
        return Format(kind, packing)
    column = (ask() or "").strip() or None
    if kind == "parquet":
        return Format(kind, packing, column)
    return _table(kind, packing, text, column, job_type)


def _kind_and_beginning(key: str, head: bytes) -> tuple[KindOfFile, Packing, bytes]:
    """Kind and packing, and what the file begins with once it is unpacked."""
    named, named_packing = _named(key)
    packing = _packing_of(head)
    if named_packing not in (None, packing):
        raise UnsupportedInput(
            f"The object's name says {named_packing}, but its content is not packed so: "
            "name it for what it is, or pack it again."
        )
    name = "The file" if packing == "none" else f"What the {packing} file holds"
    text = _beginning(head, packing)
    return _kind(name, named, packing, text), packing, text


def _named(key: str) -> tuple[KindOfFile | None, Packing | None]:
    name = key.rpartition("/")[2].lower()
    packing = next((packing for suffix, packing in _PACKINGS.items() if name.endswith(suffix)), None)
    if packing is not None:
        name = name.rpartition(".")[0]
    return next((kind for suffix, kind in _SUFFIXES.items() if name.endswith(suffix)), None), packing


def _packing_of(head: bytes) -> Packing:
    if head.startswith(GZIP_MAGIC):
        return "gzip"
    return "zstd" if _ZSTD.match(head) else "none"


def _beginning(head: bytes, packing: Packing) -> bytes:
    match packing:
        case "gzip":
            return first_gunzipped(head, HEAD_BYTES)
        case "zstd":
            return first_unzstd(head, HEAD_BYTES)
    return head


def _kind(name: str, named: KindOfFile | None, packing: Packing, text: bytes) -> KindOfFile:
    found = kinds.kind_of(text[: kinds.HEAD_BYTES])
    if found is None and named != "parquet":
        return named or "lines"
    if found is kinds.TABLE and named in ("csv", "tsv", None):
        return named or "csv"
    if found is kinds.PARQUET and named in ("parquet", None) and packing == "none":
        return "parquet"
    if found is kinds.JSON_LINES and named in ("jsonl", None):
        found = None if _has_object_in_a_line(text) else kinds.JSON_OF_MANY_LINES
        if found is None:
            return "jsonl"
    if found is None:
        raise UnsupportedInput(f"{name} is no Parquet file, though it is named so: name it for what it is.")
    raise UnsupportedInput(f"{name} is {found.name}. {found.remedy}")


def _has_object_in_a_line(text: bytes) -> bool:
    """Whether one of the lines is JSON by itself, or none can be seen to its end."""
    lines = text.removeprefix(BOM).split(b"\n")
    if len(text) >= HEAD_BYTES:
        lines.pop()
    return not lines or any(map(_is_object, lines))


def _is_object(line: bytes) -> bool:
    try:
        return line.lstrip().startswith(b"{") and isinstance(json.loads(line.decode(errors="replace")), dict)
    except (ValueError, RecursionError):
        return False


def _table(kind: KindOfFile, packing: Packing, text: bytes, asked: str | None, job_type: JobType) -> Format:
    content = text.removeprefix(BOM).decode(errors="replace")
    rows = {delimiter: _first_row(content, delimiter) for delimiter in _DELIMITERS[kind]}
    rows = {delimiter: row for delimiter, row in rows.items() if len(row) > 1}
    if not rows:
        return _only_column(kind, packing, _first_row(content, _DELIMITERS[kind][0]), asked, job_type)
    found = {}
    for delimiter, row in rows.items():
        index = (
            columns.by_number(len(row), asked) if columns.is_number(asked) else columns.by_name(row, asked, job_type)
        )
        if index is not None:
            found[delimiter] = index
    if len(found) > 1:
        found = {delimiter: index for delimiter, index in found.items() if _is_even(content, delimiter)}
    if len(found) == 1:
        ((delimiter, index),) = found.items()
        has_header = not columns.is_number(asked) or _is_header(rows[delimiter], index)
        return Format(kind, packing, index + 1, delimiter, has_header)
    if found:
        raise UnsupportedInput(f"It cannot be told what separates the columns. Use commas. {columns.HOW_TO_NAME}")
    if any(_is_id(cell) for row in rows.values() for cell in row):
        raise UnsupportedInput(f"The table has several columns and no header. {columns.HOW_TO_NAME}")
    raise columns.missing(max(map(len, rows.values())), asked, job_type)


def _only_column(kind: KindOfFile, packing: Packing, row: list[str], asked: str | None, job_type: JobType) -> Format:
    """A table of one column. It is a list, which can be cut, where its header is one that lists may have too."""
    name = "".join(row)
    if columns.is_number(asked):
        columns.by_number(1, asked)
    if not name or _is_id(name) or not name[:1].isalpha():
        return Format("lines", packing)
    if asked is not None and not columns.is_number(asked) and columns.by_name(row, asked, job_type) is None:
        raise columns.missing(1, asked, job_type)
    if columns.is_id_name(name):
        return Format("lines", packing)
    return Format(kind, packing, 1, _DELIMITERS[kind][0], has_header=True)


def _first_row(content: str, delimiter: str) -> list[str]:
    return next(_rows(content, delimiter), [])


def _rows(content: str, delimiter: str) -> Iterator[list[str]]:
    """The rows that are not blank, as far as they can be read."""
    try:
        yield from filter(None, csv.reader(StringIO(content, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return


def _is_even(content: str, delimiter: str) -> bool:
    """Whether all rows but the last one, which may be cut, have as many columns as the first."""
    widths = [len(row) for row in _rows(content, delimiter)]
    return len(set(widths[:-1] or widths)) == 1


def _is_header(row: list[str], index: int) -> bool:
    """Whether a row is no data: it has no ID, and a name where the others have theirs."""
    return row[index].strip()[:1].isalpha() and not any(map(_is_id, row))


def _is_id(cell: str) -> bool:
    return isinstance(read_id(cell.encode()), int)
