"""From normalized lines to what X is sent: each ID once, in its order, one on a line."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from compliance.distinct import Distinct
from compliance.lines import Numbers, without
from compliance.normalizer import Normalized, Tally
from compliance.plausibility import bounds, oddities
from compliance.runs import Counts, Oddities


class Store(Protocol):
    """Bytes that are written once, and may be read and written out from their beginning."""

    def write(self, block: bytes) -> None:
        """Appends a block."""

    def read(self) -> Iterator[bytes]:
        """Reads all of them, in blocks."""

    def close(self) -> None:
        """Forgets them."""

    @property
    def bytes(self) -> int:
        """How many there are."""


S = TypeVar("S", bound=Store)


@dataclass(frozen=True)
class Prepared(Generic[S]):
    """What one upload carries: ``store`` holds the IDs, of which there are as many ``numbers``."""

    store: S
    counts: Counts
    headers: int
    numbers: Numbers

    def oddities(self, latest: int) -> Oddities:
        """What there is to say of the IDs; those from ``latest`` on are from the future."""
        below = [0, *(int(np.count_nonzero(self.numbers < bound)) for bound in bounds(latest)), len(self.numbers)]
        return oddities(np.diff(below).tolist(), self.headers)


def prepare(normalized: Iterable[Normalized], limit: int, new_store: Callable[[], S]) -> Iterator[Prepared[S]]:
    """Yields at least one part, and another one whenever a part would get longer than ``limit`` bytes.

    An ID is looked for within its part only, so it may stand in two.
    """
    draft, distinct, tally = new_store(), Distinct(), Tally()
    for lines, new in normalized:
        if draft.bytes and draft.bytes + len(lines.text) > limit:
            yield _finish(draft, distinct, tally, new_store)
            draft, distinct, tally = new_store(), Distinct(), Tally()
        draft.write(lines.text)
        distinct.add(lines.numbers())
        tally += new
    yield _finish(draft, distinct, tally, new_store)


def _finish(draft: S, distinct: Distinct, tally: Tally, new_store: Callable[[], S]) -> Prepared[S]:
    repeats, numbers = distinct.finish()
    store = draft
    if len(repeats):
        store = new_store()
        for block in without(draft.read(), repeats):
            store.write(block)
        draft.close()
    counts = Counts(
        lines=tally.lines,
        blank=tally.blank,
        accepted=len(numbers),
        duplicate=len(repeats),
        rejected=tally.rejected,
    )
    return Prepared(store, counts, tally.headers, numbers)
