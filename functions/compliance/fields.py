"""What a line of X's answer says, and where in it, as long as it is written as X writes them."""

import json
import re
from typing import NamedTuple

from compliance.ids import MAX_DIGITS
from compliance.results import parse_line

_FIELD = re.compile(rb'"(id|created_at|redacted_at|deleted_at)"\s*:\s*"([^"]*)"')
_ID = re.compile(rb"[0-9]{1,%d}" % MAX_DIGITS)
_TIME = re.compile(rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3})?)(?:Z|\+00:00)")
_ANY_TIME = b"2000-01-01T00:00:00.000"


class Place(NamedTuple):
    """Where an ID or a time stands in a line: its first byte, and the one behind its last."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start


class Said(NamedTuple):
    """What a line says in words."""

    action: str
    reason: str | None


class Fields(NamedTuple):
    """What a line says. ``deleted_at`` is there beside ``redacted_at`` only, and has to be the same.

    Where that does not say everything, the line ``is_kept`` as well, as ``raw``.
    """

    said: Said
    is_kept: bool
    id: Place
    created_at: Place | None
    redacted_at: Place | None
    deleted_at: Place | None

    @property
    def times(self) -> tuple[Place | None, Place | None]:
        """Of which a record is to have both."""
        return self.created_at, self.redacted_at

    @property
    def places(self) -> list[Place]:
        """All of them."""
        return [place for place in (self.id, *self.times, self.deleted_at) if place]

    @property
    def least_id(self) -> int:
        """What an ID of so many digits is at least, if none is a leading zero."""
        return 10 ** (self.id.size - 1) if self.id.size > 1 else 0


def fields_of(line: bytes) -> Fields | None:
    """The fields of a line, whatever its ID and its times are; None if it has to be read by itself."""
    if not _is_usual(line):
        return None
    spans = {match[1].decode(): match.span(2) for match in _FIELD.finditer(line)}
    number = _ID.fullmatch(line, *spans.pop("id", (0, 0)))
    times = {name: match for name, span in spans.items() if (match := _TIME.fullmatch(line, *span))}
    if number is None or times.keys() != spans.keys():
        return None
    created_at, redacted_at, deleted_at = (
        Place(*times[name].span(1)) if name in times else None for name in ("created_at", "redacted_at", "deleted_at")
    )
    if redacted_at is None:
        redacted_at, deleted_at = deleted_at, None
    canonical = line
    for match in times.values():
        start, end = match.span(1)
        canonical = canonical[:start] + _ANY_TIME[: end - start] + canonical[end:]
    record = parse_line(canonical)
    if record is None or record.action is None:
        return None
    if redacted_at and deleted_at and redacted_at.size != deleted_at.size:
        return None
    said, place = Said(record.action, record.reason), Place(*number.span())
    return Fields(said, record.raw is not None, place, created_at, redacted_at, deleted_at)


def _is_usual(line: bytes) -> bool:
    """Whether it is an object of texts, each of which stands there as it is, with no name twice, and no error."""
    if not line.isascii() or b"\\" in line or not line.startswith(b"{") or not line.endswith(b"}"):
        return False
    try:
        pairs = json.loads(line, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return False
    values = dict(pairs)
    return (
        len(values) == len(pairs)
        and all(value is None or isinstance(value, str) for value in values.values())
        and "error" not in values
    )
