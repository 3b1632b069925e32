"""Preparation in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from compliance.ids import MAX_ID, Reject
from compliance.normalizer import Normalizer
from compliance.preparation import prepare
from compliance.runs import Counts, Oddities


class MemoryStore:
    """Keeps the blocks that are written to it."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.bytes = 0

    def write(self, block: bytes) -> None:
        self.blocks.append(block)
        self.bytes += len(block)

    def read(self) -> Iterator[bytes]:
        yield from self.blocks

    def close(self) -> None:
        self.blocks.clear()


@dataclass(frozen=True)
class Part:
    """What became of blocks of text."""

    content: bytes
    counts: Counts
    oddities: Oddities
    rejects: list[Reject]


def prepared_parts(
    blocks: Iterable[bytes], limit: int, *, is_beginning: bool = True, latest: int = MAX_ID, has_marks: bool = False
) -> list[Part]:
    """All parts; the rejects of each are those of all."""
    rejects: list[Reject] = []
    normalizer = Normalizer(rejects.append, is_beginning=is_beginning, has_marks=has_marks)
    return [
        Part(b"".join(part.store.blocks), part.counts, part.oddities(latest), rejects)
        for part in prepare(normalizer.normalize(iter(blocks)), limit, MemoryStore)
    ]


def prepared(blocks: Iterable[bytes], *, is_beginning: bool = True, latest: int = MAX_ID) -> Part:
    """The only part."""
    (part,) = prepared_parts(blocks, 10**12, is_beginning=is_beginning, latest=latest)
    return part
