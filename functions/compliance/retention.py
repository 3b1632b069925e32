"""How long records and copies stay, and what is too old to go on with. Zero days stand for ever."""

from typing import Final

from compliance.clock import parse_time, time_text
from compliance.errors import SourceChanged
from compliance.runs import Part, Run

DAY: Final = 86_400

MARGIN: Final = 0.25
"""An index item is kept so much longer, as a share, than it has to be: each such while it is written again."""


def copies_expire_at(began: float, days: int) -> str | None:
    """Until when the working copies are kept of a run that began then (epoch seconds); None for ever."""
    return time_text(began + days * DAY) if days else None


def is_past_retry(run: Run, now: str) -> bool:
    """Whether what a run had prepared is not kept any more at the time ``now``, as ``time_text`` writes it."""
    return run.get("copies_expire_at", now) < now


def refuse_retry(run: Run) -> SourceChanged:
    """What is said of a run that is too old to be started again."""
    return SourceChanged(
        f"The run began on {run['started_at'][:10]}, and what it had prepared was kept until "
        f"{run['copies_expire_at'][:10]}: it cannot be started again. Drop the file again."
    )


def check_part_is_kept(part: Part, now: float, days: int, job_seconds: float) -> None:
    """Raises SourceChanged for a prepared part that may be gone before a job of so many seconds has ended."""
    if days and parse_time(part["prepared_at"]).timestamp() + days * DAY - now < job_seconds:
        raise SourceChanged(
            f"The part was prepared on {part['prepared_at'][:10]}, and working copies are kept for {days} days: that "
            "is too short for a job that begins now. Drop the file again."
        )


def ttl(since: str, days: int) -> dict[str, int]:
    """The attribute that DynamoDB deletes an item by, in epoch seconds; none for an item that is to stay for ever."""
    return {"ttl": int(parse_time(since).timestamp()) + days * DAY} if days else {}


def index_ttl(checked_at: str, days: int) -> dict[str, int]:
    """The same for an item of the index that was found true then."""
    return ttl(checked_at, days + int(days * MARGIN) if days else 0)


def needs_renewal(known_ttl: int | None, checked_at: str, days: int) -> bool:
    """Whether an index item with that ``ttl`` would not stay for so many days after ``checked_at``, or too long."""
    if known_ttl is None or not days:
        return known_ttl is not None or days > 0
    return not ttl(checked_at, days)["ttl"] <= known_ttl <= index_ttl(checked_at, days)["ttl"]
