"""How the time went: the phases of the run, and of each part."""

from collections.abc import Sequence
from datetime import datetime

import htpy as h
from htpy import Element, Node

from compliance.clock import parse_time
from compliance.report.content import Content
from compliance.report.elements import Column, Piece, bar, folded, section, stacked, swatch, table
from compliance.report.partlist import note_on_others, shown
from compliance.report.texts import counted, duration, second, share
from compliance.report.timeline import MILESTONES, PHASES, milestones, seconds_by_phase, spans_of_part, spans_of_run
from compliance.runs import Part, Run

_OPEN_PARTS = 12


def times(content: Content) -> Element:
    """The run's phases in one bar, and below a bar for each part."""
    run, parts = content.run, content.parts
    spent = seconds_by_phase(spans_of_run(run, parts))
    whole = sum(spent.values())
    started, ended = parse_time(run["started_at"]), parse_time(run.get("ended_at", run["started_at"]))
    rows: list[tuple[Node, ...]] = [
        (
            [swatch(f"phase-{phase}"), " ", name, " ", h.small[what]],
            duration(spent[phase]),
            share_of(spent[phase], whole),
        )
        for phase, (name, what) in PHASES.items()
        if phase in spent
    ]
    rows.append(("In all", duration(whole), ""))
    return section(
        "times",
        "How the time went",
        h.p[f"From {second(started)} to {_time(ended, started)}, in UTC."],
        stacked((f"phase-{phase}", seconds) for phase, seconds in spent.items()),
        table("Phases of the run", _FIGURES, rows, "figures total"),
        parts
        and folded(
            f"{counted(len(parts), 'part', 'parts')}, one after the other",
            table(
                "Phases of each part, on the run’s time; all times in UTC",
                (
                    Column("Part"),
                    Column("Course", "chart"),
                    *(Column(title, "time") for _, title in MILESTONES.values()),
                ),
                (_row(run, part, started, ended) for part in shown(parts)),
                "stack courses",
            ),
            note_on_others(parts),
            is_open=len(parts) <= _OPEN_PARTS,
        ),
    )


_FIGURES = (Column("Phase"), Column("Time", "number"), Column("Share", "number"))


def share_of(seconds: float, whole: float) -> str:
    """A share of time, to the millisecond."""
    return share(round(1000 * seconds), round(1000 * whole))


def _row(run: Run, part: Part, started: datetime, ended: datetime) -> Sequence[Node]:
    whole = max((ended - started).total_seconds(), 0.001)
    pieces = [
        Piece(f"phase-{span.phase}", (span.start - started).total_seconds() / whole, span.seconds / whole)
        for span in spans_of_part(run, part)
    ]
    passed = milestones(part)
    return (
        str(part["part"]),
        bar(*pieces),
        *(_time(passed[name], started) if name in passed else "–" for name in MILESTONES),
    )


def _time(at: datetime, started: datetime) -> str:
    """The time of day; on another day than the run's first with its date."""
    return f"{at:%H:%M:%S}" if at.date() == started.date() else f"{at.day} {at:%b %H:%M:%S}"
