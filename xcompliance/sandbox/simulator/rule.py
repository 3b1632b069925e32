"""The rule by which the simulator answers when it has no events file, for everyone to compute the truth with.

About one ID in fifty is affected. CRC-32 of ``<type>#<id>`` decides whether, why and when:
``crc % 50 == 0`` means affected, and ``crc // 50`` picks the reason from the table of the generation and the type.
"""

import json
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from xcompliance.sandbox.simulator.settings import JOB_TYPES, Generation, JobType

AFFECTED_ONE_IN = 50

_ACCOUNT = (("delete", "deleted"), ("delete", "deactivated"), ("delete", "suspended"), ("delete", "protected"))

_ACTIONS: dict[Generation, dict[JobType, tuple[tuple[str, str], ...]]] = {
    "gcs": {
        "tweets": (
            *_ACCOUNT,
            ("delete", "bounced"),
            ("scrub_geo", "scrub_geo"),
            ("rehydrate", "tweet_edited"),
        ),
        "users": (*_ACCOUNT, ("scrub_geo", "scrub_geo")),
    },
    "x-hosted": {
        "tweets": (*_ACCOUNT, ("scrub_geo", "geo_scrubbed"), ("rehydrate", "tweet_edited")),
        "users": _ACCOUNT,
    },
}
"""Action and reason: those of X's quickstart of 2021, and those of its documentation of 2026."""

_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_FIRST_SNOWFLAKE = 1 << 32
_FIRST_ACCOUNTS = datetime(2006, 3, 21, tzinfo=UTC)
_SEEDS: dict[JobType, int] = {job_type: zlib.crc32(f"{job_type}#".encode()) for job_type in JOB_TYPES}
"""CRC-32 of what comes before the ID, to go on from."""


def affected(job_type: JobType, ids: Iterable[bytes]) -> list[bytes]:
    """Those of the IDs for which ``rule`` has a record; fast."""
    seed = _SEEDS[job_type]
    return [subject for subject in ids if zlib.crc32(subject, seed) % AFFECTED_ONE_IN == 0]


def rule(job_type: JobType, subject: str, generation: Generation) -> dict[str, Any] | None:
    """What X says of a valid ID: a result record, or None when there is nothing to say.

    Tweets have times as ``…22.039Z``, users as ``…59+00:00``. One record in twenty has no ``redacted_at``,
    one in twenty has null.
    """
    chance, remainder = divmod(zlib.crc32(subject.encode(), _SEEDS[job_type]), AFFECTED_ONE_IN)
    if remainder:
        return None
    actions = _ACTIONS[generation][job_type]
    chance, choice = divmod(chance, len(actions))
    action, reason = actions[choice]
    created = _created(int(subject), chance)
    record: dict[str, Any] = {"id": subject, "action": action, "created_at": _text(job_type, created)}
    match chance % 20:
        case 0:
            pass
        case 1:
            record["redacted_at"] = None
        case _:
            record["redacted_at"] = _text(job_type, created + timedelta(milliseconds=chance * 997))
    return record | {"reason": reason}


def record_line(record: dict[str, Any], generation: Generation) -> bytes:
    """Return a record as the generation writes it, ending in a newline.

    Files of the x-hosted generation add ``deleted_at`` to deletions, the same value as ``redacted_at``. The older
    ones call the removal of a location a ``delete`` with the reason ``scrub_geo``.
    """
    if generation == "x-hosted" and record["action"] == "delete" and "redacted_at" in record:
        record = record | {"deleted_at": record["redacted_at"]}
    elif generation == "gcs" and record["action"] == "scrub_geo":
        record = record | {"action": "delete"}
    return json.dumps(record).encode() + b"\n"


def _created(subject: int, chance: int) -> datetime:
    """A snowflake tells its time; the small IDs before them get one that is as good as any."""
    if subject < _FIRST_SNOWFLAKE:
        return _FIRST_ACCOUNTS + timedelta(seconds=chance)
    return datetime.fromtimestamp(((subject >> 22) + _SNOWFLAKE_EPOCH_MS) / 1000, UTC)


def _text(job_type: JobType, moment: datetime) -> str:
    if job_type == "users":
        return moment.isoformat(timespec="seconds")
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
