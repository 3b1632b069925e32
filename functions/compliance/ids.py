"""What a line with an ID looks like, and what is wrong with one that has none."""

import re
from dataclasses import dataclass
from typing import Literal

Reason = Literal["header", "not_digits", "too_many_digits", "leading_zero", "out_of_range", "line_too_long"]

MAX_ID = 2**63 - 1
"""X's IDs are 64-bit integers."""

MAX_DIGITS = 19
"""Digits of an ID at most [X OpenAPI]."""

MAX_LINE = 4096
"""Bytes of a line at most; a longer one is rejected without being held in memory."""

MAX_TEXT = 100
"""Characters of a rejected line that are kept for its reader."""

_LINE = re.compile(rb"""(["']?)\s*+([0-9]++)\s*+\1""")
_GUARDED = re.compile(rb"(?:=\"\s*+([0-9]++)\s*+\"|\"=\"\"\s*+([0-9]++)\s*+\"\"\"|[xX]([0-9]++))")
"""An ID as it is written to keep a spreadsheet from rounding it: ``="18"``, the same quoted for CSV,
and ``x18`` as rtweet does. Both patterns are possessive, so that no line takes longer than its length."""

NOTICE = "\x16notice"
"""The line that a reader gives for a notice in a recorded stream, such as that a post was deleted."""

EMBEDDED = "\x17"
"""Stands in a line before the ID of a post or user that is stored within a record."""


class Embedded(str):
    """The ID of a post or user that is stored within a record."""

    __slots__ = ()


BOM = b"\xef\xbb\xbf"
"""What Windows programs write in front of UTF-8."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is no ID. ``line`` counts from 1 within the part; ``text`` is its beginning."""

    line: int
    reason: Reason
    text: str


def read_id(line: bytes) -> int | Reason:
    """The ID that a line holds, or why it holds none."""
    if len(line) > MAX_LINE:
        return "line_too_long"
    text = line.strip()
    match = _LINE.fullmatch(text) or _GUARDED.fullmatch(text)
    if match is None:
        return "not_digits"
    digits: bytes = match[match.lastindex or 0]
    if digits.startswith(b"0"):
        return "leading_zero"
    if len(digits) > MAX_DIGITS:
        return "too_many_digits"
    number = int(digits)
    return number if number <= MAX_ID else "out_of_range"
