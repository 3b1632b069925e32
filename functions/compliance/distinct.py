"""Finds the IDs that occur again."""

import numpy as np
from numpy.typing import NDArray

from compliance.lines import Numbers, Positions

Digests = NDArray[np.uint32]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""2^64 over the golden ratio: the upper bits of its multiples are as good as random [Knuth, TAOCP 3, 6.4]."""

_HALF = np.uint64(32)
_POSITION = np.uint64(2**32 - 1)

_MOST = 8
"""If more than one in so many digests is wanted, none of them is looked up."""

_MANY = 1 << 23
"""Numbers that are collected before repeats are taken out for the first time: more than a part of long IDs has."""


class Distinct:
    """Collects numbers, twelve bytes for each that is new, to tell in the end which of them stood there before."""

    def __init__(self, many: int = _MANY) -> None:
        self._many = many
        self._is_repeat = np.empty(0, bool)
        self._different = 0
        self._numbers: list[Numbers] = []
        self._digests: list[Digests] = []
        self._count = 0

    def add(self, numbers: Numbers) -> None:
        """Takes the next ones."""
        self._collect(numbers)
        if self._count >= self._many:
            different = self._settled()
            self._different = len(different)
            self._collect(different)
            self._many = max(self._many, 2 * self._count)

    def finish(self) -> tuple[Positions, Numbers]:
        """The positions of all repeats among what was added, in ascending order; and every number, once."""
        if not self._numbers:
            return np.zeros(0, np.intp), np.zeros(0, np.uint64)
        different = self._settled()
        return np.flatnonzero(self._is_repeat), different

    def _collect(self, numbers: Numbers) -> None:
        self._numbers.append(numbers)
        # Half as many bits to sort, of which few agree by chance.
        self._digests.append((numbers * _FACTOR >> _HALF).astype(np.uint32))
        self._count += len(numbers)

    def _settled(self) -> Numbers:
        """Each number once. Which of all that were added are repeats is noted; what was collected is forgotten."""
        numbers = np.concatenate(self._numbers)
        self._numbers.clear()
        is_again = self._is_again(numbers)
        self._digests.clear()
        self._count = 0
        is_repeat = np.append(self._is_repeat, np.zeros(len(numbers) - self._different, bool))
        is_repeat[~is_repeat] = is_again
        self._is_repeat = is_repeat
        return numbers[~is_again]

    def _is_again(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Which of the collected stand at an earlier place too."""
        ordered = np.concatenate(self._digests)
        ordered.sort()
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        del ordered
        is_again = np.zeros(len(numbers), bool)
        # Digest and position in one number are sorted faster than positions by number.
        keys = self._having(twice).astype(np.uint64)
        keys |= (numbers[keys] * _FACTOR) & ~_POSITION
        keys.sort()
        positions = (keys & _POSITION).astype(np.intp)
        keys >>= _HALF
        is_first = np.diff(keys, prepend=np.uint64(2**64 - 1)) != 0
        del keys
        found = numbers[positions]
        firsts = found[is_first]
        is_other = found != firsts[np.cumsum(is_first) - 1]
        is_again[positions[~is_first & ~is_other]] = True
        # Different numbers of the same digest.
        others = positions[is_other]
        is_again[others] = True
        is_again[others[np.unique(numbers[others], return_index=True)[1]]] = False
        return is_again

    def _having(self, wanted: Digests) -> Positions:
        """Where those stand that have one of the ``wanted`` digests, and a few others.

        A digest is looked up by its upper bits, in a table that is small where few are wanted, and then fits the cache.
        Where many are, it costs less to take all.
        """
        if len(wanted) > self._count // _MOST:
            return np.arange(self._count)
        shift = 32 - min(26, max(16, len(wanted).bit_length() + 4))
        table = np.zeros(1 << (32 - shift), bool)
        table[wanted >> shift] = True
        found, begin = [], 0
        for digests in self._digests:
            found.append(np.flatnonzero(table[digests >> shift]) + begin)
            begin += len(digests)
        return np.concatenate(found)
