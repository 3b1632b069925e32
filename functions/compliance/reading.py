"""From the segments of a part to the IDs of its lines, with an account of what was rejected. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from compliance.causes import MOST_TOLD, cause_of
from compliance.ids import Reject
from compliance.normalizer import Normalized, Normalizer
from compliance.segments import Segment

MAX_REJECTS = 100_000
"""Rejected lines of a part that are listed; all are counted. Bounds the memory that a file of garbage takes."""


@dataclass
class Rejects:
    """The rejected lines of a part: ``write`` takes the first ones, each with the segment it comes from."""

    write: Callable[[Segment, Reject], None]
    listed: int = 0
    causes: Counter[str] = field(default_factory=Counter)

    def add(self, segment: Segment, line: Reject) -> None:
        """Write a line, and look for its cause."""
        self.write(segment, line)
        self.listed += 1
        if self.listed <= MOST_TOLD and (cause := cause_of(line.text)):
            self.causes[cause] += 1


def normalized(
    segments: Iterable[Segment], id_lines: Callable[[Segment], Iterator[bytes]], rejects: Rejects
) -> Iterator[Normalized]:
    """Yield the IDs of each block of the segments' lines, as ``id_lines`` reads them, and what became of the lines."""
    for segment in segments:
        normalizer = Normalizer(
            partial(rejects.add, segment),
            is_beginning=segment.start == 0 and segment.format.kind == "lines",
            has_marks=segment.format.kind in ("jsonl", "json"),
            most_rejects=MAX_REJECTS - rejects.listed,
        )
        yield from normalizer.normalize(id_lines(segment))
