"""What must hold for every run that is complete, whoever took the bytes."""

import base64
from datetime import UTC, datetime
from typing import Any

import google_crc32c

from tests.end_to_end.driver import Deployment, Item, Outcome, Row
from tests.end_to_end.files import Answer, IdFile, Record, lines
from tests.end_to_end.secrecy import ID, assert_no_credential, assert_no_id

TIMES = ("created_at", "redacted_at")


def assert_counts(outcome: Outcome, answer: Answer) -> None:
    """Every line and every record is accounted for, on the run and on its parts."""
    run, parts = outcome.run, outcome.parts
    expected = {**outcome.file.counts, **answer.counts}
    assert {name: run[name] for name in expected} == expected
    assert run["parts"] == run["parts_complete"] == len(parts)
    assert run["parts_failed"] == 0
    assert run["bytes"] == outcome.file.bytes
    for name in (*outcome.file.counts, "records", "affected", "result_errors"):
        assert sum(part[name] for part in parts) == run[name]
    assert {part["status"] for part in parts} == {"complete"}


def assert_uploaded_once(deployment: Deployment, outcome: Outcome) -> None:
    """X got each part's IDs whole, in order, and in one job; the parts together are the file."""
    ids: list[str] = []
    for part in outcome.parts:
        content = deployment.results_object(part["object_key"])
        ids += content.decode().split()
        crc32c = base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()
        (job,) = deployment.simulator.jobs(f"{outcome.drop.run_id}-p{part['part']}-")
        assert job["id"] == part["job_id"]
        assert job["completed_uploads"] == 1
        assert job["uploaded_bytes"] == part["bytes"] == part["uploaded_bytes"] == len(content)
        assert job["uploaded_crc32c"] == part["crc32c"] == crc32c
        assert content == lines(content.decode().split())
    assert ids == list(outcome.file.ids)


def assert_rows(deployment: Deployment, outcome: Outcome, answer: Answer) -> list[Row]:
    """Athena has a row for each record of X; gives the rows."""
    run = outcome.run
    rows = deployment.query(
        "SELECT id, action, reason, created_at, redacted_at, error, part, job_id, checked_at, raw FROM results "
        f"WHERE type = '{run['type']}' AND checked_on = '{run['checked_on']}' AND run_id = '{run['run_id']}'"
    )
    assert sorted(map(_plain, rows)) == sorted(map(_plain, answer.records))
    jobs = {str(part["part"]): part for part in outcome.parts}
    assert all(row["job_id"] == jobs[row["part"] or ""]["job_id"] for row in rows)
    assert all(moment(row["checked_at"]) == moment(jobs[row["part"] or ""]["completed_at"]) for row in rows)
    return rows


def assert_items(outcome: Outcome, affected: dict[str, Record], items: dict[str, Item]) -> None:
    """DynamoDB has one item for each affected ID and none for any other ID of the file."""
    file, run = outcome.file, outcome.run
    found = {each: items[f"{file.type}#{each}"] for each in file.ids if f"{file.type}#{each}" in items}
    assert found.keys() == affected.keys()
    jobs = {part["part"]: part["job_id"] for part in outcome.parts}
    for name, item in found.items():
        assert _plain(item) == _plain(affected[name])
        assert (item["type"], item["run_id"], item["job_id"]) == (file.type, run["run_id"], jobs[item["part"]])


def assert_report(deployment: Deployment, run: Item, file: IdFile) -> None:
    """A page is there for people to look at; it tells how the run ended, and no credential.

    It tells no checked ID either but those that stand in a rejected line.
    """
    assert run["report"] == f"reports/type={run['type']}/checked_on={run['checked_on']}/{run['run_id']}/report.html"
    page = deployment.results_object(run["report"]).decode()
    assert f'class="status {run["status"]}">{run["status"].capitalize()}<' in page
    assert run["ended_at"] in page
    if run["status"] == "complete":
        assert f"{run['affected']:,} record" in page
    assert_no_credential({"the report": page})
    shown = " ".join(text for _, _, text in file.rejects)
    assert_no_id({"the report": page}, set(file.ids).difference(ID.findall(shown)))


def moment(text: str | None) -> datetime | None:
    """A time as X, Athena and DynamoDB write it; without a zone it is UTC."""
    if text is None:
        return None
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def _plain(record: dict[str, Any]) -> tuple[str, ...]:
    """The fields that a record, its row and its item have in common, comparable with one another."""
    words = [str(record.get(name) or "") for name in ("id", "action", "reason", "error")]
    return (*words, *(str(moment(record.get(name)) or "") for name in TIMES))
