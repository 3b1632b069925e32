"""JSON arrays, in bounded memory: their elements become lines."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from compliance.errors import UnsupportedInput
from compliance.ids import BOM

_STEP = 256 << 10
"""Bytes that are looked at together: they fit, with the arrays that belong to them, into a core's own cache."""

_DEPTHS = np.zeros(256, np.int8)
_DEPTHS[[*b"[{"]], _DEPTHS[[*b"]}"]] = 1, -1
_IS_MARK = _DEPTHS != 0
_IS_MARK[ord(",")] = True

_CUT_OFF = "The JSON array is cut off: its closing bracket is missing. Write it again."


def element_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the elements of a JSON array, a line for each, in blocks of any size.

    What an element looks like is left to who reads the lines.

    Raises UnsupportedInput for an array that is cut off, and for anything behind it.
    """
    inside = _Inside()
    for block in _from_bracket(blocks):
        for at in range(0, len(block), _STEP):
            yield inside.lines(block[at : at + _STEP])
    if not inside.is_over:
        raise UnsupportedInput(_CUT_OFF)


def first_elements(beginning: bytes) -> Iterator[bytes]:
    """Yield the whole elements at the beginning of an array, which may be cut off anywhere."""
    try:
        for lines in element_lines(iter([beginning])):
            yield from lines.split(b"\n")[:-1]
    except UnsupportedInput:
        return  # only the beginning is there


def _from_bracket(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same from behind the opening bracket on."""
    head = b""
    for block in blocks:
        head = (head + block).removeprefix(BOM).lstrip()
        if head and not BOM.startswith(head):
            yield head[1:]
            break
    yield from blocks


class _Inside:
    """Where in the array the text has come to."""

    def __init__(self) -> None:
        self.is_over = False
        self._depth = 1
        self._is_text = False
        self._is_escaped = b""

    def lines(self, block: bytes) -> bytes:
        """The block, with newlines only where commas stood between elements, and for the closing bracket."""
        if self.is_over:
            return self._behind(block)
        block = self._is_escaped + block
        # Both replacements keep every byte where it is. A backslash at the end escapes what comes next.
        plain = block.replace(rb"\\", b"__").replace(rb"\"", b"__")
        self._is_escaped = plain[-1:] if plain.endswith(b"\\") else b""
        size = len(plain) - len(self._is_escaped)
        values = np.frombuffer(plain, np.uint8, size)
        marks = self._marks(values)
        depths = np.cumsum(_DEPTHS[values[marks]], dtype=np.int64) + self._depth
        ends = np.flatnonzero(depths == 0)
        end = int(marks[ends[0]]) if len(ends) else size
        commas = marks[(depths == 1) & (values[marks] == ord(","))]
        text = np.frombuffer(block, np.uint8, end).copy()
        text[(text == ord("\n")) | (text == ord("\r"))] = ord(" ")
        text[commas[commas < end]] = ord("\n")
        self._depth = int(depths[-1]) if len(depths) else self._depth
        if not len(ends):
            return text.tobytes()
        self.is_over = True
        return text.tobytes() + b"\n" + self._behind(block[end + 1 :])

    def _marks(self, values: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Where brackets and commas stand that are in no text."""
        quotes = np.flatnonzero(values == ord('"'))
        marks = np.flatnonzero(_IS_MARK[values])
        before = np.searchsorted(quotes, marks) + self._is_text
        self._is_text = bool((len(quotes) + self._is_text) % 2)
        found: NDArray[np.intp] = marks[before % 2 == 0]
        return found

    @staticmethod
    def _behind(block: bytes) -> bytes:
        if block.strip():
            raise UnsupportedInput(
                "There is more behind the end of the JSON array. Write one array, or one object per line."
            )
        return b""
