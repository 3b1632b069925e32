"""Tells from a file's first bytes what it is when it is no list of IDs: pure, and certain or silent."""

import csv
import re
from dataclasses import dataclass

from compliance.ids import BOM, read_id
from compliance.sources import GZIP_MAGIC

HEAD_BYTES = 4096
"""How much of a file is looked at."""

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is, as its owner would call it, and what its owner does about it."""

    name: str
    remedy: str


_EXPORT = "Export the column of IDs as CSV, or as a text file with one ID per line, and drop that."
_UNPACK = "Unpack it and drop what is in it; of packed files only gzip and zstd are read, packed once."
_SAVE = "Save it as UTF-8 and drop it again."
_TAKE_IDS = "Drop a text file that holds only the IDs, one per line."
_ONE_A_LINE = "Write one object on each line, as `jq -c` does, name it .jsonl and drop that."

_HTML = Kind("a web page or XML, often an error page saved in place of a file", "Get the file itself and drop that.")
JSON_ARRAY = Kind("a JSON array", "Name it .json and drop it again.")
JSON_OF_MANY_LINES = Kind("JSON with an object over several lines", _ONE_A_LINE)
JSON_WITH_COMMAS = Kind(
    "JSON lines with a comma after each object",
    "Remove the commas, or put all of it between [ and ] and name it .json.",
)
_ARCHIVE = Kind("JavaScript from the archive that X gives to a user", _TAKE_IDS)
_OFFICE = Kind("an Office document, such as an Excel workbook", _EXPORT)
_UTF_16 = Kind("text in UTF-16", _SAVE)
_UTF_32 = Kind("text in UTF-32", _SAVE)

JSON_LINES = Kind("JSON", "Name it .jsonl, with one object on each line, and drop it again.")
TABLE = Kind("a table of several columns", "Name it .csv or .tsv, so that its column of IDs is read.")
PARQUET = Kind("a Parquet file", "Name it .parquet, unpacked, and drop it again.")
"""These are read when they are named for what they are."""

SEPARATORS_BEHIND = Kind("a list with a separator behind each ID", "Remove the separators.")
_THOUSANDS = Kind("a list of numbers with separators in them", "Write plain digits, one ID per line.")
_IDS_IN_ROWS = Kind("a list with several IDs on a line", "Write one ID per line.")
_LONE_CR = Kind(
    "text whose lines end as on old Macs, in a carriage return alone",
    "Save it with Unix or Windows line endings and drop it again.",
)

_MAGIC = (
    (b"%PDF-", Kind("a PDF document", _TAKE_IDS)),
    (PARQUET_MAGIC, PARQUET),
    (b"PARE", Kind("an encrypted Parquet file", _EXPORT)),
    (b"Obj\x01", Kind("an Avro file", _EXPORT)),
    (b"ARROW1\x00\x00", Kind("an Arrow file", _EXPORT)),
    (b"SQLite format 3\x00", Kind("an SQLite database", _EXPORT)),
    (b"{\\rtf", Kind("a rich-text document", "Save it as plain text and drop it again.")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind("an old Excel workbook or Word document", _EXPORT)),
    (ZSTD_MAGIC, Kind("a zstd file", _UNPACK)),
    (b"\xfd7zXZ\x00", Kind("an xz file", _UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", Kind("a 7z file", _UNPACK)),
    (b"\x04\x22\x4d\x18", Kind("an lz4 file", _UNPACK)),
    (GZIP_MAGIC, Kind("a gzip file, packed twice", "Unpack it once and drop it again.")),
    # UTF-32 before UTF-16: the one's mark begins as the other's.
    (b"\xff\xfe\x00\x00", _UTF_32),
    (b"\x00\x00\xfe\xff", _UTF_32),
    (b"\xff\xfe", _UTF_16),
    (b"\xfe\xff", _UTF_16),
)

_PATTERNS = (
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)"), Kind("a bzip2 file", _UNPACK)),
    (re.compile(rb"PK\x03\x04.*?(?:\[Content_Types\]\.xml|xl/)", re.DOTALL), _OFFICE),
    (re.compile(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)"), Kind("a ZIP file", _UNPACK)),
    (re.compile(rb".{257}ustar", re.DOTALL), Kind("a tar archive", _UNPACK)),
    (re.compile(rb"ORC(?=.{0,60}[\x00-\x08\x0e-\x1f])", re.DOTALL), Kind("an ORC file", _EXPORT)),
    # Without a mark: a character of Latin-1 is every second or fourth byte, and all others are zero.
    (re.compile(rb"(?:[^\x00]\x00{3}){2,}+.{0,3}\Z", re.DOTALL), _UTF_32),
    (re.compile(rb"(?:\x00{3}[^\x00]){2,}+.{0,3}\Z", re.DOTALL), _UTF_32),
    (re.compile(rb"(?:[^\x00]\x00){2,}+.?\Z", re.DOTALL), _UTF_16),
    (re.compile(rb"(?:\x00[^\x00]){2,}+.?\Z", re.DOTALL), _UTF_16),
)

_MARKUP = re.compile(rb"<(?:!doctype|\?xml|html|head|body|script|error)\b|<!--", re.IGNORECASE)
_TEXTS = (
    (_MARKUP, _HTML),
    (re.compile(rb"""window\.YTD\.\S+\s*=\s*[\[{]"""), _ARCHIVE),
    (re.compile(rb"""\{\s*["}]"""), JSON_LINES),
    (re.compile(rb"""\[\s*(?:["{\[\]]|-?[0-9])"""), JSON_ARRAY),
)

_LINE_END = re.compile(r"\r\n|\n|\r")
_BETWEEN_IDS = re.compile(r"[\s,;|]+")
_GROUPED = re.compile(r"""["']?[1-9][0-9]{0,2}(?:([,. '’\u00a0\u202f_])[0-9]{3})(?:\1[0-9]{3})*["']?""")
_GROUPED_ID = 12
"""Characters of a number with separators that is no row of a table of small numbers."""

_MANY_COLUMNS = 4
"""So many columns of nothing but IDs are no table: a row of it has a text, a time or a count."""

_LONG_ID = 5
"""Digits of an ID at least, as nothing else has so many in column after column."""


def kind_of(head: bytes) -> Kind | None:
    """What a file is that begins so; None for a text with a line for each ID, and for what is not known for certain.

    Lines of a text that are no IDs do not make it another kind: they are rejected one by one.
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    for pattern, kind in _PATTERNS:
        if pattern.match(head):
            return kind
    text = head.removeprefix(BOM).lstrip()
    for pattern, kind in _TEXTS:
        if pattern.match(text):
            return kind
    return _kind_of_text(text, is_whole=len(head) < HEAD_BYTES)


def _kind_of_text(text: bytes, *, is_whole: bool) -> Kind | None:
    """A text without surrounding blanks at its beginning. Its last line may be cut unless it ``is_whole``."""
    lines = _LINE_END.split(text.decode(errors="replace"))
    if not is_whole and len(lines) == 1:
        lines = [_BETWEEN_IDS.sub(" ", lines[0]).rpartition(" ")[0]]
    elif not is_whole:
        lines.pop()
    lines = [line for line in lines if line.strip()]
    if _are_grouped(lines):
        return _THOUSANDS
    if _are_rows_of_ids(lines):
        return _IDS_IN_ROWS
    if any(_is_id(line) for line in lines):
        return _LONE_CR if len(lines) > 1 and b"\n" not in text else None
    return TABLE if any(_is_table(lines, delimiter, is_whole) for delimiter in ",;\t|") else None


def has_separators_behind(text: bytes) -> bool:
    """Return whether each line of a text, but for the last one, is an ID with a comma, semicolon or bar behind it."""
    lines = [line.strip() for line in text.removeprefix(BOM).decode(errors="replace").splitlines() if line.strip()][:-1]
    return bool(lines) and all(line[-1] in ",;|" and _is_id(line[:-1]) for line in lines)


def _are_grouped(lines: list[str]) -> bool:
    """Whether all lines, but for a header, are numbers with a separator before every third digit."""
    texts = [line.strip() for line in lines]
    numbers = texts if texts and _GROUPED.fullmatch(texts[0]) else texts[1:]
    return any(len(text) >= _GROUPED_ID for text in numbers) and all(map(_GROUPED.fullmatch, numbers))


def _are_rows_of_ids(lines: list[str]) -> bool:
    """Whether each line holds several IDs, though the last may hold the one that was left, and they are no columns."""
    rows = [_BETWEEN_IDS.split(line.strip(" \t,;|")) for line in lines]
    if not rows or any(len(row) == 1 for row in rows[:-1]) or not all(_is_id(cell) for row in rows for cell in row):
        return False
    widths = {len(row) for row in rows}
    if len(rows) == 1 or len(widths) > 1 or not any(mark in lines[0].strip() for mark in ",;|\t"):
        return max(widths) > 1
    return widths.pop() >= _MANY_COLUMNS and all(len(cell) >= _LONG_ID for row in rows for cell in row)


def _is_id(text: str) -> bool:
    return isinstance(read_id(text.encode()), int)


def _is_table(lines: list[str], delimiter: str, is_whole: bool) -> bool:
    """Whether all rows have the same number of columns, at least two, and an ID stands in each row but the first.

    A single row is a table when it is nothing but IDs.
    """
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return False
    # The last cell may be the beginning of a text of several lines.
    if not is_whole and len(rows) > 2:
        rows.pop()
    if not rows or len({len(row) for row in rows}) > 1 or len(rows[0]) == 1:
        return False
    has_id = [[_is_id(cell) for cell in row] for row in rows]
    return all(map(any, has_id[1:])) if len(rows) > 1 else all(has_id[0])
