"""When to ask X again: every poll costs money, so each wait is longer than the one before."""

from dataclasses import dataclass

RATE_WINDOW_SECONDS = 900
"""X counts requests per 15 minutes."""


@dataclass(frozen=True)
class PollSchedule:
    """Waits in seconds: ``first`` before the first poll, then longer by ``backoff`` each time, up to ``longest``."""

    first: float
    longest: float
    backoff: float

    def wait(self, polls: int) -> int:
        """Whole seconds to wait after ``polls`` polls."""
        return max(1, round(min(self.longest, self.first * self.backoff ** min(polls, 100))))

    def wait_until(self, reset_at: float, now: float) -> int:
        """Whole seconds until X's rate limit is lifted at ``reset_at``, both in epoch seconds; its window at most."""
        return max(1, min(RATE_WINDOW_SECONDS, round(reset_at - now) + 1))


CONFLICT_WAITS = PollSchedule(first=5, longest=900, backoff=2)
"""How long somebody else's job is left alone before the next try to create ours."""
