"""CSV and TSV: one column of each row."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO

import numpy as np

from compliance.errors import UnsupportedInput
from compliance.ids import BOM, read_id
from compliance.lines import SHORT
from compliance.readers.grid import LONGEST, Grid, lines_between
from compliance.readers.texts import cut, lines_of

MAX_ROW = 4 << 20
"""Bytes of a row at most. A field of it has 131,072 characters at most, which is Python's own limit."""

_BATCH = 8192

_END_OF_LINE = re.compile(r"\r\n|\n|\r")
_HIDDEN_DIGITS = 5
"""A line of a text may well begin with a shorter number. Where nearly all such texts look like rows, they are."""


@dataclass
class Table:
    """Reads a table of which the column with the number ``column``, from 1, holds the IDs.

    ``may_quote`` is false for a range of a longer table: with quotes, it could begin within a text of several lines.
    ``width`` is the number of columns, by the table's first row; 0 if that has yet to be read.
    """

    column: int
    delimiter: str
    has_header: bool
    may_quote: bool = True
    width: int = 0
    _rows: int = field(default=0, init=False)
    _tall: int = field(default=0, init=False)
    _doubtful: int = field(default=0, init=False)
    _doubtful_row: int = field(default=0, init=False)

    def lines(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yields the column's fields, a line for each row but the header.

        Quotes are as RFC 4180 has them. A blank row gives a blank line, and so does an empty field. A row with more or
        fewer fields than the first gives a line that says so, as nothing tells which of them is the ID. Text that is
        not UTF-8 does no harm outside the column.

        Raises UnsupportedInput for quotes that are not closed as they should be, for rows that look as if they stood
        within quotes, and for a row without an end: any number of rows could hide in what follows.
        """
        source = _Source(self._checked(blocks))
        while source.fill():
            grid = Grid.of(source.text, self.delimiter)
            if grid is not None:
                yield self._of_grid(grid)
                source.text = source.text[grid.length :]
            elif len(source.text) > LONGEST or b"\n" in source.text:
                yield from self._by_character(source)
        if self._doubtful * 2 > self._tall:
            raise _hidden(self._doubtful_row)

    def _checked(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The same in blocks of one size. Raises UnsupportedInput for quotes where there may be none."""
        held = b""
        for block in blocks:
            if not self.may_quote and b'"' in block:
                raise UnsupportedInput(
                    "So long a table is read in ranges, which quotes do not allow, as newlines may stand within them: "
                    "write the column of IDs alone, or Parquet, or several files into a folder of datasets/."
                )
            text = held + block
            whole = len(text) - len(text) % SHORT
            yield from (text[at : at + SHORT] for at in range(0, whole, SHORT))
            held = text[whole:]
        yield held

    def _of_grid(self, grid: Grid) -> bytes:
        filled = np.flatnonzero(grid.counts)
        is_kept = np.ones(len(grid.counts), bool)
        if len(filled) and not self.width:
            self._set_width(int(grid.counts[filled[0]]))
        if len(filled) and self.has_header:
            is_kept[filled[0]], self.has_header = False, False
        tall, suspects = grid.suspects(self.column, self.width)
        self._tall += tall
        for row in suspects:
            text = grid.text[grid.starts[row] : grid.ends[row]].decode(errors="replace")
            fields = next(csv.reader(StringIO(text, newline=""), delimiter=self.delimiter))
            self._refuse_hidden_rows(fields, self._rows + row + 1)
        self._rows += len(grid.counts)

        starts, ends = grid.starts.copy(), grid.ends.copy()
        good = np.flatnonzero(grid.counts == self.width)
        starts[good], ends[good] = grid.fields(good, self.column)
        # What is said of other rows stands behind the text.
        extended = grid.text
        for count in set(grid.counts[(grid.counts != self.width) & is_kept].tolist()) - {0}:
            said = self._said(count).encode()
            is_such = grid.counts == count
            starts[is_such], ends[is_such] = len(extended), len(extended) + len(said)
            extended += said
        return lines_between(extended, starts[is_kept], ends[is_kept])

    def _by_character(self, source: "_Source") -> Iterator[bytes]:
        """Reads all that the source has, and as much more as its last row takes."""
        found: list[str] = []
        feed = _Feed(source, self._rows)
        reader = csv.reader(feed, delimiter=self.delimiter, strict=True)
        ended = 0
        try:
            for row in reader:
                self._rows += 1
                ended += 1
                if reader.line_num != ended:
                    ended = reader.line_num
                    self._tall += 1
                    self._refuse_hidden_rows(row, self._rows)
                if row and len(row) == self.width and not self.has_header:
                    found.append(cut(row[self.column - 1]))
                    if len(found) >= _BATCH:
                        yield lines_of(found)
                        found.clear()
                else:
                    found.extend(self._odd(row))
                feed.unended, feed.row = 0, self._rows
                if not feed.left:
                    break
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
        if not self.width:
            self._set_width(len(row))
        if self.has_header:
            self.has_header = False
            return []
        return [cut(row[self.column - 1]) if len(row) == self.width else self._said(len(row))]

    def _set_width(self, width: int) -> None:
        self.width = width
        if self.column > width:
            raise UnsupportedInput(f"The table has {width} columns: there is no column {self.column}.")

    def _said(self, count: int) -> str:
        return f"a row of {count} fields, where the first has {self.width}"

    def _refuse_hidden_rows(self, row: list[str], number: int) -> None:
        """A row over several lines has a text of as many, or a stray quote in it has swallowed rows up to the next.

        A line is taken for a row that has an ID where a row has one, counted from either end, as an unquoted text may
        have delimiters of its own.
        """
        width, place = self.width or len(row), self.column - 1
        own = row[place] if place < len(row) else ""
        others = []
        for line in _END_OF_LINE.split(self.delimiter.join(row)):
            fields = line.split(self.delimiter)
            ids = [fields[place], fields[place - width]] if len(fields) >= width > place else []
            if own in ids:
                continue
            if any(_looks_like(text, own) for text in ids):
                raise _hidden(number)
            others.append(any(map(str.isdecimal, ids)))
        if others and all(others):
            self._doubtful += 1
            self._doubtful_row = self._doubtful_row or number


@dataclass
class _Source:
    """Blocks, and the ``text`` that is still to be read of those that were taken."""

    blocks: Iterator[bytes]
    text: bytes = b""
    _is_begun: bool = False

    def fill(self) -> bool:
        """Takes another block, at the end a newline if there is none. Returns whether there is something to read."""
        block = next(self.blocks, None)
        if block is None:
            if self.text and not self.text.endswith(b"\n"):
                self.text += b"\n"
        elif self._is_begun or len(self.text) + len(block) < len(BOM):
            self.text += block
        else:
            self.text = (self.text + block).removeprefix(BOM)
            self._is_begun = True
        return bool(self.text) or block is not None


@dataclass
class _Feed:
    """The lines of a source with their ends, which are CRLF, LF or CR, for Python's reader.

    ``left`` of those that were taken are still to be read. ``row`` counts the rows that have ended, and ``unended`` the
    characters behind them.
    """

    source: _Source
    row: int
    left: int = 0
    unended: int = 0

    def __iter__(self) -> Iterator[str]:
        while self._take_newline():
            text, newline, self.source.text = self.source.text.rpartition(b"\n")
            lines = StringIO((text + newline).decode(errors="replace"), newline="").readlines()
            self.left = len(lines)
            for line in lines:
                self.left -= 1
                self.unended += len(line)
                self._check(0)
                yield line

    def _take_newline(self) -> bool:
        while b"\n" not in self.source.text:
            self._check(len(self.source.text))
            if not self.source.fill():
                return False
        return True

    def _check(self, more: int) -> None:
        if self.unended + more > MAX_ROW:
            raise UnsupportedInput(f"Row {self.row + 1} of the table is longer than {MAX_ROW >> 20} MiB.")


def _hidden(row: int) -> UnsupportedInput:
    return UnsupportedInput(
        f"Row {row} of the table holds other rows within its quotes. Put each text that has quotes in quotes, with its "
        "own doubled, as CSV asks for; or write the column of IDs alone."
    )


def _looks_like(text: str, own: str) -> bool:
    """Whether a text is an ID, and no shorter than a row's own, or long enough to be none of a text's numbers."""
    digits = min(_HIDDEN_DIGITS, len(own) or _HIDDEN_DIGITS)
    return len(text) >= digits and isinstance(read_id(text.encode(errors="replace")), int)
