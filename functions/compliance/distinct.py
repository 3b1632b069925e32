"""Finds the IDs that occur again."""

import numpy as np
from numpy.typing import NDArray

from compliance.lines import Numbers, Positions

Digests = NDArray[np.uint32]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""2^64 over the golden ratio: the upper bits of its multiples are as good as random [Knuth, TAOCP 3, 6.4]."""


_MANY = 1 << 23
"""Numbers that are collected before repeats are taken out for the first time: more than a part of long IDs has."""


class Distinct:
    """Collects numbers, twelve bytes for each that is new, to tell in the end which of them stood there before."""

    def __init__(self, many: int = _MANY) -> None:
        self._numbers: list[Numbers] = []
        self._digests: list[Digests] = []
        self._is_repeat: list[NDArray[np.bool_]] = []
        self._count = 0
        self._many = many

    def add(self, numbers: Numbers) -> None:
        """Takes the next ones."""
        self._collect(numbers, np.zeros(len(numbers), bool))
        if self._count >= self._many:
            different, is_repeat = self._settled()
            self._numbers, self._digests, self._is_repeat, self._count = [], [], [], 0
            self._collect(different, is_repeat)
            self._many = max(self._many, 2 * self._count)

    def finish(self) -> tuple[Positions, Numbers]:
        """The positions of all repeats among what was added, in ascending order; and every number, once."""
        if not self._numbers:
            return np.zeros(0, np.intp), np.zeros(0, np.uint64)
        different, is_repeat = self._settled()
        return np.flatnonzero(is_repeat), different

    def _collect(self, numbers: Numbers, is_repeat: NDArray[np.bool_]) -> None:
        self._numbers.append(numbers)
        # Half as many bits to sort, of which few agree by chance.
        self._digests.append((numbers * _FACTOR >> np.uint64(32)).astype(np.uint32))
        self._is_repeat.append(is_repeat)
        self._count += len(numbers)

    def _settled(self) -> tuple[Numbers, NDArray[np.bool_]]:
        """Each number once, and which of all that were added are repeats."""
        repeats = self._repeats()
        numbers, is_repeat = np.concatenate(self._numbers), np.concatenate(self._is_repeat)
        if not len(repeats):
            return numbers, is_repeat
        is_repeat[np.flatnonzero(~is_repeat)[repeats]] = True
        return np.delete(numbers, repeats), is_repeat

    def _repeats(self) -> Positions:
        """Where those stand, among the collected, that stand at an earlier place too."""
        ordered = np.concatenate(self._digests)
        ordered.sort()
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        del ordered
        positions, numbers = self._among(twice)
        is_repeat = np.ones(len(numbers), bool)
        is_repeat[np.unique(numbers, return_index=True)[1]] = False
        return positions[is_repeat]

    def _among(self, wanted: Digests) -> tuple[Positions, Numbers]:
        """Positions and numbers of all that have one of the ``wanted`` digests, and of a few others.

        A digest is looked up by its upper bits, in a table that is small where few are wanted, and then fits the cache.
        """
        shift = 32 - min(26, max(16, len(wanted).bit_length() + 4))
        table = np.zeros(1 << (32 - shift), bool)
        table[wanted >> shift] = True
        positions, found, begin = [], [], 0
        for numbers, digests in zip(self._numbers, self._digests, strict=True):
            here = np.flatnonzero(table[digests >> shift])
            positions.append(here + begin)
            found.append(numbers[here])
            begin += len(numbers)
        return np.concatenate(positions), np.concatenate(found)
