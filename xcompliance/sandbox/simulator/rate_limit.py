"""X's rate limit: so many requests per 15 minutes, each operation for itself."""

import threading
import time
from dataclasses import dataclass

from xcompliance.sandbox.simulator.clock import Clock

WINDOW_SECONDS = 900.0
"""Simulated seconds from the first request of a window to its end."""


@dataclass(frozen=True)
class Allowance:
    """Where an operation stands after a request. ``seconds_left`` in the window are simulated ones."""

    limit: int
    remaining: int
    seconds_left: float
    is_exceeded: bool

    @property
    def headers(self) -> list[tuple[str, str]]:
        """X's three headers. The reset is told by the world's clock, as clients wait by theirs."""
        return [
            ("x-rate-limit-limit", str(self.limit)),
            ("x-rate-limit-remaining", str(self.remaining)),
            ("x-rate-limit-reset", str(int(time.time() + self.seconds_left) + 1)),
        ]


class RateLimit:
    """Counts requests per operation in windows that begin with their first request."""

    def __init__(self, limit: int, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}

    def count(self, operation: str) -> Allowance:
        """Counts a request and tells whether it is one too many."""
        now = self._clock.now()
        with self._lock:
            began, used = self._windows.get(operation, (now, 0))
            if now >= began + WINDOW_SECONDS:
                began, used = now, 0
            is_exceeded = used >= self._limit
            used = min(used + 1, self._limit)
            self._windows[operation] = began, used
        return Allowance(self._limit, self._limit - used, began + WINDOW_SECONDS - now, is_exceeded)

    def exhaust(self, operation: str) -> Allowance:
        """Uses up what is left of the operation's window."""
        now = self._clock.now()
        with self._lock:
            began, _ = self._windows.get(operation, (now, 0))
            self._windows[operation] = began, self._limit
        return self.count(operation)
