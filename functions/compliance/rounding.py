"""Tell from IDs alone whether a spreadsheet or a floating-point number has rounded them.

A snowflake has a time in milliseconds, 10 bits of a machine and 12 bits of a sequence number. Modulo a power of 5 it is
as good as random, however few machines there are and however often the sequence is 0. So genuine IDs end in zeros
about as often as ``_Null`` says, whereas all rounded ones do. docs/input.md has the model, the figures, and what is
found in lists of which age and length.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import Final, NamedTuple

import numpy as np

from compliance.errors import RoundedIds
from compliance.lines import Numbers
from compliance.runs import Endings

EXCLUDED = 1e-9
"""A list is refused if a genuine one would look like it less often than this."""

UNLIKELY = 1e-4
"""A list is worth a warning if a genuine one would look like it less often than this."""

_FIRST_BUSY = 2**58
"""The snowflake of January 2013. Of older ones, the sequence may nearly always be 0: a float holds such an ID."""

_BOUNDS: Final = (0, 10**15, 10**16, 10**17, _FIRST_BUSY, 10**18)
"""The first number of each magnitude."""

_DIGITS: Final = (0, 16, 17, 18, 18, 19)
"""Of the numbers of each magnitude; 0 if no program rounds them."""

_SAMPLE = 1 << 17
"""The number of IDs of a part that are counted at least, if it has more. They settle it, and take hardly any time."""

_CHUNK = 1 << 15
"""Numbers that fit into a core's own cache with all that is computed of them."""


class _Null(NamedTuple):
    """The share of genuine IDs that look rounded: as observed or modelled at most, and beyond any doubt."""

    usual: float
    most: float


_ENDING_IN: Final = {
    1: _Null(0.22, 0.25),
    2: _Null(0.08, 0.12),
    3: _Null(0.03, 0.10),
    4: _Null(0.006, 0.02),
    6: _Null(1e-3, 1e-3),
    7: _Null(2e-4, 2e-4),
    8: _Null(5e-5, 5e-5),
    9: _Null(1e-5, 1e-5),
}
"""By the number of zeros. With a sequence of 0, one in 5 for each zero. More of posts from X's 1 % sample, whose times
end in ten of a thousand milliseconds, if few machines gave them their IDs: a tenth end in two or three zeros if it was
one machine, one in fifty in four, and then one in five for each further zero."""

_EXACT: Final = _Null(0.75, 0.90)
"""15 to 72 % of genuine IDs since 2011 have a sequence of 0 or are multiples of a float's step otherwise [observed]."""


@dataclass(frozen=True)
class _Kind:
    """A way of rounding: to so many significant ``digits``, or to a float that is kept ``exact``.

    ``least`` is the share of rounded IDs from which a list is refused.
    """

    digits: int | None
    cause: str
    least: float

    def look(self, magnitude: int) -> tuple[str, _Null] | None:
        """Return what is counted of a magnitude, and how often it is seen in genuine IDs; None if there is nothing."""
        if self.digits is None:
            return ("exact", _EXACT) if _BOUNDS[magnitude] >= _FIRST_BUSY else None
        zeros = _DIGITS[magnitude] - self.digits
        return (_name(zeros), _ENDING_IN[zeros]) if zeros > 0 else None


_KINDS: Final = (
    _Kind(10, "they were rounded to 10 digits or fewer, as in scientific notation", 0.05),
    _Kind(15, "they were rounded to 15 digits, as Excel does", 0.05),
    _Kind(16, "they were rounded to 16 digits, as a printed floating-point number is", 0.05),
    _Kind(17, "they were rounded to 17 digits, as JavaScript does, or a printed floating-point number", 0.05),
    _Kind(None, "they were rounded to floating-point numbers, as pandas does with a column that has gaps", 0.80),
)
_FEW_MORE = 0.9
"""Of two ways of rounding that explain about as many IDs, the rougher one is the cause."""

_NOBODYS = "A rounded ID is not that of the post or user."
_EXPORT = (
    "Export the IDs again, as text: from the JSON that X gave (id_str, or id in API v2), or from the posts' URLs. "
    "In a spreadsheet, import the column as text."
)
_ACCEPT = (
    "If these are the IDs, tag the object rounded-ids=warn, or set rounded_ids: warn in config.yaml, and run "
    "xcompliance retry; or set it for the dataset, and run xcompliance check."
)


@dataclass(frozen=True)
class Rounded:
    """A finding: ``rounded`` of ``count`` IDs look rounded. ``is_certain`` says that they cannot be genuine.

    ``count`` is of those ``ids`` that are long enough to be rounded, and an estimate if not all were counted.
    """

    kind: _Kind
    ids: int
    count: int
    rounded: int
    zeros: tuple[int, ...]
    is_certain: bool
    is_estimate: bool

    def __str__(self) -> str:
        """Return what was found: a clause without an ID, and without a full stop."""
        which = "IDs" if self.count == self.ids else "long IDs" if self.kind.digits else "IDs since 2013"
        if self.is_estimate:
            share = f"{100 * self.rounded / self.count:.3g}% of the {which}"
        else:
            is_all = self.rounded == self.count
            share = f"All {self.count:,} {which}" if is_all else f"{self.rounded:,} of {self.count:,} {which}"
        looks = f"end in {' or '.join('0' * each for each in self.zeros)}"
        if not self.zeros:
            looks = "are numbers that a 64-bit floating-point number can hold"
        return f"{share} {looks}: {'' if self.is_certain else 'it is likely that '}{self.kind.cause}"

    def warning(self, intact: str) -> str:
        """Return what was found if the IDs are sent to X all the same; ``intact`` says where they are not rounded."""
        if self.is_certain:
            return f"{self}. They were accepted because rounded_ids is set to warn."
        return f"{self}. {_NOBODYS} {intact or _EXPORT}"

    def refusal(self, intact: str) -> RoundedIds:
        """Return the error for a list that is not to be sent to X; ``intact`` says where the IDs are not rounded."""
        return RoundedIds(f"{self}. {_NOBODYS} Nothing was sent to X. {intact or _EXPORT} {_ACCEPT}")


