"""What five weeks of checks may leave behind, as awkward as it gets, and what the views must make of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import duckdb

from compliance.formats import Format
from compliance.run_rows import run_row
from compliance.runs import Run, runs_key
from compliance.segments import Segment, listing_of

MAX = 9_223_372_036_854_775_807

JANUARY = "2026-01-{:02}"
# Run: its type, the day it began, its parts with the job of each, and when X answered for it.
# In the order of time, and not of their names, which are hashes.
CHECKS: dict[str, tuple[str, int, list[tuple[str, str, list[int]]]]] = {
    "tweets-a": (
        "tweets",
        5,
        [("a1", "10:00:00.5", [1, 2, 3, 5, 6, 7, 9, 10, 13, 14, 15, 16, 18, 19, 20, MAX])],
    ),
    "tweets-b": (
        "tweets",
        12,
        [("b1", "10:00:00", [1, 2, 3, 8, 10, 11, 14, 16, 18]), ("b2", "10:05:00", [16])],
    ),
    "tweets-0c": ("tweets", 12, [("c1", "15:00:00", [3, 4])]),
    # Failed half-way: of its part 2, with ID 12, X has said nothing.
    "tweets-d": ("tweets", 19, [("d1", "09:00:00", [1, 7, 17, 19])]),
    "users-a": ("users", 12, [("u1", "10:00:00", [1, 2])]),
}
# Run, part, job, X's ID, action, reason, error, and when the post was deleted or changed.
Record = tuple[str, int, str, str | None, str | None, str | None, str | None, str | None]
RECORDS: list[Record] = [
    ("tweets-a", 1, "a1", "2", "delete", "deleted", None, "2026-01-04 01:02:03"),
    # Two events about one ID; a third one is told twice.
    ("tweets-a", 1, "a1", "5", "rehydrate", "tweet_edited", None, "2026-01-04 09:00:00"),
    ("tweets-a", 1, "a1", "5", "delete", "suspended", None, "2026-01-03 00:00:00"),
    ("tweets-a", 1, "a1", "18", "delete", "deleted", None, None),
    ("tweets-a", 1, "a1", "18", "delete", "deleted", None, None),
    # Words that nobody knows.
    ("tweets-a", 1, "a1", "6", "quarantine", "new_policy", None, None),
    ("tweets-a", 1, "a1", "6", "scrub_geo", "scrub_geo", None, None),
    ("tweets-a", 1, "a1", "20", "quarantine", None, None, None),
    ("tweets-a", 1, "a1", "20", None, None, "late", None),
    ("tweets-a", 1, "a1", "7", "delete", "alien \u201creason\u201d, 'quoted'", None, None),
    # Errors: about an ID that has no other word, one that has, and one of the next check, too.
    ("tweets-a", 1, "a1", "9", None, None, "not_found", None),
    ("tweets-a", 1, "a1", "10", "delete", "deleted", None, None),
    ("tweets-a", 1, "a1", "19", None, "odd", None, None),
    ("tweets-b", 1, "b1", "10", None, None, "try later", None),
    ("tweets-d", 1, "d1", "19", None, None, "again", None),
    # IDs as X may write them, and some that nobody asked about.
    ("tweets-a", 1, "a1", " 13 ", "delete", "deleted", None, None),
    ("tweets-a", 1, "a1", "1.5e1", "delete", "deleted", None, None),
    ("tweets-a", 1, "a1", "abc", "delete", "deleted", None, None),
    ("tweets-a", 1, "a1", "99999999999999999999", "delete", "deleted", None, None),
    ("tweets-a", 1, "a1", "999", "delete", "deleted", None, None),
    ("tweets-a", 1, "a1", None, None, None, "unreadable_line", None),
    ("tweets-a", 1, "a1", str(MAX), "delete", "deleted", None, None),
    # Back again: 2 has no record. Nor has 14, whose record is left over from a job that was replaced.
    ("tweets-b", 1, "b0", "14", "delete", "deleted", None, None),
    ("tweets-b", 1, "b1", "3", "delete", "deleted", None, None),
    # As it was.
    ("tweets-b", 1, "b1", "18", "delete", "deleted", None, None),
    ("tweets-b", 1, "b1", "8", "delete", None, None, None),
    ("tweets-b", 1, "b1", "11", "scrub_geo", "scrub_geo", None, None),
    # In two parts of one run.
    ("tweets-b", 1, "b1", "16", "delete", "protected", None, None),
    ("tweets-b", 2, "b2", "16", "delete", "protected", None, None),
    # The second run of the day: 3 is back.
    ("tweets-0c", 1, "c1", "4", "delete", "suspended", None, None),
    ("tweets-d", 1, "d1", "7", "delete", "deleted", None, None),
    ("tweets-d", 1, "d1", "17", "rehydrate", "tweet_edited", None, None),
    # A user of the same number as a post.
    ("users-a", 1, "u1", "2", "delete", "deactivated", None, None),
]
RUNS: list[dict[str, Any]] = [
    {"run_id": "tweets-a", "key": "datasets/tweets/nightly/2026-01-05/_SUCCESS", "accepted": 16, "lines": 20},
    {"run_id": "tweets-b", "key": "datasets/tweets/nightly/2026-01-12/_SUCCESS", "accepted": 10, "files": 3},
    {"run_id": "tweets-0c", "key": "tweets/it's 100% odd?.txt", "accepted": 2},
    {
        "run_id": "tweets-d",
        "key": "datasets/tweets/nightly/2026-01-19/_SUCCESS",
        "status": "failed",
        "accepted": 5,
        "parts": 2,
        "parts_complete": 1,
        "parts_failed": 1,
        "error": "JobFailed",
        "error_message": "1 of 2 parts are not checked",
    },
    # Failed before X heard of it.
    {"run_id": "tweets-e", "key": "tweets/no ids.txt", "status": "failed", "error": "InputRejected", "day": 20},
    {"run_id": "users-a", "key": "users/ids.txt", "accepted": 2, "by_action": {"delete": 1}, "warnings": ["odd"]},
]

STATUS: dict[tuple[str, str], tuple[str, str | None, str]] = {
    ("tweets", "1"): ("compliant", None, "tweets-d"),
    ("tweets", "2"): ("compliant", None, "tweets-b"),
    ("tweets", "3"): ("compliant", None, "tweets-0c"),
    ("tweets", "4"): ("delete", "suspended", "tweets-0c"),
    ("tweets", "5"): ("delete", "suspended", "tweets-a"),
    ("tweets", "6"): ("scrub_geo", "scrub_geo", "tweets-a"),
    ("tweets", "7"): ("delete", "deleted", "tweets-d"),
    ("tweets", "8"): ("delete", None, "tweets-b"),
    ("tweets", "9"): ("error", "not_found", "tweets-a"),
    ("tweets", "10"): ("delete", "deleted", "tweets-a"),
    ("tweets", "11"): ("scrub_geo", "scrub_geo", "tweets-b"),
    ("tweets", "13"): ("delete", "deleted", "tweets-a"),
    ("tweets", "14"): ("compliant", None, "tweets-b"),
    ("tweets", "15"): ("compliant", None, "tweets-a"),
    ("tweets", "16"): ("delete", "protected", "tweets-b"),
    ("tweets", "17"): ("rehydrate", "tweet_edited", "tweets-d"),
    ("tweets", "18"): ("delete", "deleted", "tweets-b"),
    ("tweets", "19"): ("error", "again", "tweets-d"),
    ("tweets", "20"): ("quarantine", None, "tweets-a"),
    ("tweets", str(MAX)): ("delete", "deleted", "tweets-a"),
    ("users", "1"): ("compliant", None, "users-a"),
    ("users", "2"): ("delete", "deactivated", "users-a"),
}
"""The latest verdict on every ID that was checked, its reason, and the run that found it."""

SINCE = {
    ("tweets", "4"): "2026-01-12 15:00:00",
    ("tweets", "5"): "2026-01-05 10:00:00.5",
    ("tweets", "7"): "2026-01-19 09:00:00",
    ("tweets", "8"): "2026-01-12 10:00:00",
    ("tweets", "10"): "2026-01-05 10:00:00.5",
    ("tweets", "13"): "2026-01-05 10:00:00.5",
    ("tweets", "16"): "2026-01-12 10:05:00",
    ("tweets", "18"): "2026-01-05 10:00:00.5",
    ("tweets", str(MAX)): "2026-01-05 10:00:00.5",
    ("users", "2"): "2026-01-12 10:00:00",
}
"""Since when each ID that must be deleted says so."""

CHANGES: set[tuple[str, str, str, str | None, str, bool]] = {
    ("tweets-a", "2", "", None, "delete", False),
    ("tweets-a", "5", "", None, "delete", True),
    ("tweets-a", "6", "", None, "scrub_geo", True),
    ("tweets-a", "7", "", None, "delete", False),
    ("tweets-a", "10", "", None, "delete", True),
    ("tweets-a", "13", "", None, "delete", True),
    ("tweets-a", "18", "", None, "delete", False),
    ("tweets-a", "20", "", None, "quarantine", True),
    ("tweets-a", str(MAX), "", None, "delete", True),
    ("tweets-b", "2", "delete", "deleted", "compliant", True),
    ("tweets-b", "3", "compliant", None, "delete", False),
    ("tweets-b", "8", "", None, "delete", True),
    ("tweets-b", "11", "", None, "scrub_geo", True),
    ("tweets-b", "16", "compliant", None, "delete", True),
    ("tweets-0c", "3", "delete", "deleted", "compliant", True),
    ("tweets-0c", "4", "", None, "delete", True),
    ("tweets-d", "7", "delete", "alien \u201creason\u201d, 'quoted'", "delete", True),
    ("tweets-d", "17", "", None, "rehydrate", True),
    ("users-a", "2", "", None, "delete", True),
}
"""Run, ID, what it was and why, what it is now, and whether that was the ID's last check."""

