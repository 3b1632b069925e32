"""Runs as tables."""

from collections.abc import Sequence

from rich.table import Table

from compliance.runs import Run
from xcompliance.runs import RunWithParts


def runs_table(runs: Sequence[Run]) -> Table:
    """One row per run."""
    table = _table("run", "file", "status", "started", right=("IDs", "affected"))
    for run in runs:
        counts = [f"{run.get(name, 0):,}" for name in ("accepted", "affected")]
        table.add_row(run["run_id"], run["key"], run["status"], run["started_at"][:19], *counts)
    return table


def counts_table(runs: Sequence[Run]) -> Table:
    """What was read, and what of it was checked."""
    table = _table("run", "status", right=("lines", "blank", "accepted", "duplicate", "rejected", "affected"))
    for run in runs:
        counts = [
            run.get("lines", 0),
            run.get("blank", 0),
            run.get("accepted", 0),
            run.get("duplicate", 0),
            run.get("rejected", 0),
            run.get("affected", 0),
        ]
        table.add_row(run["run_id"], run["status"], *(f"{count:,}" for count in counts))
    return table


def findings_table(runs: Sequence[Run]) -> Table:
    """What X found, by action and by reason."""
    table = _table("run", "by action", "by reason")
    for run in runs:
        table.add_row(run["run_id"], _pairs(run.get("by_action", {})), _pairs(run.get("by_reason", {})))
    return table


def phases_table(found: Sequence[RunWithParts]) -> Table:
    """How long each phase took."""
    phases = [each.phases() for each in found]
    table = _table("seconds", right=tuple(phases[0]))
    for each, spent in zip(found, phases, strict=True):
        table.add_row(each.run["run_id"], *(f"{seconds:.1f}" for seconds in spent.values()))
    return table


def rows_table(rows: Sequence[Sequence[str | None]]) -> Table:
    """The rows of a query, whose first is the header."""
    table = _table(*(name or "" for name in rows[0]))
    for row in rows[1:]:
        table.add_row(*(value or "" for value in row))
    return table


def _pairs(counts: dict[str, int]) -> str:
    return "  ".join(f"{name} {count:,}" for name, count in sorted(counts.items())) or "nothing"


def _table(*left: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in left:
        table.add_column(name, no_wrap=name in ("run", "seconds"))
    for name in right:
        table.add_column(name, justify="right")
    return table