def endings(numbers: Numbers) -> Endings:
    """Count the IDs of each magnitude, and how many of them end in zeros or are exact as floats.

    In a long list, only one ID of ``every`` so many is counted. The step is odd, so that the IDs of two sources that
    alternate are both counted.
    """
    every = len(numbers) // _SAMPLE | 1
    numbers = numbers[::every]
    total = {name: np.zeros(len(_BOUNDS), np.int64) for name in ("ids", "exact", *map(_name, _ENDING_IN))}
    for at in range(0, len(numbers), _CHUNK):
        found = numbers[at : at + _CHUNK]
        total["ids"] += _by_magnitude(found)
        # A float has 53 bits: as many as lie between the highest bit of such a number and its lowest one.
        total["exact"] += _by_magnitude(found[found >> np.uint64(53) < (found & -found)])
        for zeros in _ENDING_IN:
            found = found[found // np.uint64(10**zeros) * np.uint64(10**zeros) == found]
            total[_name(zeros)] += _by_magnitude(found)
    return {"every": [every]} | {name: counts.tolist() for name, counts in total.items()}


def rounded(parts: Sequence[Endings]) -> Rounded | None:
    """Return the best explanation for the IDs of all parts if they do not look genuine; None if they do.

    The same ID may be in several parts, but only once in each. So chance is judged part by part, and multiplied by the
    number of parts and kinds.
    """
    if not parts:
        return None
    found = [each for kind in _KINDS if (each := _look(kind, parts))]
    found = [each for each in found if each.is_certain] or found
    most = max((each.rounded / each.count for each in found), default=0)
    return next((each for each in found if each.rounded / each.count >= _FEW_MORE * most), None)


def log_chance(count: int, seen: int, expected: float) -> float:
    """Return the logarithm of an upper bound of the chance to see as many of ``count`` IDs, where so many are expected.

    It holds for any mixture of magnitudes, and is the chance itself if all are seen [Hoeffding 1963, theorem 1].
    """
    if seen <= expected:
        return 0.0
    others, rest = count - seen, count - expected
    return -seen * log(seen / expected) - (others * log(others / rest) if others else 0.0)


def _look(kind: _Kind, parts: Sequence[Endings]) -> Rounded | None:
    looks = {at: look for at in range(len(_BOUNDS)) if (look := kind.look(at))}
    each = [_Evidence.of(looks, part) for part in parts]
    total = _Evidence.of(looks, _sum(parts))
    if not total.count:
        return None
    allowed = log(len(parts) * len(_KINDS))
    is_certain = (
        min(log_chance(part.count, part.rounded, part.most) for part in each) + allowed <= log(EXCLUDED)
        and total.share(total.most) >= kind.least
    )
    if not is_certain and min(log_chance(part.count, part.rounded, part.usual) for part in each) + allowed > log(
        UNLIKELY
    ):
        return None
    zeros = {_DIGITS[at] - kind.digits for at in total.seen} if kind.digits else ()
    is_estimate = any(part["every"] != [1] for part in parts)
    ids = sum(_sum(parts)["ids"])
    return Rounded(kind, ids, total.count, total.rounded, tuple(sorted(zeros)), is_certain, is_estimate)


@dataclass(frozen=True)
class _Evidence:
    """How many of ``count`` IDs look rounded, and how many of genuine ones would: usually, and at most."""

    count: int
    rounded: int
    usual: float
    most: float
    seen: tuple[int, ...]

    @classmethod
    def of(cls, looks: dict[int, tuple[str, _Null]], counts: Endings) -> "_Evidence":
        count = {at: counts["ids"][at] for at in looks}
        return cls(
            sum(count.values()),
            sum(counts[name][at] for at, (name, _) in looks.items()),
            sum(count[at] * null.usual for at, (_, null) in looks.items()),
            sum(count[at] * null.most for at, (_, null) in looks.items()),
            tuple(at for at in looks if count[at]),
        )

    def share(self, expected: float) -> float:
        """Return the share of rounded IDs, if so many of the others look rounded too as ``expected`` of all."""
        return (self.rounded - expected) / (self.count - expected)


def _sum(parts: Iterable[Endings]) -> Endings:
    """About how many IDs of all parts are of each kind."""
    total: Endings = {}
    for part in parts:
        (every,) = part["every"]
        for name, counts in part.items():
            before = total.get(name, [0] * len(counts))
            total[name] = [a + b * every for a, b in zip(before, counts, strict=True)]
    return total


def _by_magnitude(numbers: Numbers) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    below = [0, *(np.count_nonzero(numbers < np.uint64(bound)) for bound in _BOUNDS[1:])]
    return np.diff([*below, len(numbers)])


def _name(zeros: int) -> str:
    return f"zeros_{zeros}"
