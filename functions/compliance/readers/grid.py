"""The rows of CSV as arrays, where its quotes are as RFC 4180 has them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compliance.ids import MAX_LINE
from compliance.lines import Positions
from compliance.readers.texts import CUT

_NEWLINE, _RETURN, _QUOTE, _SPACE = b'\n\r" '

_TEN = 10

LONGEST = 128 << 10
"""Bytes of a row at most; a longer one may have a field that is too long."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of a text of ``length`` bytes, in which each ends with a newline.

    Of each, where it starts, where it ends without its end of line, and how many fields it has: none if it is blank.
    ``marks`` are the delimiters outside of quotes.
    """

    text: bytes
    delimiter: int
    length: int
    starts: Positions
    ends: Positions
    counts: Positions
    marks: Positions

    @classmethod
    def of(cls, text: bytes, delimiter: str) -> "Grid | None":
        """Find the rows that end in a text, which begins with one.

        Return None if none ends there, and for what has to be read character by character: a quote within a field that
        has none around it, a carriage return alone, a long row.
        """
        text = text[: text.rfind(b"\n") + 1]
        if b"\r" in text and text.count(b"\r") != text.count(b"\r\n"):
            return None
        values = np.frombuffer(text, np.uint8)
        stops = np.flatnonzero(values == _NEWLINE)
        marks = np.flatnonzero(values == ord(delimiter))
        if b'"' in text:
            quotes = np.flatnonzero(values == _QUOTE)
            stops = stops[np.searchsorted(quotes, stops) & 1 == 0]
            marks = marks[np.searchsorted(quotes, marks) & 1 == 0]
            if len(stops) and not _are_regular(values, quotes[: np.searchsorted(quotes, stops[-1])], ord(delimiter)):
                return None
        starts = np.append(0, stops[:-1] + 1)
        if not len(stops) or (stops - starts).max() > LONGEST:
            return None
        ends = stops - ((values[stops - 1] == _RETURN) & (stops > starts))
        counts = np.diff(np.searchsorted(marks, stops), prepend=0) + (ends > starts)
        return cls(text, ord(delimiter), int(stops[-1]) + 1, starts, ends, counts, marks)

    def fields(self, rows: Positions, column: int) -> tuple[Positions, Positions]:
        """Where a column's fields start and end in some rows that have it, without the quotes around them."""
        marks = np.cumsum(np.maximum(self.counts - 1, 0)) - np.maximum(self.counts - 1, 0)
        starts, ends = self.starts[rows], self.ends[rows].copy()
        if column > 1:
            starts = self.marks[marks[rows] + column - 2] + 1
        has_more = self.counts[rows] > column
        ends[has_more] = self.marks[marks[rows[has_more]] + column - 1]
        is_quoted = np.frombuffer(self.text, np.uint8)[starts] == _QUOTE
        return starts + is_quoted, ends - is_quoted

    def suspects(self, column: int, width: int) -> tuple[int, list[int]]:
        """How many rows have several lines, and those in which one may be a row, besides that with the ID.

        A line may be one if it has ``width`` fields or more, and digits where the ID is, counted from either end.
        """
        values = np.frombuffer(self.text, np.uint8, self.length)
        newlines = np.flatnonzero(values == _NEWLINE)
        if len(newlines) == len(self.ends):
            return 0, []
        marks = np.append(np.flatnonzero(values == self.delimiter), self.length)
        marks_to = np.searchsorted(marks, newlines)
        marks_from = np.append(0, marks_to[:-1])
        is_wide = marks_to - marks_from >= width - 1
        rows = np.flatnonzero(self.counts >= column)
        is_wide[np.searchsorted(newlines, self.fields(rows, column)[0])] = False
        wide = np.flatnonzero(is_wide)
        digits = np.append(0, np.cumsum(values - ord("0") < _TEN, dtype=np.int32))
        begins = np.append(0, newlines[:-1] + 1)
        has_id = np.zeros(len(wide), bool)
        for first in (marks_from[wide] + column - 1, marks_to[wide] - width + column):
            start = np.where(first > marks_from[wide], marks[first - 1] + 1, begins[wide])
            has_id |= digits[np.minimum(marks[first], newlines[wide])] > digits[start]
        row_of = np.searchsorted(self.starts, newlines, side="right") - 1
        found: list[int] = np.unique(row_of[wide[has_id]]).tolist()
        return int(np.count_nonzero(np.bincount(row_of) > 1)), found


def lines_between(text: bytes, starts: Positions, ends: Positions) -> bytes:
    """A line of UTF-8 for each stretch of a text: newlines as spaces, doubled quotes as one, cut as ``cut`` does."""
    if not len(starts):
        return b""
    values = np.frombuffer(text, np.uint8)
    lengths = np.minimum(ends - starts, MAX_LINE + 1)
    stops = np.cumsum(lengths + 1)
    places = np.arange(stops[-1])
    places += np.repeat(starts + lengths + 1 - stops, lengths + 1)
    found = values.take(places, mode="clip")
    found[found == _NEWLINE] = _SPACE
    found[stops[lengths > MAX_LINE] - 2] = CUT
    found[stops - 1] = _NEWLINE
    lines = found.tobytes().replace(b'""', b'"')
    return lines if lines.isascii() else lines.decode(errors="replace").encode()


def _are_regular(values: Bytes, quotes: Positions, delimiter: int) -> bool:
    """Whether each quote opens or closes a field, or is doubled within one."""
    opening, closing = quotes[0::2], quotes[1::2]
    before, behind = values[opening - 1], values[closing + 1]
    is_start = (before == delimiter) | (before == _NEWLINE) | (opening == 0)
    is_start[1:] |= opening[1:] == closing[:-1] + 1
    is_end = (behind == delimiter) | (behind == _NEWLINE) | (behind == _RETURN)
    is_end[:-1] |= opening[1:] == closing[:-1] + 1
    return bool(is_start.all() and is_end.all())
