"""CSV and TSV: one column of each row."""

import csv
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from itertools import chain

from compliance.errors import UnsupportedInput
from compliance.ids import MAX_LINE, read_id
from compliance.readers.texts import lines_of

MAX_ROW = 4 << 20
"""Characters of a row at most. A field of it has 131,072 at most, which is Python's own limit."""

_BATCH = 8192

_END_OF_LINE = re.compile(r"\r\n|\n|\r")
_HIDDEN_DIGITS = 5
"""A line of a text may well begin with a shorter number."""


@dataclass
class Table:
    """Reads a table of which the column with the number ``column``, from 1, holds the IDs.

    ``may_quote`` is false for a range of a longer table: with quotes, it could begin within a text of several lines.
    """

    column: int
    delimiter: str
    has_header: bool
    may_quote: bool = True
    _rows: int = field(default=0, init=False)
    _width: int = field(default=0, init=False)

    def lines(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yields the column's fields, a line for each row but the header.

        Quotes are as RFC 4180 has them. A blank row gives a blank line, and so does an empty field. A row with more or
        fewer fields than the first gives a line that says so, as nothing tells which of them is the ID. Text that is
        not UTF-8 does no harm outside the column.

        Raises UnsupportedInput for quotes that are not closed as they should be, for rows that look as if they stood
        within quotes, and for a row without an end: any number of rows could hide in what follows.
        """
        found: list[str] = []
        reader = csv.reader(chain.from_iterable(self._text(blocks)), delimiter=self.delimiter, strict=True)
        ended = 0
        try:
            for row in reader:
                self._rows += 1
                ended += 1
                if reader.line_num != ended:
                    ended = reader.line_num
                    self._refuse_hidden_rows(row)
                if row and len(row) == self._width:
                    found.append(row[self.column - 1][: MAX_LINE + 1])
                    if len(found) >= _BATCH:
                        yield lines_of(found)
                        found.clear()
                else:
                    found.extend(self._odd(row))
        except csv.Error as error:
            raise UnsupportedInput(
                f"Row {self._rows + 1} of the table cannot be read ({error}). See whether its quotes are closed, and "
                "doubled within a quoted field."
            ) from None
        del reader  # it keeps four times the longest field
        yield lines_of(found)

    def _odd(self, row: list[str]) -> list[str]:
        """What becomes of a row that is the first, blank, or not like the others."""
        if not row:
            return [""]
        if self._width:
            return [f"a row of {len(row)} fields, where the first has {self._width}"]
        self._width = len(row)
        if self.column > self._width:
            raise UnsupportedInput(f"The table has {self._width} columns: there is no column {self.column}.")
        return [] if self.has_header else [row[self.column - 1][: MAX_LINE + 1]]

    def _refuse_hidden_rows(self, row: list[str]) -> None:
        """A row over several lines has a text of as many, or a stray quote in it has swallowed rows up to the next."""
        width, place = self._width or len(row), self.column - 1
        own = row[place] if place < len(row) else ""
        for line in _END_OF_LINE.split(self.delimiter.join(row)):
            fields = line.split(self.delimiter)
            if len(fields) == width > place and fields[place] != own and _looks_like(fields[place], own):
                raise UnsupportedInput(
                    f"Row {self._rows} of the table holds other rows within its quotes. Put each text that has quotes "
                    "in quotes, with its own doubled, as CSV asks for; or write the column of IDs alone."
                )

    def _text(self, blocks: Iterator[bytes]) -> Iterator[list[str]]:
        """The lines with their ends, block by block; the end of a line is CRLF, LF or CR."""
        decoder = getincrementaldecoder("utf-8-sig")("replace")
        rest, unended, rows = "", 0, 0
        for block in chain(blocks, [None]):
            if not self.may_quote and b'"' in (block or b""):
                raise UnsupportedInput(
                    "So long a table is read in ranges, which quotes do not allow, as newlines may stand within them: "
                    "write the column of IDs alone, or Parquet, or several files into a folder of datasets/."
                )
            if rows != self._rows:
                unended, rows = 0, self._rows
            text = rest + decoder.decode(block or b"", final=block is None)
            lines = StringIO(text, newline="").readlines()
            rest = lines.pop() if lines and block is not None and not lines[-1].endswith("\n") else ""
            if unended + len(rest) > MAX_ROW:
                raise UnsupportedInput(f"Row {rows + 1} of the table is longer than {MAX_ROW >> 20} MiB.")
            unended += len(text) - len(rest)
            yield lines


def _looks_like(text: str, own: str) -> bool:
    """Whether a text is an ID, and no shorter than a row's own, or long enough to be none of a text's numbers."""
    digits = min(_HIDDEN_DIGITS, len(own) or _HIDDEN_DIGITS)
    return len(text) >= digits and isinstance(read_id(text.encode(errors="replace")), int)
