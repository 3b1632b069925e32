"""Time as the core is given it, and the texts that stand for it."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The clock of one invocation."""

    def now(self) -> float:
        """Epoch seconds."""

    def remaining(self) -> float:
        """Seconds until the invocation is ended from outside."""

    def sleep(self, seconds: float) -> None:
        """Waits."""


def parse_time(text: str) -> datetime:
    """Reads ISO 8601 with ``Z``, with milliseconds or with an offset such as ``-08:00``; without a zone it is UTC.

    Raises ValueError when the text is no such time.
    """
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is outside the years 1 to 9999 in UTC") from None


def time_text(epoch_seconds: float) -> str:
    """A sortable text such as ``2026-11-23T12:41:20.123Z``."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
