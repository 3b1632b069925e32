"""X's records as arrays: thousands of lines are read at once, as long as they are written as X writes them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from compliance.digits import Flags, Microseconds, Words, are_digits, microseconds, numbers
from compliance.fields import Fields, Said
from compliance.lines import Lines, Numbers, Positions
from compliance.shapes import PADDING, Rows, Shape, rows_of

_LONGEST = 1 << 10
"""Bytes of a line that is read with others. A usual one has 200."""

_MOST_OF_A_LENGTH, _MOST = 16, 512
"""Shapes that are looked for: the first that are met, for good. Lines of any others are read one by one, so that an
answer of garbage, where each line has its own, takes little longer than that."""

_ANY = Shape(b"")
"""Any line has it, and says nothing with it."""

_NEVER = np.iinfo(np.int64).min
"""What NumPy and DuckDB take for no time."""


@dataclass(frozen=True)
class Records:
    """What lines say, in any order.

    Times are microseconds since 1970; ``said`` are places in the sorter's list. ``raw`` are lines as texts, where they
    are to be kept, and None for others; or None for all.
    """

    ids: Numbers
    created_at: Microseconds
    redacted_at: Microseconds
    said: NDArray[np.uint16]
    raw: NDArray[np.object_] | None

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, which: Flags | slice) -> "Records":
        """Some of them."""
        raw = None if self.raw is None else self.raw[which]
        return Records(self.ids[which], self.created_at[which], self.redacted_at[which], self.said[which], raw)

    @staticmethod
    def joined(many: Sequence["Records"]) -> "Records":
        """All of these."""
        return Records(
            np.concatenate([each.ids for each in many]),
            np.concatenate([each.created_at for each in many]),
            np.concatenate([each.redacted_at for each in many]),
            np.concatenate([each.said for each in many]),
            _joined_texts(many),
        )


@dataclass(frozen=True)
class _Group:
    """Lines of one shape, the digits of which are some columns."""

    fields: Fields
    said: int
    lines: Positions
    columns: slice


@dataclass(frozen=True)
class SortedLines:
    """The lines of a text that can be read at once, group by group, and the ``odd`` ones.

    For each line of the ``groups`` in their order, ``words`` has a column: three words for its ID and three for each of
    two times. ``agree`` says where ``deleted_at`` is not in the way.
    """

    lines: Lines
    words: Words
    agree: Flags
    groups: Sequence[_Group]
    odd: Positions

    def read(self) -> tuple[Records, list[bytes]]:
        """What the lines say, and the lines that have to be read by themselves. Once: overwrites the words."""
        is_right = self.agree & are_digits(self.words)
        ids = numbers(self.words[:3])
        times, exist = microseconds(self.words[3:].reshape(2, 3, -1))
        said = np.empty(len(ids), np.uint16)
        raw = np.full(len(ids), None) if any(group.fields.is_kept for group in self.groups) else None
        for group in self.groups:
            here = group.columns
            said[here] = group.said
            if raw is not None and group.fields.is_kept:
                raw[here] = [line.decode() for line in self.lines.texts(group.lines)]
            is_right[here] &= ids[here] >= group.fields.least_id
            for place, time, exists in zip(group.fields.times, times, exist, strict=True):
                if place is None:
                    time[here] = _NEVER
                else:
                    is_right[here] &= exists[here]
        found = Records(ids, times[0], times[1], said, raw)
        if is_right.all():
            return found, self.lines.texts(self.odd)
        wrong = np.concatenate([group.lines for group in self.groups])[~is_right]
        return found.only(is_right), self.lines.texts(np.concatenate([self.odd, wrong]))


class LineSorter:
    """Sorts the lines of a long text, piece by piece, and remembers their shapes.

    Attributes:
        said: what the lines say in words.
    """

    def __init__(self) -> None:
        self.said: list[Said] = []
        self._shapes: dict[int, list[Shape]] = defaultdict(list)
        self._room = _MOST

    def sort(self, texts: Iterable[bytes]) -> SortedLines:
        """Takes whole lines, in pieces. Blank ones are left out."""
        lines = Lines.of(b"".join([PADDING, *texts, PADDING]))
        words = np.empty((9, len(lines)), np.uint64)
        agree = np.empty(len(lines), bool)
        groups: list[_Group] = []
        odd: list[Positions] = [np.empty(0, np.intp)]
        end = 0
        for shape, which, rows in self._by_shape(lines):
            if shape.fields is None:
                odd.append(which)
                continue
            here = slice(end, end := end + len(which))
            shape.read(rows, words[:, here])
            agree[here] = shape.agree(rows)
            groups.append(_Group(shape.fields, self.said.index(shape.fields.said), which, here))
        return SortedLines(lines, words[:, :end], agree[:end], groups, np.concatenate(odd))

    def _by_shape(self, lines: Lines) -> Iterator[tuple[Shape, Positions, Rows]]:
        """All lines but the blank ones by their shapes, and their rows."""
        for length, which in _by_length(lines):
            rest, rows = which, rows_of(lines, which, length)
            for number in count():
                shape = self._shape(number, *lines.texts(rest[:1]))
                fits = shape.fits(rows)
                if fits.all():
                    yield shape, rest, rows
                    break
                if fits.any():
                    those, others = np.flatnonzero(fits), np.flatnonzero(~fits)
                    yield shape, rest[those], rows.take(those, axis=0)
                    rest, rows = rest[others], rows.take(others, axis=0)

    def _shape(self, number: int, line: bytes) -> Shape:
        """The known shape with this number, of those of a line's length; the line's own where there are no more."""
        shapes = self._shapes[len(line)] if len(line) <= _LONGEST else []
        if number < len(shapes):
            return shapes[number]
        if len(line) > _LONGEST or number == _MOST_OF_A_LENGTH or not self._room:
            return _ANY
        shapes.append(shape := Shape(line))
        self._room -= 1
        if shape.fields is not None and shape.fields.said not in self.said:
            self.said.append(shape.fields.said)
        return shape


def _by_length(lines: Lines) -> Iterator[tuple[int, Positions]]:
    """The lines of each length but 0; longer ones than are read together count as of one length."""
    lengths = np.minimum(lines.ends - lines.starts, _LONGEST + 1).astype(np.uint16)
    order, counts = np.argsort(lengths, kind="stable"), np.bincount(lengths)
    end = int(counts[0])
    for length in (np.flatnonzero(counts[1:]) + 1).tolist():
        yield length, order[end : (end := end + int(counts[length]))]


def _joined_texts(many: Sequence[Records]) -> NDArray[np.object_] | None:
    if all(each.raw is None for each in many):
        return None
    return np.concatenate([np.full(len(each), None) if each.raw is None else each.raw for each in many])
