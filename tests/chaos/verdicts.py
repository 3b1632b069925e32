"""What X says of an ID in these stories: always the same, and of each kind that it has."""

from typing import Any

CREATED, ACTED = "2020-01-02T03:04:05.000Z", "2026-03-01T12:00:22.039Z"
KINDS: tuple[dict[str, Any] | None, ...] = (
    {"action": "delete", "reason": "deleted", "created_at": CREATED, "redacted_at": ACTED, "deleted_at": ACTED},
    None,
    {"action": "rehydrate", "reason": "tweet_edited", "created_at": CREATED, "redacted_at": ACTED},
    {"action": "scrub_geo", "reason": "geo_scrubbed", "created_at": CREATED},
    {"action": "delete", "reason": "suspended", "created_at": CREATED, "redacted_at": "2026-03-01T12:00:22+00:00"},
    {"action": "delete", "reason": "scrub_geo", "created_at": CREATED},
    {"action": "delete", "reason": "deleted", "created_at": CREATED, "notice": "new"},
)


def verdicts(ids: list[str]) -> list[dict[str, Any]]:
    """Return X's records of these IDs: none for a compliant one."""
    found = []
    for each in ids:
        kind = KINDS[sum(map(int, each)) % len(KINDS)]
        if kind is not None:
            found.append({"id": each} | kind)
    return found


def row(record: dict[str, Any]) -> tuple[str | None, ...]:
    """Return what the results table has of a record: ID, action, reason and times."""
    action = "scrub_geo" if record["reason"] == "scrub_geo" else record["action"]
    redacted = record.get("redacted_at")
    times = (record["created_at"].replace("05.000Z", "05.000000Z"), redacted and _microseconds(redacted))
    return (record["id"], action, record["reason"], *times)


def _microseconds(time: str) -> str:
    return {ACTED: "2026-03-01T12:00:22.039000Z"}.get(time, "2026-03-01T12:00:22.000000Z")


def is_kept(record: dict[str, Any]) -> bool:
    """Return whether the columns do not say all of a record, so that the line itself is kept."""
    return "notice" in record or (record["action"], record["reason"]) == ("delete", "scrub_geo")
