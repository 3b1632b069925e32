"""The format of a file of IDs, by its first bytes and its name, and where in it the IDs are: pure."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from itertools import islice
from typing import Literal, get_args

from compliance import columns, kinds
from compliance.errors import UnsupportedInput
from compliance.ids import BOM, read_id
from compliance.runs import JobType
from compliance.sources import GZIP_MAGIC, first_gunzipped
from compliance.zstd import first_unzstd

KindOfFile = Literal["lines", "csv", "tsv", "jsonl", "json", "parquet"]
"""``jsonl`` has an object on each line, ``json`` is one array."""
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
_DELIMITERS = {"csv": ",;\t|", "tsv": "\t;|,"}
_SEP = re.compile(rb"""(?:\xef\xbb\xbf)?"?sep=([^\w\s"]|\t)"?,*\r?\n""", re.IGNORECASE)
"""The line in which Excel is told what separates the columns."""

_MOST_ROWS = 1000
"""Rows at the beginning of a table that are looked at."""

_LONG_ID = 5
"""Digits of what looks like an ID in a column next to IDs."""

# zstd may begin with a frame to skip, as pzstd writes it [RFC 8878].
_ZSTD = re.compile(re.escape(kinds.ZSTD_MAGIC) + rb"|[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is read.

    ``column`` is, of ``csv`` and ``tsv``, the number of the column of IDs from 1; of ``parquet``, ``jsonl`` and
    ``json`` what was asked for, or None. ``delimiter``, ``has_header``, ``may_quote``, ``preamble``, the bytes before
    the first row, and ``width``, the number of columns, are of ``csv`` and ``tsv`` alone. ``warnings`` are for the
    file's owner; ``intact`` says where the IDs stand unrounded, if it is known. ``reads_embedded`` says whether the IDs
    of posts and users that are stored within others are read, too; only JSON has any.
    """

    kind: KindOfFile
    packing: Packing = "none"
    column: str | int | None = None
    delimiter: str = ""
    has_header: bool = False
    may_quote: bool = True
    preamble: int = 0
    width: int = field(default=0, compare=False)
    warnings: tuple[str, ...] = ()
    intact: str = ""
    reads_embedded: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in get_args(KindOfFile) or self.packing not in get_args(Packing):
            raise ValueError(f"no such format: {self.kind}, {self.packing}")

    @property
    def is_splittable(self) -> bool:
        """Whether it can be cut at any newline into ranges that are read one by one.

        A packed file cannot, nor can a JSON array, nor a table that may have newlines within its quotes.
        """
        return self.packing == "none" and (self.kind in ("lines", "jsonl") or not self.may_quote)


def format_of(
    key: str, head: bytes, job_type: JobType, ask: Callable[[], str | None], default: str | None = None
) -> Format:
    """Return the format of the object ``key`` that begins with ``head``: its first HEAD_BYTES, or all it has.

    ``job_type`` is the type of its IDs. ``ask`` tells the name of the column or field that holds them, or its number
    from 1; ``default`` is the one for tables about which it says nothing.

    Raises UnsupportedInput when name and content contradict each other, when the content is of another kind, and when
    a table or a list lacks the column or leaves open which it is.
    """
    kind, packing, text = _kind_and_beginning(key, head)
    asked = (ask() or "").strip() or None
    match kind:
        case "lines":
            return _list(packing, _first_line(text), asked, job_type, is_table=False)
        case "jsonl" | "json":
            if columns.is_number(asked):
                raise UnsupportedInput("JSON has fields, not numbered columns: name the field that holds the IDs.")
            return Format(kind, packing, asked)
    asked = asked or (default or "").strip() or None
    if kind == "parquet":
        return Format(kind, packing, asked)
    return _table(kind, packing, text, asked, job_type)


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
    text = beginning(head, packing)
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


def beginning(head: bytes, packing: Packing) -> bytes:
    """Return what a file that begins with ``head`` begins with once it is unpacked."""
    match packing:
        case "gzip":
            return first_gunzipped(head, HEAD_BYTES)
        case "zstd":
            return first_unzstd(head, HEAD_BYTES)
    return head


def _kind(name: str, named: KindOfFile | None, packing: Packing, text: bytes) -> KindOfFile:
    declared = _SEP.match(text)
    rows = text[declared.end() :] if declared else text
    found = kinds.kind_of(rows[: kinds.HEAD_BYTES])
    if found is None and named != "parquet":
        return named or ("csv" if declared else "lines")
    if found is kinds.TABLE and named in ("csv", "tsv", None):
        return named or "csv"
    if found is kinds.PARQUET and named in ("parquet", None) and packing == "none":
        return "parquet"
    if found is kinds.JSON_ARRAY and named in ("jsonl", None):
        return "json"
    if found is kinds.JSON_LINES and named in ("jsonl", None):
        found = _trouble_of_objects(text)
        if found is None:
            return "jsonl"
    if found is kinds.TABLE and kinds.has_separators_behind(text):
        found = kinds.SEPARATORS_BEHIND
    if found is None:
        raise UnsupportedInput(f"{name} is no Parquet file, though it is named so: name it for what it is.")
    raise UnsupportedInput(f"{name} is {found.name}. {found.remedy}")


def _trouble_of_objects(text: bytes) -> kinds.Kind | None:
    """What is wrong with JSON of which no line is an object; None if one is, or none can be seen to its end."""
    lines = text.removeprefix(BOM).split(b"\n")
    if len(text) >= HEAD_BYTES:
        lines.pop()
    if not lines or any(map(_is_object, lines)):
        return None
    has_commas = any(line.rstrip().endswith(b",") and _is_object(line.rstrip()[:-1]) for line in lines)
    return kinds.JSON_WITH_COMMAS if has_commas else kinds.JSON_OF_MANY_LINES


def _is_object(line: bytes) -> bool:
    try:
        return line.lstrip().startswith(b"{") and isinstance(json.loads(line.decode(errors="replace")), dict)
    except (ValueError, RecursionError):
        return False


def _list(packing: Packing, first: str, asked: str | None, job_type: JobType, *, is_table: bool) -> Format:
    """A file of one column, whose first line with text is ``first``: a list, unless its header is odd.

    Text that is no name, such as a comment, is left to be rejected as a line. So is a title, if the file is no table.
    """
    if not columns.looks_like_name(first):
        if columns.is_number(asked) and isinstance(why := columns.column_of([first], asked, job_type), str):
            raise UnsupportedInput(f"{why} {columns.HOW_TO_NAME}")
        return Format("lines", packing)
    choice = columns.column_of([first], asked, job_type)
    if choice == 0:
        is_usual = columns.is_header(first.encode())
        if is_usual:
            return Format("lines", packing)
        return Format("csv", packing, 1, ",", has_header=True, width=1)
    if (
        asked is None
        and not is_table
        and not columns.is_header(first.encode())
        and not columns.looks_like_id_name(first)
    ):
        return Format("lines", packing)
    raise columns.refusal(str(choice), [first])


def _first_line(text: bytes) -> str:
    """The first line that is not blank, as far as a name of a column may go, without quotes around it."""
    line = next((line for line in text.removeprefix(BOM).splitlines() if line.strip()), b"")
    return columns.unquoted(line[: columns.MAX_HEADER + 1].decode(errors="replace"))


def header_of(form: Format, head: bytes) -> list[str]:
    """Return the names of the columns of a CSV or TSV file that begins with ``head``; none if it has no header."""
    if not form.has_header:
        return []
    text = beginning(head, form.packing)[form.preamble :].removeprefix(BOM)
    return _first_row(text.decode(errors="replace"), form.delimiter)


def _table(kind: KindOfFile, packing: Packing, text: bytes, asked: str | None, job_type: JobType) -> Format:
    declared = _SEP.match(text)
    preamble = declared.end() if declared else 0
    content = text[preamble:].removeprefix(BOM).decode(errors="replace")
    delimiters = declared[1].decode() if declared else _DELIMITERS[kind]
    heads = {delimiter: _first_row(content, delimiter) for delimiter in delimiters}
    wide = {delimiter: row for delimiter, row in heads.items() if len(row) > 1}
    if not wide:
        row = heads[delimiters[0]]
        _refuse_mixed(content, _DELIMITERS[kind])
        first = "".join(row).strip()
        found = _list(packing, first, asked, job_type, is_table=True)
        if not preamble:
            return found
        return Format(kind, packing, 1, delimiters[0], columns.looks_like_name(first), preamble=preamble, width=1)
    delimiter = _delimiter(content, wide, asked, job_type)
    if {len(row) for row in _below(content, delimiter)} == {1}:
        _refuse_mixed(content, _DELIMITERS[kind].replace(delimiter, ""))
    row = wide[delimiter]
    choice = columns.column_of(row, asked, job_type)
    if isinstance(choice, str):
        if any(map(_is_id, row)) and not columns.is_number(asked):
            raise UnsupportedInput(
                f"The table has several columns and no header. If each line holds several IDs, write one ID per line. "
                f"Otherwise: {columns.HOW_TO_NAME}"
            )
        raise columns.refusal(choice, row)
    is_numbered = columns.is_number(asked)
    return Format(
        kind,
        packing,
        choice + 1,
        delimiter,
        has_header=not is_numbered or _is_header(row, choice),
        preamble=preamble,
        width=len(row),
        warnings=_other_ids(content, delimiter, choice) if is_numbered else (),
    )


def _delimiter(content: str, heads: Mapping[str, list[str]], asked: str | None, job_type: JobType) -> str:
    """What separates the columns: of what could, by the first row, what cuts all rows alike, and finds the column."""
    found = list(heads)
    if len(found) > 1:
        found = [each for each in found if _is_even(content, each)] or found
    if len(found) > 1:
        found = [each for each in found if isinstance(columns.column_of(heads[each], asked, job_type), int)] or found
    if len(found) > 1:
        raise UnsupportedInput(
            "It cannot be told what separates the columns. Separate them with commas, or say it in a first line such "
            f"as sep=; {columns.HOW_TO_NAME}"
        )
    return found[0]


def _refuse_mixed(content: str, delimiters: str) -> None:
    """Refuses a table whose rows are separated by one of the ``delimiters``, as its header is not."""
    for delimiter in delimiters:
        rows = _below(content, delimiter)
        widths = {len(row) for row in rows}
        if len(widths) == 1 and widths.pop() > 1 and any(map(_is_id, rows[0])):
            raise UnsupportedInput(
                "The table mixes separators: its rows are not separated as its header is. Use the same everywhere."
            )


def _below(content: str, delimiter: str) -> list[list[str]]:
    """The rows at the beginning of a table but for the first."""
    return list(islice(rows_of(content, delimiter), 1, _MOST_ROWS))


def _other_ids(content: str, delimiter: str, chosen: int) -> tuple[str, ...]:
    """A warning if other columns hold what looks like IDs of the same kind as the column that was chosen by number."""
    rows = list(islice(rows_of(content, delimiter), _MOST_ROWS))
    digits = [_id_digits([row[index] for row in rows if index < len(row)]) for index in range(len(rows[0]))]
    least = max(_LONG_ID, digits[chosen] - 1)
    others = [str(index + 1) for index, each in enumerate(digits) if each >= least and index != chosen]
    if not others:
        return ()
    which = f"column {others[0]} also holds" if len(others) == 1 else f"columns {', '.join(others[:10])} also hold"
    return (
        f"Only column {chosen + 1} is read, as asked, but {which} what looks like IDs. "
        "If each row holds several IDs to check, write one ID per line.",
    )


def _id_digits(cells: list[str]) -> int:
    """How long the IDs of a column are, half of them at least; 0 unless nearly all cells are IDs. One is the header."""
    ids = sorted(len(cell.strip()) for cell in cells if _is_id(cell))
    filled = sum(1 for cell in cells if cell.strip())
    return ids[len(ids) // 2] if ids and len(ids) >= max(0.9 * filled, filled - 1) else 0


def _first_row(content: str, delimiter: str) -> list[str]:
    return next(rows_of(content, delimiter), [])


def rows_of(content: str, delimiter: str) -> Iterator[list[str]]:
    """The rows that are not blank, as far as they can be read."""
    try:
        yield from filter(None, csv.reader(StringIO(content, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return


def _is_even(content: str, delimiter: str) -> bool:
    """Whether all rows but the last one, which may be cut, have as many columns as the first."""
    widths = [len(row) for row in islice(rows_of(content, delimiter), _MOST_ROWS)]
    return len(set(widths[:-1] if len(widths) > 2 else widths)) == 1


def _is_header(row: list[str], index: int) -> bool:
    """Whether a row is no data: it has no ID, and a name where the others have theirs."""
    return row[index].strip()[:1].isalpha() and not any(map(_is_id, row))


def _is_id(cell: str) -> bool:
    return isinstance(read_id(cell.encode()), int)
