"""Takes out of a part the IDs that a lower part holds too: they stand in an answer of Athena's. Pure."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compliance.blocks import whole_lines
from compliance.duplicates import PART_DIGITS
from compliance.errors import QueryFailed
from compliance.ids import MAX_DIGITS
from compliance.lines import SHORT, Lines, Numbers
from compliance.plausibility import bounds, oddities
from compliance.preparation import Store
from compliance.runs import Oddities, Part

HEAD_BYTES = 256
"""More than the header and the first row of an answer have."""

_HEAD = re.compile(rb'("?part"?,"?id"?\r?\n)(?:"?([0-9]{%d})"?,"?([0-9]{%d})"?\r?\n)?' % (PART_DIGITS, MAX_DIGITS))
"""Athena quotes every value."""

_NOT_UNDERSTOOD = (
    "Athena's answer is not the list of IDs in several parts that it was asked for; nothing was sent to X. "
    "Start the run again."
)


@dataclass(frozen=True)
class Answer:
    """The rows of an answer as they stand in its object, as CSV: ``rows`` of ``width`` bytes from byte ``start`` on."""

    start: int
    width: int
    rows: int
    part_at: int
    id_at: int

    @classmethod
    def of(cls, head: bytes, size: int) -> "Answer":
        """Reads the first HEAD_BYTES of an object of ``size`` bytes; raises QueryFailed when it is no such answer."""
        match = _HEAD.match(head)
        if match is None:
            raise QueryFailed(_NOT_UNDERSTOOD)
        if match[2] is None:
            if match.end() != size:
                raise QueryFailed(_NOT_UNDERSTOOD)
            return cls(size, 1, 0, 0, 0)
        start, width = match.end(1), match.end() - match.end(1)
        rows, rest = divmod(size - start, width)
        if rest:
            raise QueryFailed(_NOT_UNDERSTOOD)
        return cls(start, width, rows, match.start(2) - start, match.start(3) - start)

    def share_of(self, part: int, read: Callable[[int, int], bytes]) -> tuple[int, int]:
        """The bytes, from the first to the one behind the last, that are about a part.

        ``read`` reads bytes of the object, from the first to the one behind the last; here, a row at a time.
        """

        def part_of(row: int) -> int:
            at = self.start + row * self.width
            return int(read(at, at + self.width)[self.part_at : self.part_at + PART_DIGITS])

        first = bisect_left(range(self.rows), part, key=part_of)
        behind = bisect_left(range(self.rows), part + 1, lo=first, key=part_of)
        return self.start + first * self.width, self.start + behind * self.width

    def ids(self, share: tuple[int, int], blocks: Iterable[bytes]) -> Numbers:
        """The IDs in a share of the answer, in ascending order; eight bytes for each."""
        found = np.empty((share[1] - share[0]) // self.width, np.uint64)
        count, rest = 0, b""
        for block in blocks:
            text = rest + block
            end = len(text) - len(text) % self.width
            rest = text[end:]
            rows = np.frombuffer(text, np.uint8, end).reshape(-1, self.width)
            found[count : count + len(rows)] = self._numbers(rows)
            count += len(rows)
        if rest or count != len(found):
            raise QueryFailed(_NOT_UNDERSTOOD)
        found.sort()
        return found

    def _numbers(self, rows: NDArray[np.uint8]) -> Numbers:
        digits = rows[:, self.id_at : self.id_at + MAX_DIGITS] - ord("0")
        if digits.size and int(digits.max()) > 9:
            raise QueryFailed(_NOT_UNDERSTOOD)
        numbers = np.zeros(len(rows), np.uint64)
        for place in range(MAX_DIGITS):
            numbers *= np.uint64(10)
            numbers += digits[:, place]
        return numbers


@dataclass(frozen=True)
class Kept:
    """What is left of a part: how many IDs, and what is odd about them."""

    accepted: int
    oddities: Oddities


def without(part: Part, blocks: Iterator[bytes], gone: Numbers, latest: int, store: Store) -> Kept:
    """Writes a prepared part's IDs to ``store``, but those that are ``gone`` (in ascending order), which it must hold.

    IDs above ``latest`` are from the future. Raises QueryFailed when one of those that are gone is not in the part.
    """
    limits = np.array([0, *bounds(latest)], np.uint64)
    kept, bands = 0, np.zeros(len(limits), np.intp)
    for block in whole_lines(blocks, MAX_DIGITS, SHORT):
        lines = Lines.of(block)
        numbers = lines.numbers()
        stays = gone[np.minimum(np.searchsorted(gone, numbers), len(gone) - 1)] != numbers
        text = np.frombuffer(block, np.uint8)[np.repeat(stays, lines.ends - lines.starts + 1)]
        store.write(text.tobytes())
        rest = numbers[stays]
        kept += len(rest)
        bands += np.bincount(np.searchsorted(limits, rest, side="right") - 1, minlength=len(limits))
    if part["accepted"] - kept != len(gone):
        raise QueryFailed(_NOT_UNDERSTOOD)
    return Kept(kept, oddities(bands.tolist(), part.get("headers", 0)))
