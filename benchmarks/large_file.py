"""A large file of post IDs, and what must come of it, both made a block of arrays at a time."""

from collections.abc import Sequence
from pathlib import Path

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from xcompliance.sandbox.simulator.rule import affected, rule
from xcompliance.truth import PartTruth, Truth

LINE = 20
"""Bytes of each line: 19 characters and a newline."""

_FIRST = 10**18
_SPAN = 9 * 10**17
"""The IDs of 19 digits that X has given out up to 2026, and will for a while."""

_BLOCK = 500_000
_DUPLICATE_ONE_IN = 100
_REJECT_ONE_IN = 1000
_DIGITS = 19
_POWERS = 10 ** np.arange(_DIGITS - 1, -1, -1, dtype=np.uint64)

Matrix = NDArray[np.uint8]
Numbers = NDArray[np.uint64]


def write_large_file(path: Path, count: int, seed: int) -> None:
    """Writes ``count`` different IDs, in no order within a block of them.

    One line in 100 repeats the one before, and one in 1,000 is no ID: it begins with a minus.
    """
    source = np.random.default_rng(seed)
    step = _SPAN // count
    with path.open("wb") as file:
        for begin in range(0, count, _BLOCK):
            indexes = source.permutation(np.arange(begin, min(begin + _BLOCK, count), dtype=np.uint64))
            ids = _FIRST + indexes * step + source.integers(0, step, len(indexes), dtype=np.uint64)
            chosen = source.choice(len(ids), len(ids) // _DUPLICATE_ONE_IN, replace=False)
            lines = _text(np.insert(ids, chosen, ids[chosen]))
            odd = source.choice(len(lines), len(lines) // _REJECT_ONE_IN, replace=False)
            lines = np.insert(lines, odd, lines[odd], axis=0)
            lines[odd + np.argsort(np.argsort(odd)), 0] = ord("-")
            file.write(lines.tobytes())


def truth_of(path: Path, part_starts: Sequence[int]) -> Truth:
    """What must come of a file that ``write_large_file`` wrote, of which parts begin at ``part_starts`` (bytes).

    An ID counts as a duplicate within its part.
    """
    truth = Truth("tweets", parts=[])
    firsts = [-(-start // LINE) for start in part_starts]
    for first, last in zip(firsts, [*firsts[1:], path.stat().st_size // LINE], strict=True):
        lines = np.fromfile(path, np.uint8, (last - first) * LINE, offset=first * LINE).reshape(-1, LINE)
        is_id = lines[:, 0] != ord("-")
        truth.rejected += int(np.count_nonzero(~is_id))
        lines = lines[is_id]
        kept = np.sort(np.unique(_numbers(lines), return_index=True)[1])
        truth.duplicate += len(lines) - len(kept)
        truth.parts.append(_part(lines[kept].tobytes()))
    return truth


def _part(content: bytes) -> PartTruth:
    names = content.split(b"\n")[:-1]
    records = {name.decode(): rule("tweets", name.decode(), "gcs") for name in affected("tweets", names)}
    return PartTruth(
        accepted=len(names),
        bytes=len(content),
        checksum=google_crc32c.value(content),
        affected={name: record for name, record in records.items() if record},
    )


def _text(numbers: Numbers) -> Matrix:
    lines = np.empty((len(numbers), LINE), np.uint8)
    left = numbers.copy()
    for column in range(_DIGITS - 1, -1, -1):
        left, lines[:, column] = np.divmod(left, np.uint64(10))
    lines[:, :_DIGITS] += ord("0")
    lines[:, _DIGITS] = ord("\n")
    return lines


def _numbers(lines: Matrix) -> Numbers:
    numbers = np.zeros(len(lines), np.uint64)
    for column in range(_DIGITS):
        numbers += (lines[:, column] - np.uint8(ord("0"))) * _POWERS[column]
    return numbers