AUDIT: dict[str, tuple[str, str, int, int, dict[str, int]]] = {
    "tweets-a": (
        "nightly",
        "complete",
        16,
        0,
        {"compliant": 5, "to_delete": 7, "to_scrub_geo": 1, "other": 1, "errors": 2},
    ),
    "tweets-b": ("nightly", "complete", 10, 0, {"compliant": 3, "to_delete": 5, "to_scrub_geo": 1, "errors": 1}),
    "tweets-0c": ("tweets/it's 100% odd?.txt", "complete", 2, 0, {"compliant": 1, "to_delete": 1}),
    "tweets-d": ("nightly", "failed", 4, 1, {"compliant": 1, "to_delete": 1, "to_rehydrate": 1, "errors": 1}),
    "tweets-e": ("tweets/no ids.txt", "failed", 0, 0, {}),
    "users-a": ("users/ids.txt", "complete", 2, 0, {"compliant": 1, "to_delete": 1}),
}
"""Dataset, status, checked, unchecked, and the outcomes of each run."""


def write(folder: Path) -> None:
    """Writes the tables' files below a folder, where the functions write theirs in the results bucket."""
    with duckdb.connect() as connection:
        for run, (kind, day, parts) in CHECKS.items():
            partition = f"type={kind}/checked_on={JANUARY.format(day)}"
            for number, (job, at, ids) in enumerate(parts, 1):
                rows = [(each, run, number, job, f"{JANUARY.format(day)} {at}") for each in sorted(ids)]
                file = folder / "checked_ids" / partition / f"{run}-{number:05}.parquet"
                _parquet(
                    connection, file, rows, "id BIGINT, run_id VARCHAR, part INT, job_id VARCHAR, checked_at TIMESTAMP"
                )
                records = list(_records(run, number, JANUARY.format(day), at))
                file = folder / "results" / partition / f"{run}-{number:05}-000.parquet"
                _parquet(connection, file, records, _RESULTS)
            segments = [Segment("inbox", f"{kind}/ids.txt", "v1", 0, 40, Format("lines"))]
            listing = folder / "segments" / partition / f"{run}.ndjson"
            listing.parent.mkdir(parents=True, exist_ok=True)
            # One part is planned, whatever became of it.
            listing.write_bytes(listing_of([segments], run))
    for about in RUNS:
        began = about["day"] if "day" in about else CHECKS[about["run_id"]][1]
        _write_run(folder, about["run_id"].partition("-")[0], JANUARY.format(began), about)


