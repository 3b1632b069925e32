"""The simulator's own time, which can run faster than the world's and can be moved on."""

import time
from datetime import UTC, datetime


class Clock:
    """Starts at the world's time and then runs ``speed`` simulated seconds per real second."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._origin = time.time()
        self._started = time.monotonic()
        self._skipped = 0.0

    def now(self) -> float:
        """Simulated epoch seconds."""
        return self._origin + (time.monotonic() - self._started) * self._speed + self._skipped

    def client_time(self) -> float:
        """Return the epoch seconds of the clients' own clock, by which they wait."""
        return time.time()

    def advance(self, seconds: float) -> None:
        """Moves on by ``seconds`` simulated seconds at once."""
        self._skipped += seconds


def time_text(epoch_seconds: float) -> str:
    """The form of X's job timestamps: ``2026-11-23T12:41:20.000Z``."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
