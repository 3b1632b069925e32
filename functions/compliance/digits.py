"""What digits are worth, eight at a time: text is read as 64-bit words, the first character in the lowest byte.

Each byte of a word is what a digit is worth, and zero where there should be none. A character that stands in a digit's
place may be worth up to 15: only what ``are_digits`` says yes to is worth what the others say.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Microseconds = NDArray[np.int64]
Flags = NDArray[np.bool_]

_LANES = (np.uint16(10), np.uint32(100), np.uint64(10_000))
"""How often the lower half of a lane counts, where each half holds a digit, two, or four."""

_SIX, _SIXTEEN = np.uint64(0x0606060606060606), np.uint64(0x1010101010101010)
"""Six more than 9 is less than 16."""


class _Pair(NamedTuple):
    """A number of two digits in a word: its first byte, how often it counts, the least and the most that it may be."""

    at: int
    factor: int
    least: int
    most: int


_TIME = (
    (_Pair(0, 1200, 0, 53), _Pair(2, 12, 0, 99), _Pair(5, 1, 1, 12)),
    (_Pair(0, 1440, 1, 31), _Pair(3, 60, 0, 23), _Pair(6, 1, 0, 59)),
    (_Pair(0, 1000, 0, 59), _Pair(2, 100, 0, 9), _Pair(4, 1, 0, 99)),
)
"""The words of a time are worth months since the year 0, minutes since the day before the month, and milliseconds."""


def _each_word(value: Callable[[_Pair], int]) -> Words:
    """For each word of a time, what its pairs have at their first bytes."""
    words = [sum(value(pair) << 8 * pair.at for pair in pairs) for pairs in _TIME]
    return np.array(words, np.uint64)[:, np.newaxis]


_BYTES = _each_word(lambda _: 0xFF)
_HIGH = _each_word(lambda _: 0x80)
_LEAST = _each_word(lambda pair: pair.least)
_MOST = _each_word(lambda pair: 0x80 + pair.most)
_LAST = np.array([[8 * pairs[-1].at] for pairs in _TIME], np.uint64)
_FACTORS = np.array(
    [[sum(pair.factor << 8 * (pairs[-1].at - pair.at) for pair in pairs)] for pairs in _TIME], np.uint64
)
"""Move each pair, so many times, to where the last one is, which counts once. Two bytes hold the sum."""

_TWO_BYTES = np.uint64(0xFFFF)
_FIRST_MONTH, _DAY = 13, 24 * 60
_MONTHS = (np.arange((1 << 16) + 1) - 1970 * 12 - 1).view("M8[M]").astype("M8[m]").view(np.int64) - _DAY
"""By months since the year 0: the minutes from 1970 to the day before the month."""


def values(words: Words) -> Words:
    """What words of eight digits are worth. Overwrites them.

    Neighbours are added in pairs, then pairs of pairs, then these, each time all at once: a lane's lower half is added
    to the upper one, so many times, and what was there moves down.
    """
    for tens in _LANES:
        lanes, half = words.view(tens.dtype), tens.dtype.type(4 * tens.itemsize)
        lanes *= (tens << half) + tens.dtype.type(1)
        lanes >>= half
    return words


def numbers(words: Words) -> Words:
    """What the three words of each column are worth together, if it is less than 2^64. Overwrites them."""
    high, middle, low = values(words)
    high *= np.uint64(10**16)
    middle *= np.uint64(10**8)
    high += middle
    # Not in place: the words' array would be kept for a third of it.
    found: Words = high + low
    return found


def are_digits(words: Words) -> Flags:
    """Whether all bytes of each column are below 10. None may be over 15."""
    found: Flags = np.bitwise_or.reduce((words + _SIX) & _SIXTEEN, axis=0) == 0
    return found


def microseconds(words: Words) -> tuple[Microseconds, Flags]:
    """Times since 1970, and which of them there are: from the year 1 to 5399, and without leap seconds.

    Each column has three words: ``YYYY-MM-``, ``DDTHH:MM``, and ``SS.mmm`` or ``SS``.
    """
    pairs = words * np.uint64(10)
    pairs += words >> np.uint64(8)
    pairs &= _BYTES
    # A byte's highest bit stays as long as nothing is taken away that the rest of the byte has not.
    within = (_MOST - pairs) & ((pairs | _HIGH) - _LEAST) & _HIGH == _HIGH
    pairs *= _FACTORS
    pairs >>= _LAST
    pairs &= _TWO_BYTES
    months, minutes, milliseconds = np.moveaxis(pairs.view(np.int64), -2, 0)
    times = _MONTHS[months] + minutes
    exist = within.all(axis=-2) & (months >= _FIRST_MONTH) & (times < _MONTHS[months + 1] + _DAY)
    times *= 60_000
    times += milliseconds
    times *= 1000
    return times, exist
