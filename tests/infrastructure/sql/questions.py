"""What the views must answer about the awkward data, whoever is asked."""

from collections.abc import Callable, Sequence
from datetime import datetime

from tests.infrastructure.sql import awkward

Row = dict[str, str | None]
Ask = Callable[[str], Sequence[Row]]
"""Runs one query in Athena's dialect; every value is a text, and null is None."""

OF_THESE_RUNS = f"run_id IN ({', '.join(repr(run['run_id']) for run in awkward.RUNS)})"


def text(value: object) -> str | None:
    """A value as Athena writes it into its answers."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def check_status(ask: Ask) -> None:
    rows = ask(f"SELECT * FROM compliance_status WHERE {OF_THESE_RUNS}")
    found = {(row["type"], row["id"]): (row["verdict"], row["reason"], row["run_id"]) for row in rows}
    assert found == awkward.STATUS
    assert len(rows) == len(found), "an ID has two latest verdicts"


def check_what_is_to_do(ask: Ask) -> None:
    for view, verdict in (("to_delete", "delete"), ("to_rehydrate", "rehydrate"), ("to_scrub_geo", "scrub_geo")):
        rows = ask(f"SELECT * FROM {view} WHERE {OF_THESE_RUNS}")
        expected = {key: reason for key, (found, reason, _) in awkward.STATUS.items() if found == verdict}
        assert {(row["type"], row["id"]): row["reason"] for row in rows} == expected
        assert len(rows) == len(expected)
        assert all(row["since"] for row in rows)


def check_since(ask: Ask) -> None:
    rows = ask(f"SELECT type, id, since FROM to_delete WHERE {OF_THESE_RUNS}")
    found = {(row["type"], row["id"]): datetime.fromisoformat(row["since"] or "") for row in rows}
    assert found == {key: datetime.fromisoformat(since) for key, since in awkward.SINCE.items()}


def check_changes(ask: Ask) -> None:
    rows = ask(f"SELECT * FROM changes WHERE {OF_THESE_RUNS}")
    found = [
        (row["run_id"], row["id"], row["was"] or "", row["was_reason"], row["verdict"], row["is_last_check"] == "true")
        for row in rows
    ]
    assert set(found) == awkward.CHANGES
    assert len(found) == len(awkward.CHANGES)
    last = ask(f"SELECT run_id, id FROM changes_since_last_check WHERE {OF_THESE_RUNS}")
    assert {(row["run_id"], row["id"]) for row in last} == {change[:2] for change in awkward.CHANGES if change[-1]}


def check_audit(ask: Ask) -> None:
    rows = {row["run_id"]: row for row in ask(f"SELECT * FROM audit WHERE {OF_THESE_RUNS}")}
    assert rows.keys() == awkward.AUDIT.keys()
    for run, (dataset, status, checked, unchecked, outcomes) in awkward.AUDIT.items():
        row = rows[run]
        assert (row["dataset"], row["status"]) == (dataset, status)
        assert (row["checked"], row["unchecked"]) == (str(checked), str(unchecked)), run
        kinds = ("compliant", "to_delete", "to_rehydrate", "to_scrub_geo", "other", "errors")
        assert {kind: row[kind] for kind in kinds} == {kind: str(outcomes.get(kind, 0)) for kind in kinds}, run
    assert rows["tweets-e"]["accepted"] is None
    assert rows["tweets-e"]["error"] == "InputRejected"


def check_runs(ask: Ask) -> None:
    (row,) = ask("SELECT * FROM runs WHERE run_id = 'users-a' AND error IS NULL AND started_at < ended_at")
    assert datetime.fromisoformat(row["started_at"] or "") == datetime.fromisoformat("2026-01-12 08:00:00.250")
    (counted,) = ask(
        "SELECT json_extract_scalar(by_action, '$.delete') AS deletes, element_at(warnings, 1) AS warning "
        "FROM runs WHERE run_id = 'users-a'"
    )
    assert counted == {"deletes": "1", "warning": "odd"}
    assert not ask("SELECT run_id FROM runs WHERE error = 'NoSuchError'")


CHECKS = (check_status, check_what_is_to_do, check_since, check_changes, check_audit, check_runs)
