"""Text that comes in blocks."""

import sys
from collections.abc import Iterable, Iterator

from compliance.errors import StepFailed

LONGEST = 64 << 20
"""Bytes of a line that is held in memory."""


def whole_lines(blocks: Iterable[bytes], longest: int = sys.maxsize, size: int = 1 << 20) -> Iterator[bytes]:
    """The same text in blocks of about ``size`` bytes at most that end with a newline.

    Of a line over ``longest`` bytes the beginning is kept.
    """
    rest: list[bytes] = []
    room = longest + 1
    for block in blocks:
        start = 0
        for stop in range(size, len(block) + size, size):
            end = block.rfind(b"\n", start, stop) + 1
            if end:
                yield b"".join([*rest, block[start:end]])
                rest, room, start = [], longest + 1, end
        if start < len(block) and room:
            rest.append(block[start : start + room])
            room -= len(rest[-1])
    if rest:
        yield b"".join([*rest, b"\n"])


def long_texts(blocks: Iterable[bytes], least: int) -> Iterator[list[bytes]]:
    """The same text in several that have ``least`` bytes, and more up to the next newline. Each comes in pieces.

    They are the same whatever the blocks are. Raises StepFailed when a line has more than LONGEST bytes.
    """
    pieces: list[bytes] = []
    room = least
    for block in blocks:
        start = 0
        while end := block.find(b"\n", start + max(0, room - 1)) + 1:
            yield [*pieces, block[start:end]]
            pieces, room, start = [], least, end
        pieces.append(block[start:])
        room -= len(block) - start
        if room < -LONGEST:
            raise StepFailed(f"X's answer has a line of more than {LONGEST >> 20} MB, which is no record.")
    if rest := b"".join(pieces):
        yield [rest] if rest.endswith(b"\n") else [rest, b"\n"]
