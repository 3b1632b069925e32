"""X's rate limit: so many requests per 15 minutes, each operation for itself."""

import threading
from dataclasses import dataclass

from xcompliance.sandbox.simulator.clock import Clock

WINDOW_SECONDS = 900.0
"""Simulated seconds from the first request of a window to its end."""


@dataclass(frozen=True)
class Allowance:
    """Where an operation stands after a request. ``resets_at`` is in epoch seconds of the clients' clock."""

    limit: int
    remaining: int
    resets_at: float
    is_exceeded: bool

    @property
    def headers(self) -> list[tuple[str, str]]:
        """X's three headers."""
        return [
            ("x-rate-limit-limit", str(self.limit)),
            ("x-rate-limit-remaining", str(self.remaining)),
            ("x-rate-limit-reset", str(int(self.resets_at) + 1)),
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
        resets_at = self._clock.client_time() + began + WINDOW_SECONDS - now
        return Allowance(self._limit, self._limit - used, resets_at, is_exceeded)

    def exhaust(self, operation: str) -> Allowance:
        """Uses up what is left of the operation's window."""
        now = self._clock.now()
        with self._lock:
            began, _ = self._windows.get(operation, (now, 0))
            self._windows[operation] = began, self._limit
        return self.count(operation)
