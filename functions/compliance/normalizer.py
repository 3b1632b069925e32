"""Turns text into lines of one plain ID each, and accounts for every line."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from compliance.blocks import whole_lines
from compliance.columns import is_header
from compliance.ids import BOM, EMBEDDED, MAX_LINE, MAX_TEXT, NOTICE, Reason, Reject, read_id
from compliance.lines import SHORT, Lines, Positions, Scanner, rows_at
from compliance.wrapped import Flags, unwrap

_AROUND = 8
"""More bytes than are taken away of a line before its length is looked at: those of a mark, and carriage returns."""

_FEW, _RARE = 64, 50
"""So many odd lines of a block are looked at one by one, or one in so many lines if that is more."""

_NOTICE, _EMBEDDED = NOTICE.encode(), EMBEDDED.encode()
_NONE = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of the lines read and of those that are not an ID.

    IDs ``embedded`` in a line do not count as lines.
    """

    lines: int = 0
    embedded: int = 0
    blank: int = 0
    notice: int = 0
    rejected: int = 0
    headers: int = 0

    def __add__(self, more: "Tally") -> "Tally":
        return Tally(
            self.lines + more.lines,
            self.embedded + more.embedded,
            self.blank + more.blank,
            self.notice + more.notice,
            self.rejected + more.rejected,
            self.headers + more.headers,
        )


Normalized = tuple[Lines, Tally]
"""The IDs of a block of text, and what became of its lines."""


@dataclass
class Normalizer:
    """Reads blocks of text. Plain lines are taken as they are. Others are looked at one by one while they are few in a
    block, and all at once if they are many.

    A byte-order mark, CRLF, surrounding spaces or quotes, blank lines and a missing last newline are tolerated.
    ``reject`` is told of ``most_rejects`` rejected lines at most, as they are met, and of the header of a file's only
    column, which may be its first line with text, where ``is_beginning`` says that the lines are a file's first.
    NOTICE and EMBEDDED mean what they say where ``has_marks`` says that a reader gives them.
    """

    reject: Callable[[Reject], None] = field(repr=False)
    is_beginning: bool = True
    has_marks: bool = False
    most_rejects: int = sys.maxsize
    _scanner: Scanner = field(default_factory=Scanner, repr=False)
    _before: Tally = Tally()
    _blank: int = 0
    _notice: int = 0
    _rejected: int = 0
    _headers: int = 0
    _told: int = 0
    _embedded: Positions = field(default_factory=lambda: _NONE, repr=False)

    def normalize(self, blocks: Iterator[bytes]) -> Iterator[Normalized]:
        """Yields the IDs of each block, in their order, and the block's tally."""
        for block in whole_lines(blocks, MAX_LINE + _AROUND, SHORT):
            # Where one line ends with CRLF most do; a few among others are read by themselves.
            text = block.replace(b"\r\n", b"\n") if block.endswith(b"\r\n") else block
            if self.is_beginning and not self._before.lines:
                text = text.removeprefix(BOM)
            self._embedded = _embedded(text) if self.has_marks and _EMBEDDED in text else _NONE
            if len(self._embedded):
                text = text.removeprefix(_EMBEDDED).replace(b"\n" + _EMBEDDED, b"\n")
            lines, is_plain = self._scanner.scan(text)
            self._blank = self._notice = self._rejected = self._headers = 0
            odd = np.flatnonzero(~is_plain)
            found = self._few(lines, odd) if len(odd) <= max(_FEW, len(lines) // _RARE) else self._many(lines)
            embedded = len(self._embedded)
            read = len(lines) - embedded
            tally = Tally(read, embedded, self._blank, self._notice, self._rejected, self._headers)
            self._before += tally
            yield found, tally

    def _few(self, lines: Lines, odd: Positions) -> Lines:
        """The lines with the IDs of the ``odd`` ones in place of these."""
        texts = zip(odd.tolist(), lines.texts(odd), strict=True)
        return lines.replaced(odd, [self._read(index, line, self._blank) for index, line in texts])

    def _many(self, lines: Lines) -> Lines:
        """The IDs of lines of which many are odd."""
        found = unwrap(lines, _is_wrapping, MAX_LINE)
        is_rejected = ~(found.is_id | found.is_blank | found.is_open)
        if self.has_marks:
            is_rejected &= ~(is_notice := _are(_NOTICE, lines))
            self._notice = int(np.count_nonzero(is_notice))
        first = np.flatnonzero(~found.is_blank)[:1]
        is_read = is_rejected & (np.cumsum(is_rejected) <= self.most_rejects - self._told)
        is_read[first] = is_rejected[first]  # it may be a header
        self._rejected = int(np.count_nonzero(is_rejected & ~is_read))
        read = np.flatnonzero(is_read | found.is_open)
        blank = np.cumsum(found.is_blank)[read].tolist()
        texts = [
            self._read(index, line, blank + self._blank)
            for index, line, blank in zip(read.tolist(), lines.texts(read), blank, strict=True)
        ]
        self._blank += int(np.count_nonzero(found.is_blank))
        is_open = found.is_open[read]
        places = (np.cumsum(found.is_id | found.is_open) - 1)[read[is_open]]
        return found.lines.replaced(places, [text for text, is_kept in zip(texts, is_open, strict=True) if is_kept])

    def _read(self, index: int, line: bytes, blank: int) -> bytes | None:
        """The ID of the block's line with this ``index``, before which ``blank`` ones are.

        Without one it is counted as blank, notice or rejected.
        """
        line = line.removesuffix(b"\r")
        if not line.strip() and len(line) <= MAX_LINE:
            self._blank += 1
            return None
        if self.has_marks and line == _NOTICE:
            self._notice += 1
            return None
        id_or_reason = read_id(line)
        if isinstance(id_or_reason, int):
            return b"%d" % id_or_reason
        is_first = self.is_beginning and self._before.lines == self._before.blank and index == blank
        self._refuse(index, "header" if is_first and is_header(line) else id_or_reason, line)
        return None

    def _refuse(self, index: int, reason: Reason, line: bytes) -> None:
        self._rejected += 1
        self._headers += reason == "header"
        if self._told < self.most_rejects:
            self._told += 1
            text = line[: 4 * MAX_TEXT].strip().decode(errors="replace")[:MAX_TEXT]
            line_number = self._before.lines + index + 1 - int(np.searchsorted(self._embedded, index, "right"))
            self.reject(Reject(line_number, reason, text))


def _is_wrapping(before: bytes, behind: bytes) -> bool:
    """Whether an ID may have this around it."""
    return read_id(before + b"1" + behind) == 1


def _embedded(text: bytes) -> Positions:
    """Return which lines of a text have EMBEDDED before their ID, counted from 0."""
    return np.flatnonzero(np.frombuffer(text, np.uint8)[Lines.of(text).starts] == _EMBEDDED[0])


def _are(text: bytes, lines: Lines) -> Flags:
    """Which lines are a certain text."""
    found: Flags = lines.ends - lines.starts == len(text)
    if not found.any():
        return found
    rows = rows_at(lines.text, lines.starts[found], len(text))
    found[found] = (rows == np.frombuffer(text, np.uint8)).all(axis=1)
    return found
