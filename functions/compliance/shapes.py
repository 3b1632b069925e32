"""Shapes of the lines of X's answer: lines that differ in their digits only say the same but for ID and times.

An answer of millions of lines has a few dozen shapes, each of which is read once. Lines of a shape are read all at
once, as rows of bytes: each has the ``BEFORE`` bytes that stand before its line in the text, the line, and 8 to 15 that
stand behind it. So every word that is read lies within the row; what is not the line's is masked.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from compliance.digits import Flags, Words
from compliance.fields import Place, fields_of
from compliance.lines import Lines, Positions, rows_at

Rows = NDArray[np.uint8]

_WORD = 8
"""Bytes of it."""

BEFORE = 3 * _WORD
"""The words that end with an ID may begin so many bytes before its line."""

PADDING = b"\n" * BEFORE
"""Blank lines that have to stand before and behind a text, so that each of its lines has a row."""


def rows_of(lines: Lines, which: Positions, length: int) -> Rows:
    """Lines of a padded text that have so many bytes; of longer ones their beginnings."""
    width = BEFORE + -(-length // _WORD) * _WORD + _WORD
    return rows_at(lines.text, lines.starts_of(which) - BEFORE, width)


class Shape:
    """What lines of one length have in common.

    Attributes:
        fields: what they say, and where. None when each of them has to be read by itself.
    """

    def __init__(self, line: bytes) -> None:
        """The shape that a line has."""
        self.fields = fields = fields_of(line)
        places = [Place(0, len(line))] if fields is None else fields.places
        behind = bytes(-len(line) % _WORD)
        self._mask = np.frombuffer(bytes(0xFF - bits for bits in _digit_bits(line, places)) + behind, "<u8")
        self._template = np.frombuffer(line + behind, "<u8") & self._mask
        self._words: list[list[tuple[int, np.uint64]]] = []
        self._twins: list[tuple[int, int]] = []
        if fields is None:
            return
        self._words.append(_words(line, fields.id, fields.id.end - 24, (0, 8, 16)))
        self._words += [_words(line, place, place.start, (0, 8, 17)) if place else [] for place in fields.times]
        if fields.redacted_at and fields.deleted_at:
            one, other = BEFORE + fields.redacted_at.start, BEFORE + fields.deleted_at.start
            self._twins = [(one + at, other + at) for at in (0, 8, fields.redacted_at.size - _WORD)]

    def fits(self, rows: Rows) -> Flags:
        """Which lines have this shape. In place of digits there may be one of ``:;<=>?`` as well."""
        words = rows.view("<u8")[:, BEFORE // _WORD :][:, : len(self._template)] & self._mask
        words ^= self._template
        found: Flags = np.bitwise_or.reduce(words, axis=1) == 0
        return found

    def read(self, rows: Rows, into: Words) -> None:
        """Reads the digits of lines with fields: three words for the ID and for each of two times, zeros for none."""
        for words, columns in zip(self._words, into.reshape(3, 3, -1), strict=True):
            columns[len(words) :] = 0
            for (start, digits), column in zip(words, columns, strict=False):
                np.bitwise_and(_column(rows, start), digits, out=column)

    def agree(self, rows: Rows) -> Flags:
        """Which lines with fields say nothing else at ``deleted_at`` than at ``redacted_at``."""
        agree = np.ones(len(rows), bool)
        for one, other in self._twins:
            agree &= _column(rows, one) == _column(rows, other)
        return agree


def _digit_bits(line: bytes, places: Iterable[Place]) -> bytes:
    """The bits of a line in which one digit differs from another."""
    digits = bytearray(len(line))
    for start, end in places:
        digits[start:end] = (0x0F if byte in b"0123456789" else 0 for byte in line[start:end])
    return bytes(digits)


def _words(line: bytes, place: Place, start: int, at: Iterable[int]) -> list[tuple[int, np.uint64]]:
    """Where in a row words begin, counted from a byte of its line, and which of their bits are digits of a place."""
    digits = bytes(BEFORE) + _digit_bits(line, [place]) + bytes(_WORD)
    starts = [BEFORE + start + each for each in at]
    return [(each, np.uint64(int.from_bytes(digits[each : each + _WORD], "little"))) for each in starts]


def _column(rows: Rows, start: int) -> Words:
    """The words that begin at a byte of each row."""
    return np.ndarray((len(rows),), "<u8", rows, start, rows.strides[:1])
