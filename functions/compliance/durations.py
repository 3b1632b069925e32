"""How long X is likely to take for a job: what earlier jobs of its type and size took, as far as polls could tell.

Durations run from the end of the upload to X's ``complete``, in seconds. Nobody promises any [observed: one ID,
complete at the first poll; 20 tweets, up to 22 minutes; 785,000 tweets, up to an hour], so all is thought of in
factors: on logarithms, whose standard deviation is the ``spread`` (0.4: two of three jobs take between 0.67 and 1.5
times the median).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, hypot, log, sqrt
from statistics import mean, median
from typing import NamedTuple

KEPT = 16
"""Observations that are kept of each type and size class."""

FORGETTING = 0.9
"""What an observation counts for beside the next one: X's pace changes."""

USUAL_SPREAD = 0.4
USUAL_WEIGHT = 4
"""The spread that is assumed before there is any, and for how many observations that assumption counts."""

SPREAD_PER_CLASS = 0.3
WIDEST_SPREAD = 1.5
"""How much less is known by a neighbouring size class, for each class that it is away, and at most."""

FREEDOM = 4
"""Degrees of freedom of Student's t, in which a job that got stuck counts for little."""


class Observation(NamedTuple):
    """A job was not complete yet at ``earliest``, and it was at ``latest``: that is all that polls see."""

    earliest: int
    latest: int

    @property
    def log_duration(self) -> float:
        """The middle between both. One that was complete at its first poll took half of that time, for all we know."""
        earliest = max(self.earliest, self.latest / 4)
        return (log(earliest) + log(self.latest)) / 2


@dataclass(frozen=True)
class Forecast:
    """What a job will take: ``median`` in seconds, ``spread`` of its logarithm."""

    median: float
    spread: float


def size_class(ids: int) -> int:
    """Jobs of one class have numbers of IDs that differ by less than a factor of two."""
    return ids.bit_length()


def forecast(history: Mapping[int, Sequence[Observation]], size: int) -> Forecast | None:
    """What a job of a size class will take, by the observations of each class, the oldest first.

    A class without any lies between its neighbours. None when there is nothing to tell it by.
    """
    logs = {each: [job.log_duration for job in observations] for each, observations in history.items() if observations}
    usual = _usual_variance([_fit(each, USUAL_SPREAD**2) for each in logs.values()])
    if size in logs:
        return _fit(logs[size], usual).forecast
    below, above = (each for each in logs if each < size), (each for each in logs if each > size)
    around = [*sorted(below)[-1:], *sorted(above)[:1]]
    if not around:
        return None
    distances = [abs(each - size) for each in around]
    fits = [_fit(logs[each], usual) for each in around]
    middle = sum(fit.middle / distance for fit, distance in zip(fits, distances, strict=True))
    middle /= sum(1 / distance for distance in distances)
    farther = min(WIDEST_SPREAD, SPREAD_PER_CLASS * min(distances))
    return Forecast(exp(middle), hypot(mean(fit.forecast.spread for fit in fits), farther))


@dataclass(frozen=True)
class _Fit:
    """Student's t for the logarithms of one class: ``squares`` are the deviations of so many ``jobs``."""

    middle: float
    variance: float
    squares: float
    jobs: float

    @property
    def forecast(self) -> Forecast:
        return Forecast(exp(self.middle), sqrt(self.variance * (1 + 1 / self.jobs)))


def _fit(logs: Sequence[float], usual: float) -> _Fit:
    """Expectation maximization, with weights that fade; ``usual`` is the variance to begin with."""
    weights = [FORGETTING**age for age in reversed(range(len(logs)))]
    middle, variance, squares = median(logs), usual, 0.0
    for _ in range(10):
        trusted = [
            weight * (FREEDOM + 1) / (FREEDOM + (each - middle) ** 2 / variance)
            for weight, each in zip(weights, logs, strict=True)
        ]
        middle = sum(trust * each for trust, each in zip(trusted, logs, strict=True)) / sum(trusted)
        squares = sum(trust * (each - middle) ** 2 for trust, each in zip(trusted, logs, strict=True))
        variance = (USUAL_WEIGHT * usual + squares) / (USUAL_WEIGHT + sum(weights))
    return _Fit(middle, variance, squares, sum(weights) ** 2 / sum(weight**2 for weight in weights))


def _usual_variance(fits: Sequence[_Fit]) -> float:
    """What the classes have in common, as one alone has few observations; a class's first tells nothing of it."""
    squares = sum(fit.squares for fit in fits)
    return (USUAL_WEIGHT * USUAL_SPREAD**2 + squares) / (USUAL_WEIGHT + sum(fit.jobs - 1 for fit in fits))
