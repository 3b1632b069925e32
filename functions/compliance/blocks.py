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


def long_texts(blocks: Iterable[bytes], least: int) -> Iterator[list[bytes]]:
    """The same text in several that end with a newline and have about ``least`` bytes or more, each in pieces."""
    pieces: list[bytes] = []
    room = least
    for block in blocks:
        room -= len(block)
        end = block.rfind(b"\n") + 1 if room <= 0 else 0
        if end:
            yield [*pieces, block[:end]]
            pieces, room = [], least
        pieces.append(block[end:])
    if rest := b"".join(pieces):
        yield [rest] if rest.endswith(b"\n") else [rest, b"\n"]
