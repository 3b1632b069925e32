"""From normalized lines to what X is sent: each ID once, in its order, one on a line."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from compliance.distinct import Distinct
from compliance.lines import Lines, Numbers, without
from compliance.normalizer import Normalized, Tally
from compliance.plausibility import bounds, oddities
from compliance.rounding import endings
from compliance.runs import Counts, Endings, Oddities


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

    def said(self, latest: int) -> dict[str, Any]:
        """Return what the part's record says of the IDs; those from ``latest`` on are from the future."""
        return {**self.counts, **self.oddities(latest), "endings": self.endings}

    def oddities(self, latest: int) -> Oddities:
        """What there is to say of the IDs; those from ``latest`` on are from the future."""
        below = [0, *(int(np.count_nonzero(self.numbers < bound)) for bound in bounds(latest)), len(self.numbers)]
        return oddities(np.diff(below).tolist(), self.headers)

    @property
    def endings(self) -> Endings:
        """How the IDs end, which tells whether they were rounded."""
        return endings(self.numbers)


def prepare(normalized: Iterable[Normalized], limit: int, new_store: Callable[[], S]) -> Iterator[Prepared[S]]:
    """Yields at least one part, and another one whenever a part would get longer than ``limit`` bytes.

    A part is full when that many bytes of different IDs are in it, or three quarters of them where few repeats were
    left to take out: to do that again and again for the last quarter would take long. An ID is looked for within its
    part only, so it may stand in two.
    """
    draft = _Draft(new_store)
    for lines, new in normalized:
        if draft.store.bytes and draft.store.bytes + len(lines.text) > limit:
            part = draft.settled()
            if part.store.bytes + max(len(lines.text), limit // 4) > limit:
                yield part
                draft = _Draft(new_store)
            else:
                draft.go_on(part)
            del part  # its numbers take as much memory as the next part's
        draft.add(lines, new)
    yield draft.settled()


class _Draft(Generic[S]):
    """A part that more lines may come to."""

    def __init__(self, new_store: Callable[[], S]) -> None:
        self.store = new_store()
        self._new_store = new_store
        self._distinct = Distinct()
        self._tally = Tally()
        self._duplicate = 0

    def add(self, lines: Lines, new: Tally) -> None:
        self.store.write(lines.text)
        self._distinct.add(lines.numbers())
        self._tally += new

    def settled(self) -> Prepared[S]:
        """The part, if nothing more comes to it: each ID once."""
        repeats, numbers = self._distinct.finish()
        store = self.store
        if len(repeats):
            store = self._new_store()
            for block in without(self.store.read(), repeats):
                store.write(block)
            self.store.close()
        counts = Counts(
            lines=self._tally.lines,
            blank=self._tally.blank,
            notice=self._tally.notice,
            embedded=self._tally.embedded,
            accepted=len(numbers),
            duplicate=self._duplicate + len(repeats),
            rejected=self._tally.rejected,
        )
        return Prepared(store, counts, self._tally.headers, numbers)

    def go_on(self, part: Prepared[S]) -> None:
        """Takes what it has become so far."""
        self.store = part.store
        self._duplicate = part.counts["duplicate"]
        self._distinct = Distinct()
        self._distinct.add(part.numbers)
