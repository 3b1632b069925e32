"""What a check must come to, worked out apart from the product: line by line, and by the simulator's rule."""

import base64
import gzip
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import google_crc32c

from compliance.errors import UnsupportedInput
from compliance.formats import HEAD_BYTES, format_of
from xcompliance.errors import CommandError
from xcompliance.sandbox.simulator.rule import rule
from xcompliance.sandbox.simulator.settings import Generation, JobType

MAX_LINE = 4096
"""Bytes of a line at most; a longer one is no ID."""


@dataclass
class PartTruth:
    """What X must receive of one part, and what it must answer."""

    accepted: int = 0
    bytes: int = 0
    checksum: int = 0
    affected: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By ID, X's record of it."""

    @property
    def crc32c(self) -> str:
        """Base64 of the big-endian value."""
        return base64.b64encode(self.checksum.to_bytes(4, "big")).decode()

    def accept(self, job_type: JobType, generation: Generation, ids: Iterable[int]) -> None:
        """Adds different IDs, in the order in which they are sent."""
        names = [str(each) for each in ids]
        content = "".join(f"{name}\n" for name in names).encode()
        self.accepted += len(names)
        self.bytes += len(content)
        self.checksum = google_crc32c.extend(self.checksum, content)
        self.affected |= {name: record for name in names if (record := rule(job_type, name, generation))}


@dataclass
class Truth:
    """All figures of one list, in which nothing is embedded. ``lines`` is the sum of the other counts and of what its
    parts accept.

    Of the duplicates, ``duplicate_across_parts`` stand in a lower part, where these count.
    """

    type: JobType
    blank: int = 0
    duplicate: int = 0
    rejected: int = 0
    duplicate_across_parts: int = 0
    parts: list[PartTruth] = field(default_factory=lambda: [PartTruth()])
    notice: int = 0
    embedded: int = 0

    @property
    def accepted(self) -> int:
        """IDs that X must be asked about."""
        return sum(part.accepted for part in self.parts)

    @property
    def lines(self) -> int:
        """Lines of the file."""
        return self.blank + self.notice + self.duplicate + self.rejected + self.accepted

    def count(self, name: str) -> dict[str, int]:
        """How many records have each value of ``action`` or ``reason``."""
        return dict(Counter(record[name] for part in self.parts for record in part.affected.values()))

    @property
    def affected(self) -> int:
        """Records that X must answer with."""
        return sum(len(part.affected) for part in self.parts)

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        """Each affected ID once."""
        return {name: record for part in self.parts for name, record in part.affected.items()}


def check_list(file: Path) -> None:
    """Raises CommandError for a file that ``read_truth`` cannot read."""
    with file.open("rb") as content:
        try:
            found = format_of(file.name, content.read(HEAD_BYTES), "tweets", lambda: None)
        except UnsupportedInput as error:
            raise CommandError(f"{file}: {error}") from None
    if found.kind != "lines" or found.packing == "zstd":
        raise CommandError(
            f"{file} is no list, plain or gzip. The demo counts for itself what is in a file, and knows only these; "
            "any other goes to a sandbox of yours: xcompliance sandbox up, then xcompliance submit."
        )


def read_truth(
    file: Path,
    job_type: JobType,
    part_starts: Sequence[int] = (0,),
    *,
    generation: Generation = "gcs",
    is_each_id_once: bool = False,
) -> Truth:
    """Reads a file of IDs, plain or gzip, slowly.

    A part holds the lines that begin at ``part_starts`` (bytes) and before the next part's; an ID counts as a
    duplicate within its part, and in any later part if each ID is sent once.
    """
    truth = Truth(job_type, parts=[PartTruth() for _ in part_starts])
    taken: list[dict[int, None]] = [{} for _ in part_starts]
    for start, line in _lines(file):
        ids = taken[bisect_right(part_starts, start) - 1]
        if not line.strip():
            truth.blank += 1
        elif (number := _id_of(line)) is None:
            truth.rejected += 1
        elif number in ids:
            truth.duplicate += 1
        else:
            ids[number] = None
    if is_each_id_once:
        _leave_in_the_lowest(truth, taken)
    for part, ids in zip(truth.parts, taken, strict=True):
        part.accept(job_type, generation, ids)
    return truth


def _leave_in_the_lowest(truth: Truth, taken: list[dict[int, None]]) -> None:
    sent: set[int] = set()
    for ids in taken:
        for number in sent.intersection(ids):
            del ids[number]
            truth.duplicate += 1
            truth.duplicate_across_parts += 1
        sent.update(ids)


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """Each line and the byte at which it begins."""
    with file.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
    start = 0
    with gzip.open(file) if is_gzip else file.open("rb") as lines:
        for line in lines:
            yield start, line if start else line.removeprefix(b"\xef\xbb\xbf")
            start += len(line)


def _id_of(line: bytes) -> int | None:
    """A number without leading zeros, below 2^63, maybe in quotes, or guarded against being rounded."""
    text = line.strip()
    for begin, end in ((b'="', b'"'), (b'"=""', b'"""'), (b"x", b""), (b"X", b"")):
        if text.startswith(begin) and text.endswith(end) and (inner := text[len(begin) : len(text) - len(end)]).strip():
            text = inner.strip() if end else inner
            return _id_of(text) if text.isdigit() and len(line.rstrip(b"\n")) <= MAX_LINE else None
    if len(text) >= 2 and text[:1] in (b'"', b"'") and text[:1] == text[-1:]:
        text = text[1:-1].strip()
    if len(line.rstrip(b"\n")) > MAX_LINE or not text.isdigit() or text.startswith(b"0") or len(text) > 19:
        return None
    return number if (number := int(text)) < 2**63 else None
