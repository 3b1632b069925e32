"""What a report is made of: what is on record of a run, and examples of what it read and rejected."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compliance.accounting import total_findings
from compliance.runs import Findings, Part, Run, rejects_key
from compliance.segments import Segment

MOST_SEGMENTS = 100
"""Ranges of files that a report lists; Athena's table ``segments`` has them all."""

MOST_REJECTS = 20
"""Rejected lines that a report shows; Athena's table ``rejects`` has more of them."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a deployment keeps its answers; ``results_table`` is None where the index is turned off."""

    bucket: str
    database: str
    work_group: str
    results_table: str | None


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A rejected line, as the rejects object has it."""

    key: str
    range_start: int
    line: int
    reason: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything that a report tells. ``segments`` and ``rejects`` are the first of them."""

    run: Run
    parts: Sequence[Part]
    segments: Sequence[Segment]
    rejects: Sequence[Rejected]
    places: Places

    @property
    def rejected(self) -> int:
        """How many lines are rejected in all that was prepared."""
        return sum(part.get("rejected", 0) for part in self.parts)

    @property
    def findings(self) -> Findings | None:
        """What X says of the parts that are complete; None where none is."""
        return total_findings(self.parts) if any(part["status"] == "complete" for part in self.parts) else None


def rejects_objects(parts: Iterable[Part]) -> list[str]:
    """The keys of the objects that list the rejected lines of these parts.

    Those of a part that was planned and of what it had no room for stand together.
    """
    parts = list(parts)
    with_rejects = {_planned(part) for part in parts if part.get("rejected")}
    return [rejects_key(part) for part in parts if part["part"] in with_rejects and "prepared_at" in part]


def _planned(part: Part) -> int:
    """The number of the part that a part was planned as."""
    return (part["part"] - 1) % part["planned_parts"] + 1


def rejected_of(line: bytes) -> Rejected:
    """The rejected line on a line of such an object."""
    row = json.loads(line)
    return Rejected(
        key=row["key"], range_start=row["range_start"], line=row["line"], reason=row["reason"], text=row["text"]
    )
