"""Sorts the lines of X's answer by their shapes, thousands at a time.

A line's shape is the line with a zero for each digit. An answer of millions of lines has a few dozen shapes, so that it
is enough to read each of these once, as long as nothing depends on the digits themselves.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from compliance.results import parse_line

Counts = Counter[tuple[str | None, str | None]]
"""How many lines have each action and reason."""

_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_ODD = b"odd"
"""Stands for the shape of a line whose digits mislead, and for one that is too long to be remembered."""

_LONGEST = 1 << 10
"""Bytes of a shape. A usual one has 250; those that are remembered take 4 MB at most."""

_TIME = re.compile(r"0000-00-00T00:00:00(?:\.000)?(?:Z|\+00:00)")
_OFFSET = b'+00:00"'
_TIMES = ("created_at", "redacted_at", "deleted_at")


@dataclass(frozen=True, slots=True)
class Shape:
    """What all lines of a shape have in common.

    Of a ``plain`` one, columns of the types that they should have say everything; of a ``kept`` one they do so too, but
    the line is kept beside them; an ``odd`` one has to be read by itself.
    """

    kind: Literal["plain", "kept", "odd"]
    action: str | None = None
    reason: str | None = None


@dataclass
class SortedLines:
    """The lines of a text by the kinds of their shapes, and what those that are not odd say."""

    plain: bytes = b""
    kept: bytes = b""
    odd: list[bytes] = field(default_factory=list)
    counts: Counts = field(default_factory=Counter)


def sort_lines(text: bytes) -> SortedLines:
    """Sorts a text of whole lines. Blank lines go nowhere."""
    shape_by_line = text.translate(_ZEROS).split(b"\n")
    numbers = Counter(shape_by_line)
    lines: list[bytes] = []
    if _misleads(text, numbers):
        lines = text.split(b"\n")
        shape_by_line = [
            _ODD if _misleads(line, {shape: 1}) else shape for line, shape in zip(lines, shape_by_line, strict=True)
        ]
        numbers = Counter(shape_by_line)
    is_without_blanks = numbers.pop(b"") == 1
    shapes_of: dict[str, set[bytes]] = {"plain": set(), "kept": set(), "odd": set()}
    counts: Counts = Counter()
    for shape, number in numbers.items():
        about = shape_of(shape if len(shape) <= _LONGEST else _ODD)
        shapes_of[about.kind].add(shape)
        if about.kind != "odd":
            counts[about.action, about.reason] += number
    if is_without_blanks and shapes_of["plain"] == numbers.keys():
        return SortedLines(plain=text, counts=counts)
    lines = lines or text.split(b"\n")
    by_kind = {
        kind: [line for line, shape in zip(lines, shape_by_line, strict=True) if shape in those] if those else []
        for kind, those in shapes_of.items()
    }
    return SortedLines(_joined(by_kind["plain"]), _joined(by_kind["kept"]), by_kind["odd"], counts)


def _joined(lines: list[bytes]) -> bytes:
    return b"\n".join([*lines, b""])


def _misleads(text: bytes, shapes: Mapping[bytes, int]) -> bool:
    """Whether digits may say what their shape does not: an offset that is not zero."""
    offsets = sum(number * shape.count(_OFFSET) for shape, number in shapes.items())
    return offsets > 0 and offsets != text.count(_OFFSET)


@lru_cache(4096)
def shape_of(shape: bytes) -> Shape:
    """Reads a shape as ``parse_line`` reads a line of it."""
    record = parse_line(shape.replace(b'"0000-00-00T', b'"2000-01-01T'))
    values = _values(shape)
    if record is None or values is None or "0" in f"{record.action}{record.reason}":
        return Shape("odd")
    is_geo = (values.get("action"), record.action) == ("delete", "scrub_geo")
    is_read = record.error is None and record.action is not None and (record.raw is None or is_geo)
    return Shape("kept" if is_geo else "plain", record.action, record.reason) if is_read else Shape("odd")


def _values(shape: bytes) -> dict[str, str | None] | None:
    """The fields of an object that is written in one way only, with an ID of digits and times of the usual forms."""
    if not shape.isascii() or b"\\" in shape or not shape.startswith(b"{") or not shape.endswith(b"}"):
        return None
    try:
        pairs = json.loads(shape, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    values = dict(pairs)
    is_usual = (
        len(values) == len(pairs)
        and all(value is None or isinstance(value, str) for value in values.values())
        and all(_TIME.fullmatch(values[name]) for name in _TIMES if values.get(name) is not None)
        and not (values.get("id") or "no ID").strip("0")
        and "error" not in values
    )
    return values if is_usual else None
