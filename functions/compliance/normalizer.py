"""Turns text into lines of one plain ID each, and accounts for every line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from compliance.blocks import whole_lines
from compliance.columns import is_header
from compliance.ids import BOM, MAX_LINE, MAX_TEXT, NOTICE, Reason, Reject, read_id
from compliance.lines import SHORT, Lines, Positions, Scanner

_NOTICE = NOTICE.encode()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many lines were read, and what became of them: any other is an ID."""

    lines: int = 0
    blank: int = 0
    notice: int = 0
    rejected: int = 0
    headers: int = 0

    def __add__(self, more: "Tally") -> "Tally":
        return Tally(
            self.lines + more.lines,
            self.blank + more.blank,
            self.notice + more.notice,
            self.rejected + more.rejected,
            self.headers + more.headers,
        )


Normalized = tuple[Lines, Tally]
"""The IDs of a block of text, and what became of its lines."""


@dataclass
class Normalizer:
    """Reads blocks of text. A block's plain lines are taken as they are; any other line is looked at by itself.

    A byte-order mark, CRLF, surrounding spaces or quotes, blank lines and a missing last newline are tolerated.
    Rejects go to ``reject`` as they are met; so does the header of a file's only column, which may be its first line
    with text, where ``is_beginning`` says that the lines are a file's first. A NOTICE is one where ``has_notices`` says
    that a reader gives them.
    """

    reject: Callable[[Reject], None] = field(repr=False)
    is_beginning: bool = True
    has_notices: bool = False
    _scanner: Scanner = field(default_factory=Scanner, repr=False)
    _before: Tally = Tally()
    _blank: int = 0
    _notice: int = 0
    _rejected: int = 0
    _headers: int = 0

    def normalize(self, blocks: Iterator[bytes]) -> Iterator[Normalized]:
        """Yields the IDs of each block, in their order, and the block's tally."""
        for block in whole_lines(blocks, MAX_LINE, SHORT):
            # Where one line ends with CRLF most do; a few among others are read by themselves.
            text = block.replace(b"\r\n", b"\n") if block.endswith(b"\r\n") else block
            lines, is_plain = self._scanner.scan(text)
            yield self._take(lines, np.flatnonzero(~is_plain))

    def _take(self, lines: Lines, odd: Positions) -> Normalized:
        """The lines with the IDs of the ``odd`` ones in place of these."""
        self._blank = self._notice = self._rejected = self._headers = 0
        starts, ends = lines.starts[odd].tolist(), lines.ends[odd].tolist()
        texts = [
            self._read(index + 1, lines.text[start:end])
            for index, start, end in zip(odd.tolist(), starts, ends, strict=True)
        ]
        found = lines.replaced(odd, texts)
        tally = Tally(len(lines), self._blank, self._notice, self._rejected, self._headers)
        self._before += tally
        return found, tally

    def _read(self, number: int, line: bytes) -> bytes | None:
        """The ID of the block's line with this ``number``; without one it is counted as blank, notice or rejected."""
        number += self._before.lines
        line = line.removesuffix(b"\r")
        if number == 1:
            line = line.removeprefix(BOM)
        if not line.strip() and len(line) <= MAX_LINE:
            self._blank += 1
            return None
        if self.has_notices and line == _NOTICE:
            self._notice += 1
            return None
        id_or_reason = read_id(line)
        if isinstance(id_or_reason, int):
            return b"%d" % id_or_reason
        is_first = self.is_beginning and number - self._before.blank - self._blank == 1
        self._refuse(number, "header" if is_first and is_header(line) else id_or_reason, line)
        return None

    def _refuse(self, number: int, reason: Reason, line: bytes) -> None:
        self._rejected += 1
        self._headers += reason == "header"
        self.reject(Reject(number, reason, line[: 4 * MAX_TEXT].strip().decode(errors="replace")[:MAX_TEXT]))
