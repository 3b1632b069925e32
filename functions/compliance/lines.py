"""Lines of text as arrays: millions of them without a loop."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compliance.digits import numbers
from compliance.ids import MAX_DIGITS

Positions = NDArray[np.intp]
Numbers = NDArray[np.uint64]

_WORD, _WORDS = 8, 3
_PAD = b"0" * _WORD * _WORDS
"""What stands before a text while words of eight bytes are read that end in its first line."""

_MASKS = [bytes(len(_PAD) - digits) + b"\x0f" * digits for digits in range(MAX_DIGITS + 1)]
_DIGITS = np.ascontiguousarray(np.frombuffer(b"".join(_MASKS), "<u8").reshape(-1, _WORDS).T)
"""Masks that keep the values of so many digits in the three words before a line's end."""

_MANY = 50
"""One in so many lines that are taken out are many: what is left is then found byte by byte."""

SHORT = 1 << 18
"""Bytes of text that fit, with the arrays that belong to them, into a core's own cache."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A text of whole lines, and where their newlines stand."""

    text: bytes
    ends: Positions

    @classmethod
    def of(cls, text: bytes) -> "Lines":
        """The lines of a text that ends with a newline."""
        values = np.frombuffer(text, np.uint8)
        # As much at a time as fits into the cache.
        found = [np.flatnonzero(values[at : at + SHORT] == ord("\n")) + at for at in range(0, len(text), SHORT)]
        return cls(text, np.concatenate(found) if found else np.zeros(0, np.intp))

    def __len__(self) -> int:
        return len(self.ends)

    def texts(self, which: Positions) -> list[bytes]:
        """Some of the lines."""
        spans = zip(self.starts_of(which).tolist(), self.ends[which].tolist(), strict=True)
        return [self.text[start:end] for start, end in spans]

    def starts_of(self, which: Positions) -> Positions:
        """Where some of the lines begin."""
        return np.where(which, self.ends[which - 1] + 1, 0)

    @property
    def starts(self) -> Positions:
        """Where each line begins."""
        starts = np.empty_like(self.ends)
        starts[:1] = 0
        np.add(self.ends[:-1], 1, out=starts[1:])
        return starts

    def replaced(self, lines: Positions, by: Iterable[bytes | None]) -> "Lines":
        """The same with other texts, without newlines, in place of some lines, in their order; None takes one out."""
        pieces, ends = [], []
        position = after = shift = 0
        for line, text in zip(lines.tolist(), by, strict=True):
            start = int(self.ends[line - 1]) + 1 if line else 0
            end = int(self.ends[line])
            pieces.append(self.text[position:start])
            ends.append(self.ends[after:line] + shift)
            position, after = end + 1, line + 1
            if text is None:
                shift += start - position
            else:
                pieces.append(text + b"\n")
                shift += len(text) - (end - start)
                ends.append(self.ends[line:after] + shift)
        pieces.append(self.text[position:])
        ends.append(self.ends[after:] + shift)
        return Lines(b"".join(pieces), np.concatenate(ends))

    def numbers(self) -> Numbers:
        """The lines' values, where each is one to nineteen digits."""
        text = _PAD + self.text
        lengths = self.ends - self.starts
        if len(self) and np.all(lengths == lengths[0]):
            # Lines of one length are an array, of which the words are columns.
            length = int(lengths[0])
            words = np.ndarray((_WORDS, len(self)), "<u8", text, length, (_WORD, length + 1)).copy()
            words &= _DIGITS[:, length, np.newaxis]
        else:
            words = _DIGITS.take(lengths, axis=1)
            words &= rows_at(text, self.ends, len(_PAD)).view("<u8").T
        return numbers(words)


def rows_at(text: bytes, starts: Positions, width: int) -> NDArray[np.uint8]:
    """So many bytes of a text from each of some places on, a row for each."""
    windows = np.ndarray((len(text) - width + 1,), f"V{width}", text, strides=(1,))
    return windows[starts].view(np.uint8).reshape(-1, width)


def without(blocks: Iterator[bytes], gone: Positions) -> Iterator[bytes]:
    """The same text, of lines that all end with a newline, without some of its lines, counted from 0 in order."""
    rest, first = b"", 0
    for block in blocks:
        text = rest + block
        end = text.rfind(b"\n") + 1
        rest = text[end:]
        values = np.frombuffer(text, np.uint8, end)
        stops = np.flatnonzero(values == ord("\n")) + 1
        here = gone[slice(*np.searchsorted(gone, [first, first + len(stops)]))] - first
        if len(here) > len(stops) // _MANY:
            is_kept = np.ones(len(stops), bool)
            is_kept[here] = False
            yield values[np.repeat(is_kept, np.diff(stops, prepend=0))].tobytes()
        else:
            kept_to = [*np.where(here, stops[here - 1], 0).tolist(), end]
            kept_from = [0, *stops[here].tolist()]
            view = memoryview(text)
            yield b"".join([view[start:stop] for start, stop in zip(kept_from, kept_to, strict=True)])
        first += len(stops)


class Scanner:
    """Finds lines of nothing but digits. Keeps its memory from text to text: to ask for it anew takes longer."""

    def __init__(self) -> None:
        self._rest = np.empty(0, np.uint8)
        self._is_other = np.empty(0, bool)

    def scan(self, text: bytes) -> tuple[Lines, NDArray[np.bool_]]:
        """The lines of a text that ends with a newline, and which are plain IDs: nothing but digits, below 9e18."""
        values = np.frombuffer(text, np.uint8)
        others = self._others(values)
        is_end = values[others] == ord("\n")
        lines = Lines(text, others[is_end])
        starts = lines.starts
        lengths = lines.ends - starts
        is_plain = values[starts] - ord("1") < 8 + (lengths < MAX_DIGITS)
        is_plain &= lengths <= MAX_DIGITS
        is_plain[np.cumsum(is_end)[~is_end]] = False
        return lines, is_plain

    def _others(self, values: NDArray[np.uint8]) -> Positions:
        """Where what is no digit stands."""
        size = len(values)
        if size > len(self._rest):
            self._rest, self._is_other = np.empty(size, np.uint8), np.empty(size, bool)
        np.subtract(values, ord("0"), out=self._rest[:size])
        np.greater(self._rest[:size], 9, out=self._is_other[:size])
        return np.flatnonzero(self._is_other[:size])