def _write_run(folder: Path, kind: str, day: str, about: dict[str, Any]) -> None:
    run: dict[str, Any] = {
        "type": kind,
        "status": "complete",
        "bucket": "inbox",
        "version_id": "3f0b1c52-0000-4000-8000-000000000001",
        "started_at": f"{day}T08:00:00.250Z",
        "ended_at": f"{day}T20:00:00Z",
        "checked_on": day,
        **about,
    }
    file = folder / runs_key(cast(Run, run))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(run_row(cast(Run, run)))


_RESULTS = (
    "id VARCHAR, action VARCHAR, reason VARCHAR, created_at TIMESTAMP, redacted_at TIMESTAMP, error VARCHAR, "
    "run_id VARCHAR, part INT, job_id VARCHAR, checked_at TIMESTAMP, raw VARCHAR"
)


def _records(run: str, part: int, day: str, at: str) -> Iterator[tuple[Any, ...]]:
    for asked, number, job, identifier, action, reason, error, redacted in RECORDS:
        if (asked, number) == (run, part):
            yield identifier, action, reason, None, redacted, error, run, part, job, f"{day} {at}", None


def _parquet(connection: duckdb.DuckDBPyConnection, file: Path, rows: list[tuple[Any, ...]], columns: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"CREATE OR REPLACE TABLE written ({columns})")
    if rows:
        connection.executemany(f"INSERT INTO written VALUES ({', '.join('?' * len(rows[0]))})", rows)
    connection.table("written").write_parquet(str(file))
