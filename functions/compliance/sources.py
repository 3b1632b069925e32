"""From an inbox object's bytes to the lines of one part."""

import zlib
from collections.abc import Iterator

from compliance.errors import PartTooLarge, UnsupportedInput

GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31
_BLOCK = 1 << 20


def cut_to_lines(blocks: Iterator[bytes], start: int, end: int) -> Iterator[bytes]:
    """The lines that begin at bytes ``start`` to ``end`` (exclusive) of an object, whole.

    ``blocks`` must begin at byte ``start - 1`` (or 0), as the byte before tells whether a line begins at ``start``;
    they may run on to the end of the object: reading stops with the part's last line.
    """
    position = max(0, start - 1)
    is_inside = start == 0
    for block in blocks:
        begin = 0
        if not is_inside:
            begin = block.find(b"\n") + 1
            if begin == 0:
                position += len(block)
                if position >= end - 1:
                    return
                continue
            if position + begin >= end:
                return
            is_inside = True
        stop = block.find(b"\n", max(begin, end - 1 - position)) + 1
        if position + len(block) >= end and stop:
            yield block[begin:stop]
            return
        yield block[begin:]
        position += len(block)


def gunzip(blocks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """Unpacks gzip, several members in a row too and zeros behind them, into blocks of at most 1 MiB.

    Raises UnsupportedInput for a damaged or cut-off file, PartTooLarge when more than ``limit`` bytes come out.
    """
    member = zlib.decompressobj(_GZIP_WINDOW)
    unpacked = 0
    is_open = False
    for block in blocks:
        packed = block
        while packed := packed if is_open else packed.lstrip(b"\0"):
            is_open = True
            plain = _unpack(member, packed, _BLOCK)
            unpacked += len(plain)
            if unpacked > limit:
                raise PartTooLarge(
                    f"The gzip file unpacks to more than {limit} bytes, as much as one invocation reads: "
                    "drop it unpacked, or in several files."
                )
            if plain:
                yield plain
            packed = member.unconsumed_tail
            if member.eof:
                packed, member, is_open = member.unused_data, zlib.decompressobj(_GZIP_WINDOW), False
    if is_open:
        raise UnsupportedInput("The gzip file is cut off: upload it again.")


def first_gunzipped(packed: bytes, size: int) -> bytes:
    """What the beginning of a gzip file unpacks to, ``size`` bytes at most.

    Raises UnsupportedInput for a damaged file.
    """
    plain = b""
    while len(plain) < size and (packed := packed.lstrip(b"\0")):
        member = zlib.decompressobj(_GZIP_WINDOW)
        plain += _unpack(member, packed, size - len(plain))
        packed = member.unused_data
    return plain


def _unpack(member: "zlib._Decompress", packed: bytes, size: int) -> bytes:
    try:
        return member.decompress(packed, size)
    except zlib.error:
        raise UnsupportedInput("The gzip file is damaged: pack it again.") from None


def plan_ranges(total: int, part_bytes: int) -> list[tuple[int, int]]:
    """Cuts ``total`` bytes into as few ranges of about the same length as fit into parts of ``part_bytes``."""
    count = -(-total // part_bytes)
    return [(total * index // count, total * (index + 1) // count) for index in range(count)]
