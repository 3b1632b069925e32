"""What the runs table says about a run: read, never written. Credentials on the records are left where they are."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Any, ClassVar, Self

from compliance.clock import parse_time, time_text
from compliance.runs import ENDED

TOLD_WITHIN = timedelta(minutes=1)

PHASES = ("prepare", "turn", "upload", "X", "results")
"""Where a run's time goes, in this order."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """Fields are named as the table's attributes are; a time ends in ``_at`` there."""

    status: str
    lines: int = 0
    blank: int = 0
    notice: int = 0
    embedded: int = 0
    accepted: int = 0
    duplicate: int = 0
    duplicate_across_parts: int | None = None
    rejected: int = 0
    records: int = 0
    affected: int = 0
    result_errors: int = 0
    by_action: Mapping[str, int] = field(default_factory=dict)
    by_reason: Mapping[str, int] = field(default_factory=dict)
    indexed: int | None = None
    unchanged: int | None = None
    outranked: int | None = None
    error: str | None = None
    error_message: str | None = None

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Self:
        """Reads an item of the table; attributes without a field here are ignored."""
        return cls(**{each.name: _value(each.name, item[each.name]) for each in fields(cls) if each.name in item})


@dataclass(frozen=True, kw_only=True)
class PartRecord(Record):
    """What one upload carries."""

    part: int
    bytes: int = 0
    uploaded_bytes: int = 0
    job_id: str | None = None
    job_name: str | None = None
    transport: str | None = None
    unverified: tuple[str, ...] = ()
    conflict_with: str | None = None
    job_error: str | None = None
    polls: int = 0
    prepared_at: datetime | None = None
    created_at: datetime | None = None
    uploaded_at: datetime | None = None
    completed_at: datetime | None = None
    downloaded_at: datetime | None = None
    indexed_at: datetime | None = None

    MILESTONES: ClassVar = ("prepared_at", "created_at", "uploaded_at", "completed_at", "downloaded_at", "indexed_at")

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to the part."""
        return self.status in ("complete", "failed")

    @property
    def progress(self) -> float:
        """From 0 to 1: the milestones passed, and how far the upload is."""
        if self.has_ended:
            return 1.0
        passed = len(list(takewhile(lambda name: getattr(self, name), self.MILESTONES)))
        uploading = self.status == "uploading" and self.bytes
        return (passed + (self.uploaded_bytes / self.bytes if uploading else 0.0)) / len(self.MILESTONES)


@dataclass(frozen=True, kw_only=True)
class RunRecord(Record):
    """One dataset, checked once; ``part_records`` is empty in a listing."""

    run_id: str
    type: str
    bucket: str
    key: str
    version_id: str | None = None
    execution_arn: str
    started_at: datetime
    checked_on: str
    bytes: int = 0
    parts: int = 0
    parts_unverified: int = 0
    prepared_at: datetime | None = None
    ended_at: datetime | None = None
    told_at: datetime | None = None
    report: str | None = None
    dataset: str | None = None
    scheduled_at: datetime | None = None
    overlap: str | None = None
    rounded_ids: str | None = None
    reads_embedded: bool | None = None
    query: str | None = None
    database: str | None = None
    copies_expire_at: datetime | None = None
    warnings: tuple[str, ...] = ()
    consumed: Mapping[str, float] = field(default_factory=dict)
    cost_aws_usd: float | None = None
    cost_x_usd: float | None = None
    prices_of: str | None = None
    part_records: tuple[PartRecord, ...] = ()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to the run."""
        return self.status in ENDED

    def is_told(self, now: datetime) -> bool:
        """Whether its report is written and its end is told, which follows at once; or should be for a minute."""
        if not self.has_ended or self.ended_at is None:
            return self.has_ended
        return now > self.ended_at + TOLD_WITHIN or (self.told_at is not None and self.told_at >= self.ended_at)

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        if self.has_ended:
            return 1.0
        return sum(part.progress for part in self.part_records) / max(1, len(self.part_records))

    def seconds(self, now: datetime | None = None) -> float:
        """From the start to the end, or to ``now`` while the run goes on."""
        return ((self.ended_at or now or datetime.now(UTC)) - self.started_at).total_seconds()

    @property
    def phases(self) -> dict[str, float]:
        """Seconds spent in each phase that the run has passed; their sum is the run's time.

        What was there before the run was started again, as the job of a part that is kept, takes no time.
        """
        spent: dict[str, float] = {}
        before = self.started_at
        for phase, at in self._moments():
            if at is not None:
                end = max(before, at)
                spent[phase] = spent.get(phase, 0.0) + (end - before).total_seconds()
                before = end
        return spent

    def _moments(self) -> Iterator[tuple[str, datetime | None]]:
        """The end of each phase, in the order of time: parts are checked one after the other."""
        yield "prepare", self.prepared_at
        for part in self.part_records:
            yield "turn", part.created_at
            yield "upload", part.uploaded_at
            yield "X", part.completed_at
            yield "results", part.indexed_at
        yield "results", self.ended_at

    def as_json(self) -> dict[str, Any]:
        """Everything, with times as text; what a run is comes before its figures."""
        last = {each.name for each in fields(Record)} | {"part_records"}
        return {name: plain(value) for name, value in sorted(asdict(self).items(), key=lambda item: item[0] in last)}


def _value(name: str, value: Any) -> Any:
    if name.endswith("_at"):
        return parse_time(value)
    if isinstance(value, Mapping):
        return {word: _number(number) for word, number in value.items()}
    if isinstance(value, list):
        return tuple(value)
    return _number(value) if isinstance(value, Decimal) else value


def _number(number: Decimal) -> int | float:
    return int(number) if number == int(number) else float(number)


def plain(value: Any) -> Any:
    """The same in what JSON knows; times are text."""
    if isinstance(value, datetime):
        return time_text(value.timestamp())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value
