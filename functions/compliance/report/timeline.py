"""When a run was busy with what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from compliance.clock import parse_time
from compliance.runs import Part, Run

Phase = Literal["prepare", "wait", "upload", "check", "download", "index", "rest"]

PHASES: Final[dict[Phase, tuple[str, str]]] = {
    "prepare": ("Prepare", "read, validate, leave out repeats"),
    "wait": ("Wait", "for the turn, for the parts before, and for jobs that came to nothing"),
    "upload": ("Upload", "to X or Google"),
    "check": ("X works", "until it is asked and says so"),
    "download": ("Download", "X’s answer, verified"),
    "index": ("Write", "the answer to S3 and DynamoDB"),
    "rest": ("Close", "add up, or give up"),
}
"""Each phase in words, in the order of time."""

Milestone = Literal["prepared_at", "created_at", "uploaded_at", "completed_at", "downloaded_at", "indexed_at"]

MILESTONES: Final[dict[Milestone, tuple[Phase, str]]] = {
    "prepared_at": ("prepare", "Prepared"),
    "created_at": ("wait", "Job created"),
    "uploaded_at": ("upload", "Uploaded"),
    "completed_at": ("check", "X done"),
    "downloaded_at": ("download", "Downloaded"),
    "indexed_at": ("index", "Indexed"),
}
"""What stands on a part's record, in the order of time, with the phase that ends there."""


@dataclass(frozen=True)
class Span:
    """A phase from ``start`` to ``end``."""

    phase: Phase
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.end - self.start).total_seconds()


def milestones(part: Part) -> dict[Milestone, datetime]:
    """The times that stand on a part's record."""
    return {name: parse_time(part[name]) for name in MILESTONES if name in part}


def spans_of_part(run: Run, part: Part) -> list[Span]:
    """The phases that a part has passed, one after the other, from the run's start on."""
    moments = [(MILESTONES[name][0], at) for name, at in milestones(part).items()]
    return list(_spans(parse_time(run["started_at"]), moments))


def spans_of_run(run: Run, parts: Sequence[Part]) -> list[Span]:
    """The phases of the whole run; they fill its time, as parts are checked one after the other."""
    moments: list[tuple[Phase, datetime]] = []
    if "prepared_at" in run:
        moments.append(("prepare", parse_time(run["prepared_at"])))
    passed = [milestones(part) for part in parts if "created_at" in part]
    for times in sorted(passed, key=lambda each: each["created_at"]):
        moments += [(MILESTONES[name][0], at) for name, at in times.items() if name != "prepared_at"]
    if "ended_at" in run:
        moments.append(("rest", parse_time(run["ended_at"])))
    return list(_spans(parse_time(run["started_at"]), moments))


def seconds_by_phase(spans: Sequence[Span]) -> dict[Phase, float]:
    """The time spent in each phase, in the phases' order."""
    spent: dict[Phase, float] = {}
    for phase in PHASES:
        if own := [span.seconds for span in spans if span.phase == phase]:
            spent[phase] = sum(own)
    return spent


def _spans(start: datetime, moments: Sequence[tuple[Phase, datetime]]) -> Iterator[Span]:
    """The clocks of two functions may differ: none ends before the one before it."""
    for phase, at in moments:
        end = max(start, at)
        yield Span(phase, start, end)
        start = end
