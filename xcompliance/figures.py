"""Holds what a deployment says against the truth, figure by figure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xcompliance.athena import Row
from xcompliance.records import RunRecord
from xcompliance.truth import Truth

COUNTS = ("lines", "blank", "accepted", "duplicate", "rejected", "affected")


@dataclass(frozen=True)
class Figure:
    """Something that was counted twice."""

    name: str
    expected: object
    got: object

    @property
    def agrees(self) -> bool:
        """Whether both counts came to the same."""
        return self.expected == self.got


def of_run(run: RunRecord, truth: Truth) -> Iterator[Figure]:
    """What the runs table says of a run."""
    yield Figure(f"{run.key}: status", "complete", run.status)
    for name in COUNTS:
        yield Figure(f"{run.key}: {name}", getattr(truth, name), getattr(run, name))
    if run.duplicate_across_parts is not None:
        yield Figure(f"{run.key}: duplicate across parts", truth.duplicate_across_parts, run.duplicate_across_parts)
    yield Figure(f"{run.key}: records", truth.affected, run.records)
    yield Figure(f"{run.key}: records without an action", 0, run.result_errors)
    yield from _each(f"{run.key}: action", truth.count("action"), run.by_action)
    yield from _each(f"{run.key}: reason", truth.count("reason"), run.by_reason)


def of_uploads(run: RunRecord, truth: Truth, jobs: Iterable[Mapping[str, Any]]) -> Iterator[Figure]:
    """What X has received: each part once, whole, in one job that completed. ``jobs`` are the simulator's."""
    by_name = {job["name"]: job for job in jobs}
    for part, expected in zip(run.part_records, truth.parts, strict=True):
        if not expected.accepted:
            continue
        job = by_name.get(part.job_name or "", {})
        name = f"{run.key}: part {part.part} at X"
        yield Figure(f"{name}: job", part.job_id, job.get("id"))
        yield Figure(f"{name}: status", "complete", job.get("status"))
        yield Figure(f"{name}: uploads", 1, job.get("completed_uploads"))
        yield Figure(f"{name}: bytes", expected.bytes, job.get("uploaded_bytes"))
        yield Figure(f"{name}: CRC32C", expected.crc32c, job.get("uploaded_crc32c"))


def of_table(truths: Sequence[Truth], rows: Iterable[Row]) -> Iterator[Figure]:
    """What Athena counts; its rows are type, action, reason and how many."""
    counted = {_words(row[:3]): int(row[3] or 0) for row in rows}
    expected: dict[str, int] = {}
    for truth in truths:
        for part in truth.parts:
            for record in part.affected.values():
                words = _words((truth.type, record["action"], record["reason"]))
                expected[words] = expected.get(words, 0) + 1
    yield from _each("Athena", expected, counted)


def of_items(truths: Sequence[Truth], items: Iterable[Mapping[str, Any]]) -> Iterator[Figure]:
    """What DynamoDB holds: an item for every affected ID and for no other, each saying what X said."""
    expected = {f"{truth.type}#{name}": _said(record) for truth in truths for name, record in truth.items.items()}
    got = {str(item["subject"]): _said(item) for item in items}
    yield Figure("DynamoDB: items", len(expected), len(got))
    right = sum(got.get(subject) == said for subject, said in expected.items())
    yield Figure("DynamoDB: items that say what X said", len(expected), right)


def _each(name: str, expected: Mapping[str, int], got: Mapping[str, int]) -> Iterator[Figure]:
    for word in sorted({*expected, *got}):
        yield Figure(f"{name} {word}", expected.get(word, 0), got.get(word, 0))


def _words(values: Iterable[str | None]) -> str:
    return " ".join(value or "-" for value in values)


def _said(record: Mapping[str, Any]) -> tuple[Any, ...]:
    times = (record.get(name) for name in ("created_at", "redacted_at"))
    return (record["action"], record["reason"], *(time and datetime.fromisoformat(time) for time in times))
