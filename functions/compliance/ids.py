"""Reads lines into IDs and accounts for every line."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from compliance.plausibility import bounds, oddities
from compliance.runs import Counts, Oddities

Reason = Literal["header", "not_digits", "too_many_digits", "leading_zero", "out_of_range", "line_too_long"]

MAX_ID = 2**63 - 1
"""X's IDs are 64-bit integers."""

MAX_DIGITS = 19
"""Digits of an ID at most [X OpenAPI]."""

MAX_LINE = 4096
"""Bytes of a line at most; a longer one is rejected without being held in memory."""

MAX_HEADER = 64
"""Bytes of a header line at most."""

MAX_TEXT = 100
"""Characters of a rejected line that are kept for its reader."""

_LINE = re.compile(rb"""(["']?)\s*+([0-9]++)\s*+\1""")
"""Possessive, so that no line takes longer than its length."""

_HEADER = re.compile(rb"""(["']?)\s*+(?:[a-z_][a-z0-9 _.-]*)?ids?(?:[ _.-]?str)?\s*+\1""", re.IGNORECASE)
"""Names of a column of IDs: id, tweet_id, "User ID", id_str."""

BOM = b"\xef\xbb\xbf"
"""What Windows programs write in front of UTF-8."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is no ID. ``line`` counts from 1 within the part; ``text`` is its beginning."""

    line: int
    reason: Reason
    text: str


@dataclass
class Normalizer:
    """Turns blocks of text into lines of one plain ID each, in their order, every ID once.

    A byte-order mark, CRLF, surrounding spaces or quotes, blank lines and a missing last newline are tolerated.
    Rejects go to ``reject`` as they are met; so does the header of a file's only column, which may be its first line
    with text. Memory grows with the number of different IDs, some 80 bytes for each.

    ``is_beginning`` says whether the lines are a file's first. IDs above ``latest`` are counted as from the future.
    """

    reject: Callable[[Reject], None] = field(repr=False)
    is_beginning: bool = True
    latest: int = MAX_ID
    counts: Counts = field(default_factory=lambda: Counts(lines=0, blank=0, accepted=0, duplicate=0, rejected=0))
    _seen: set[int] = field(default_factory=set, repr=False)
    _headers: int = 0
    _bounds: list[int] = field(init=False, repr=False)
    _bands: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._bounds = bounds(self.latest)
        self._bands = [0] * (len(self._bounds) + 1)

    @property
    def oddities(self) -> Oddities:
        """What there is to say of the lines besides their counts."""
        return oddities(self._bands, self._headers)

    def normalize(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yields the accepted IDs, each with a newline, block by block."""
        for lines in _split(blocks):
            accepted = [b"%d\n" % number for line in lines if (number := self._take(line)) is not None]
            if accepted:
                yield b"".join(accepted)

    def _take(self, line: bytes) -> int | None:
        """Counts a line, and returns its ID when it is a new one."""
        self.counts["lines"] += 1
        if self.counts["lines"] == 1:
            line = line.removeprefix(BOM)
        if not line.strip() and len(line) <= MAX_LINE:
            self.counts["blank"] += 1
            return None
        id_or_reason = read_id(line)
        if isinstance(id_or_reason, str):
            self._refuse("header" if self._is_header(line) else id_or_reason, line)
        elif id_or_reason in self._seen:
            self.counts["duplicate"] += 1
        else:
            self._seen.add(id_or_reason)
            self.counts["accepted"] += 1
            self._bands[bisect_right(self._bounds, id_or_reason)] += 1
            return id_or_reason
        return None

    def _is_header(self, line: bytes) -> bool:
        is_first = self.is_beginning and self.counts["lines"] - self.counts["blank"] == 1
        return is_first and len(line) <= MAX_HEADER and _HEADER.fullmatch(line.strip()) is not None

    def _refuse(self, reason: Reason, line: bytes) -> None:
        self.counts["rejected"] += 1
        self._headers += reason == "header"
        self.reject(
            Reject(self.counts["lines"], reason, line[: 4 * MAX_TEXT].strip().decode(errors="replace")[:MAX_TEXT])
        )


def read_id(line: bytes) -> int | Reason:
    """The ID that a line holds, or why it holds none."""
    if len(line) > MAX_LINE:
        return "line_too_long"
    match = _LINE.fullmatch(line.strip())
    if match is None:
        return "not_digits"
    digits = match[2]
    if digits.startswith(b"0"):
        return "leading_zero"
    if len(digits) > MAX_DIGITS:
        return "too_many_digits"
    number = int(digits)
    return number if number <= MAX_ID else "out_of_range"


def _split(blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """The lines of a stream without their newlines, block by block; of an overlong one only the beginning is kept."""
    rest = b""
    for block in blocks:
        lines = (rest + block).split(b"\n")
        rest = lines.pop()[: MAX_LINE + 1]
        yield lines
    if rest:
        yield [rest]
