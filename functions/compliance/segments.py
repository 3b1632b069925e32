"""What a run reads: ranges of objects, as many of them packed into each part as fit. Pure."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from compliance.errors import ComplianceError, NothingToCheck, PartTooLarge
from compliance.formats import Format, KindOfFile, format_of
from compliance.ids import MAX_DIGITS
from compliance.intact import where_intact
from compliance.runs import DATASETS, JobType

MOST_READ: dict[KindOfFile, int] = {
    "lines": 5_000_000_000,
    "csv": 2_000_000_000,
    "tsv": 2_000_000_000,
    "jsonl": 3_000_000_000,
    "json": 3_000_000_000,
    "parquet": 1_000_000_000,
}
"""Bytes, unpacked, that one invocation reads of what cannot be cut, or of several objects. It has all but a minute of
the five that it gets. The slowest way through the readers has 40 MB/s on one core (benchmarks/results/preparation.md),
lists have 50: a processor of half that pace is still in time. Of Parquet they are bytes of the file."""

MAX_PARTS = 2000
"""Of one run, as each takes up to ten of the 25,000 events that Step Functions keeps of an execution."""

RANGES: dict[KindOfFile, int] = {
    "csv": 2_000_000_000,
    "tsv": 2_000_000_000,
    "jsonl": 1_500_000_000,
    "parquet": 256_000_000,
}
"""Bytes of a range; one of a list fills a part."""

_OVERHANG = MAX_DIGITS + 2
"""Bytes that an ID may take which begins in a range and ends behind it, and a last newline that was not there."""

_UNPACKED = 3.0
"""How many times as long a packed file is about once it is unpacked. JSON and tables may be much longer, which counts
for the time that reading takes."""
_MOST_UNPACKED: dict[KindOfFile, float] = {"csv": 6.0, "tsv": 6.0, "jsonl": 12.0, "json": 12.0}
_IDS: dict[KindOfFile, float] = {"lines": 1.0, "csv": 0.1, "tsv": 0.1, "jsonl": 0.01, "json": 0.01, "parquet": 0.2}
"""Which share of an unpacked file is IDs, at the least: a part that turns out larger becomes several full ones, while
one that is guessed too large stays half empty."""


@dataclass(frozen=True, slots=True)
class Segment:
    """The lines that begin at bytes ``start`` to ``end`` (exclusive) of an object; all of what cannot be cut.

    Of Parquet it is the groups of rows whose IDs begin there.
    """

    bucket: str
    key: str
    version_id: str
    start: int
    end: int
    format: Format

    @property
    def share(self) -> float:
        """About which share it takes of what one invocation reads."""
        times = 1.0 if self.format.packing == "none" else _MOST_UNPACKED.get(self.format.kind, _UNPACKED)
        return (self.end - self.start) * times / MOST_READ[self.format.kind]

    @property
    def id_bytes(self) -> float:
        """About how long the IDs are that come of it; those of a list are no longer."""
        times = 1.0 if self.format.packing == "none" else _UNPACKED
        return (self.end - self.start) * times * _IDS[self.format.kind] + _OVERHANG


@dataclass(frozen=True, slots=True)
class Found:
    """An object that was found in a bucket: its length in bytes, and its first HEAD_BYTES."""

    bucket: str
    key: str
    version_id: str
    size: int
    beginning: bytes


def plan(
    found: Found,
    job_type: JobType,
    part_bytes: int,
    ask: Callable[[], str | None],
    default: str | None = None,
    *,
    reads_embedded: bool = False,
) -> list[Segment]:
    """Return the ranges that an object is read in, each of which fits into a part of ``part_bytes``.

    ``reads_embedded`` says whether posts and users that are stored within others are read. Raises NothingToCheck for an
    empty object; takes ``ask`` and ``default``, and raises, as ``format_of`` and ``cut``.
    """
    if found.size == 0:
        raise NothingToCheck("The file is empty: there is nothing to check.")
    form = format_of(found.key, found.beginning, job_type, ask, default)
    form = replace(form, intact=where_intact(form, found.beginning, job_type), reads_embedded=reads_embedded)
    return cut(Segment(found.bucket, found.key, found.version_id, 0, found.size, form), part_bytes)


def planned_warnings(segments: Iterable[Segment]) -> list[str]:
    """Return what there is to say of the files, each once."""
    return list(dict.fromkeys(warning for segment in segments for warning in segment.format.warnings))


def planned_intact(segments: Iterable[Segment]) -> str:
    """Return where the IDs of the first such file still stand as they were, in a sentence; empty for none."""
    return next((segment.format.intact for segment in segments if segment.format.intact), "")


def cut(whole: Segment, part_bytes: int) -> list[Segment]:
    """Cuts an object, if it can be cut, into ranges that fill a part of ``part_bytes`` each, and what remains.

    A table is cut only if it must be: then there may be no quotes in it.

    Raises PartTooLarge for what is packed, and longer than one invocation reads.
    """
    form, limit = whole.format, MOST_READ[whole.format.kind]
    if form.packing != "none" or form.kind == "json":
        if whole.end > limit:
            is_packed = form.packing != "none"
            raise PartTooLarge(
                f"The file has more than {limit:,} bytes, {'packed' if is_packed else 'in one JSON array'}, and so it "
                f"cannot be cut: drop it {'unpacked' if is_packed else 'as JSON lines'}, or in several files, in a "
                "folder of datasets/."
            )
        return [whole]
    longest = part_bytes - _OVERHANG if form.kind == "lines" else RANGES[form.kind]
    starts = range(0, whole.end, longest)
    ranges = [replace(whole, start=start, end=min(start + longest, whole.end)) for start in starts]
    return ranges if len(ranges) == 1 or form.kind not in ("csv", "tsv") else list(map(_without_quotes, ranges))


def _without_quotes(each: Segment) -> Segment:
    """A range of a table; only the first has the header, and what stands before it."""
    form = replace(each.format, may_quote=False)
    return replace(each, format=form if each.start == 0 else replace(form, has_header=False, preamble=0))


def pack(segments: Iterable[Segment], part_bytes: int) -> list[list[Segment]]:
    """Puts segments together into few parts: the largest first, each into the first part with room for it.

    So there are at most 11/9 as many parts as there have to be, and one [first-fit decreasing; Dósa 2007]. In a part,
    segments stand by key and place.
    """
    parts: list[list[Segment]] = []
    room: list[tuple[float, float]] = []
    for segment in sorted(segments, key=lambda each: (-each.id_bytes, each.key, each.start)):
        ids, share = segment.id_bytes, segment.share
        index = next((index for index, free in enumerate(room) if ids <= free[0] and share <= free[1]), len(parts))
        if index == len(parts):
            parts.append([])
            room.append((part_bytes, 1.0))
        parts[index].append(segment)
        room[index] = room[index][0] - ids, room[index][1] - share
    ordered = [sorted(part, key=lambda each: (each.key, each.start)) for part in parts]
    return sorted(ordered, key=lambda part: (part[0].key, part[0].start))


def check_count(parts: int) -> None:
    """Raises PartTooLarge for more parts than one run can check."""
    if parts > MAX_PARTS:
        raise PartTooLarge(
            f"The dataset makes {parts:,} uploads, and a run checks {MAX_PARTS:,} at most: drop it in several, or "
            "raise part_size_mb where X takes more at once. Nothing was sent to X."
        )


def listing_of(parts: Sequence[Sequence[Segment]], run_id: str) -> bytes:
    """The segments of all parts, one JSON object on a line: a file of the ``segments`` table."""
    lines = [
        json.dumps({"run_id": run_id, "part": part, **_row(segment)})
        for part, segments in enumerate(parts, 1)
        for segment in segments
    ]
    return "".join(line + "\n" for line in lines).encode()


def places(listing: bytes) -> Iterator[tuple[int, int]]:
    """Where in a listing the segments of each part stand: the first byte and the one behind the last."""
    start, part, position = 0, 1, 0
    for line in listing.splitlines(keepends=True):
        if json.loads(line)["part"] != part:
            yield start, position
            start, part = position, part + 1
        position += len(line)
    yield start, position


def segment_of(line: bytes) -> Segment:
    """The segment on a line of a listing."""
    row: dict[str, Any] = json.loads(line)
    source = Format(
        row["kind"],
        row["packing"],
        row["id_column"],
        row["delimiter"],
        row["has_header"],
        # Earlier versions do not say these.
        row.get("may_quote", True),
        row.get("preamble", 0),
        row.get("width", 0),
        reads_embedded=row.get("reads_embedded", False),
    )
    return Segment(row["bucket"], row["key"], row["version_id"], row["range_start"], row["range_end"], source)


def about(error: ComplianceError, key: str) -> ComplianceError:
    """The same error, which names the object if it is one of many."""
    return type(error)(f"{key}: {error}") if key.startswith(DATASETS) else error


def _row(segment: Segment) -> dict[str, Any]:
    about = asdict(segment.format)
    del about["warnings"], about["intact"]  # they are on the run's record
    return {
        "bucket": segment.bucket,
        "key": segment.key,
        "version_id": segment.version_id,
        "range_start": segment.start,
        "range_end": segment.end,
        "id_column": about.pop("column"),
        **about,
    }
