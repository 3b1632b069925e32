"""Text that comes in blocks."""

import sys
from collections.abc import Iterable, Iterator


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
