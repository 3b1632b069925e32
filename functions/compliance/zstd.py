"""Unpacks zstd as it streams by."""

import sys
from collections.abc import Iterator

from compliance.errors import PartTooLarge, UnsupportedInput

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_WINDOW_LOG = 27
_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
_BLOCK = 1 << 20
_PIECE = 1 << 16
"""What is unpacked at a time. What follows a frame is copied: with large pieces, many tiny frames would take long."""


def unzstd(blocks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """Unpacks zstd, several frames in a row too, into blocks of at most 1 MiB.

    Takes 128 MiB of memory at most, for the largest window that ``zstd --ultra -22`` and ``--long`` ask for [RFC 8878].

    Raises UnsupportedInput for a damaged or cut-off file, and for one that needs a larger window or a dictionary;
    PartTooLarge when more than ``limit`` bytes come out.
    """
    frame = zstd.ZstdDecompressor(options=_OPTIONS)
    unpacked = 0
    is_open = False
    for piece in _pieces(blocks):
        packed = piece
        while packed or (is_open and not frame.needs_input):
            is_open = True
            plain = _unpack(frame, packed, _BLOCK)
            unpacked += len(plain)
            if unpacked > limit:
                raise PartTooLarge(
                    f"The zstd file unpacks to more than {limit} bytes, as much as one invocation reads: "
                    "drop it unpacked, or in several files."
                )
            if plain:
                yield plain
            packed = b""
            if frame.eof:
                packed, frame, is_open = frame.unused_data, zstd.ZstdDecompressor(options=_OPTIONS), False
    if is_open:
        raise UnsupportedInput("The zstd file is cut off: upload it again.")


def first_unzstd(packed: bytes, size: int) -> bytes:
    """What the beginning of a zstd file unpacks to, ``size`` bytes at most.

    A block gives nothing before it is whole, and has 128 KiB at most. Raises UnsupportedInput as ``unzstd`` does.
    """
    plain = b""
    while packed and len(plain) < size:
        frame = zstd.ZstdDecompressor(options=_OPTIONS)
        plain += _unpack(frame, packed, size - len(plain))
        packed = frame.unused_data
    return plain


def _pieces(blocks: Iterator[bytes]) -> Iterator[bytes]:
    return (block[at : at + _PIECE] for block in blocks for at in range(0, len(block), _PIECE))


def _unpack(frame: zstd.ZstdDecompressor, packed: bytes, size: int) -> bytes:
    try:
        return frame.decompress(packed, size)
    except zstd.ZstdError as error:
        if "too much memory" in str(error):
            raise UnsupportedInput(
                f"The zstd file needs a window of more than {1 << _WINDOW_LOG >> 20} MiB: pack it again without --long."
            ) from None
        if "ictionary" in str(error):
            raise UnsupportedInput("The zstd file needs a dictionary: pack it again without one.") from None
        raise UnsupportedInput("The zstd file is damaged: pack it again.") from None
