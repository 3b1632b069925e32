"""When to ask X again: every poll costs money, and every moment between a job's end and the next poll is lost.

Polls lie densest where the job's end is likeliest. The density that keeps ``worth`` x polls + added waiting lowest is
sqrt(h / 2 worth), h being the rate at which jobs end that have not ended yet (J. B. Keller, Optimum checking schedules
for systems subject to random failure, Management Science 21, 1974), here on the logarithm of time, as waiting counts in
shares of the duration. So a poll is due when the integral over that density has grown by one since the last.
"""

from dataclasses import dataclass
from math import exp, log, pi, sqrt

from compliance.durations import Forecast

RATE_WINDOW_SECONDS = 900
"""X counts requests per 15 minutes."""

SURPRISE = 0.02
"""The share of jobs that take longer than any forecast: once a job is one of them, polls become rare again."""

_STEP = 0.01
"""Of the integral: a hundredth of the time gone by."""


@dataclass(frozen=True)
class PollSchedule:
    """``first`` is when a job is polled of whose like nothing is known; waits last from ``shortest`` to ``longest``.

    All in seconds. ``worth`` is what a poll is worth: the added waiting that is accepted to save one, as a share of the
    job's duration.
    """

    first: float
    shortest: float
    longest: float
    worth: float

    def wait(self, elapsed: float, left: float, forecast: Forecast | None) -> int:
        """Whole seconds until the next poll, at least one.

        Args:
            elapsed: seconds since the upload.
            left: seconds until the job is given up; the last poll comes within a second after that.
            forecast: what the job will take, unless nothing is known.
        """
        due = self._due(elapsed, log(max(2.0, elapsed + left)), forecast)
        wait = min(max(due - elapsed, self.shortest), self.longest, max(0, int(left)) + 1)
        return max(1, round(wait))

    def _due(self, elapsed: float, end: float, forecast: Forecast | None) -> float:
        if forecast is None and elapsed < self.first:
            return self.first
        rate = _Ends(end, forecast)
        at, polls = log(max(1.0, elapsed)), 0.0
        while polls < 1 and at < end:
            polls += _STEP * sqrt(rate(at) / (2 * self.worth))
            at += _STEP
        return exp(at)


@dataclass(frozen=True)
class _Ends:
    """The rate at which jobs end, by the logarithm of time; those end by ``end`` that do.

    Of a job of whose like nothing is known, each factor of time is as likely as any other. A forecast is a log-logistic
    distribution, but a few jobs, SURPRISE, end anywhere after its median.
    """

    end: float
    forecast: Forecast | None

    def __call__(self, at: float) -> float:
        left = max(_STEP, self.end - at)
        if self.forecast is None:
            return 1 / left
        scale, middle = self.forecast.spread * sqrt(3) / pi, log(self.forecast.median)
        z = max(-500.0, min(500.0, (at - middle) / scale))
        ended, alive = 1 / (1 + exp(-z)), 1 / (1 + exp(z))
        surprising = 1 / max(_STEP, self.end - middle)
        ending = (1 - SURPRISE) * ended * alive / scale + SURPRISE * surprising * (at >= middle)
        return ending / ((1 - SURPRISE) * alive + SURPRISE * min(1.0, left * surprising))


@dataclass(frozen=True)
class Backoff:
    """Waits in seconds: ``first``, then longer by ``factor`` each time, up to ``longest``."""

    first: float
    longest: float
    factor: float

    def wait(self, tries: int) -> int:
        """Whole seconds to wait after ``tries`` tries before this one."""
        return max(1, round(min(self.longest, self.first * self.factor ** min(tries, 100))))


RATE_LIMIT_WAITS = Backoff(first=60, longest=RATE_WINDOW_SECONDS, factor=1.5)
"""How long X's rate limit is waited for at least: X may name a time for its end that has passed already."""


def wait_for_limit(reset_at: float, now: float, tries: int) -> int:
    """Return whole seconds until X's rate limit is lifted: by its word, but not before the backoff, nor after a window.

    Args:
        reset_at: when X lifts the limit, in epoch seconds.
        now: epoch seconds.
        tries: answers of this kind in a row, before this one.
    """
    told = min(RATE_WINDOW_SECONDS, round(reset_at - now) + 1)
    return max(told, RATE_LIMIT_WAITS.wait(tries))


CONFLICT_WAITS = Backoff(first=5, longest=900, factor=2)
"""How long somebody else's job is left alone before the next try to create ours."""
