"""The files that are uploaded: 19-digit IDs, one per line, always the same ones."""

import base64
import random
from dataclasses import dataclass
from pathlib import Path

import google_crc32c

LINE = 20
LINES_PER_BLOCK = 50_000
_BLOCK = 1 << 20
_DIGITS = bytes(b"0123456789"[value % 10] for value in range(256))


@dataclass(frozen=True)
class Dataset:
    """A file, its length in bytes, and its CRC32C in base64."""

    path: Path
    bytes: int
    crc32c: str


def dataset(directory: Path, mib: int) -> Dataset:
    """A file of whole lines, at most ``mib`` MiB long, made where it is missing.

    It is read once in any case, for its checksum, so that every upload finds it in the page cache.
    """
    path = directory / f"ids-{mib}.txt"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        _write(path, (mib << 20) // LINE)
    checksum = 0
    with path.open("rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            checksum = google_crc32c.extend(checksum, block)
    return Dataset(path, path.stat().st_size, base64.b64encode(checksum.to_bytes(4, "big")).decode())


def _write(path: Path, lines: int) -> None:
    source = random.Random(path.name)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        for first in range(0, lines, LINES_PER_BLOCK):
            file.write(clean_block(source, min(LINES_PER_BLOCK, lines - first)))
    unfinished.rename(path)


def clean_block(source: random.Random, lines: int) -> bytearray:
    """So many lines, each a new ID."""
    block = bytearray(source.randbytes(lines * LINE).translate(_DIGITS))
    block[::LINE] = b"1" * lines
    block[LINE - 1 :: LINE] = b"\n" * lines
    return block
