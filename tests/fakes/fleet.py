"""Jobs of all sizes, which take from 30 seconds to 2 hours, and what polling them by the real schedule comes to."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import exp, log
from random import Random
from typing import cast

from compliance.clock import time_text
from compliance.durations import KEPT, Observation, forecast, size_class
from compliance.polling import PollSchedule
from compliance.runs import Part
from compliance.waiting import kept_forecast, observation, wait_seconds

SHORTEST, LONGEST = 30.0, 7200.0
LARGEST = 8_000_000
"""IDs: a part of 160 MB."""

DEADLINE = 24 * 3600.0
SCHEDULE = PollSchedule(first=30, shortest=5, longest=3600, worth=0.016)
"""The settings' defaults."""


@dataclass(frozen=True)
class Job:
    """So many IDs, for which X takes so many seconds."""

    ids: int
    seconds: float


def fleet(
    random: Random, jobs: int, spread: float, slow_days: float = 0.0, drift: float = 0.0, largest: int = LARGEST
) -> list[Job]:
    """Size explains a duration but for a lognormal factor of that ``spread``.

    Sizes are log-uniform; medians run from 45 seconds for one ID to 80 minutes for the ``largest``. On ``slow_days``,
    a share of them, ten jobs in a row take three times as long; ``drift`` is the spread of what all change from job to
    job.
    """
    found, level, is_slow = [], 0.0, False
    for number in range(jobs):
        if number % 10 == 0:
            is_slow = random.random() < slow_days
        level += random.gauss(0, drift)
        ids = round(exp(random.uniform(0, log(largest))))
        middle = log(45) + log(ids) / log(largest) * log(80 * 60 / 45)
        seconds = exp(random.gauss(middle + level, spread)) * (3 if is_slow else 1)
        found.append(Job(ids, min(max(seconds, SHORTEST), LONGEST)))
    return found


def without_structure(random: Random, jobs: int) -> list[Job]:
    """Each duration as likely as any other, on the logarithm, whatever the size."""
    return [
        Job(round(exp(random.uniform(0, log(LARGEST)))), exp(random.uniform(log(SHORTEST), log(LONGEST))))
        for _ in range(jobs)
    ]


@dataclass
class Polled:
    """What polling came to: the polls of each job, and by how much longer than it took each was waited for."""

    polls: list[int] = field(default_factory=list)
    added: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    def add(self, polls: int, seen: float, took: float) -> None:
        self.polls.append(polls)
        self.added.append(seen - took)
        self.took.append(took)

    @property
    def polls_per_job(self) -> float:
        return sum(self.polls) / len(self.polls)

    @property
    def added_per_job(self) -> float:
        """The average of each job's share."""
        return sum(added / took for added, took in zip(self.added, self.took, strict=True)) / len(self.took)

    @property
    def added_in_all(self) -> float:
        """The share of all time waited, in which long jobs count for more."""
        return sum(self.added) / sum(self.took)

    def last(self, jobs: int) -> "Polled":
        return Polled(self.polls[-jobs:], self.added[-jobs:], self.took[-jobs:])


def poll_by_history(jobs: Iterable[Job], schedule: PollSchedule = SCHEDULE, *, forgets: bool = False) -> Polled:
    """One after the other, each by what was seen of those before; nothing of the kind when it ``forgets``."""
    polled, history = Polled(), defaultdict[int, list[Observation]](list)
    for job in jobs:
        size = size_class(job.ids)
        known = {} if forgets else history
        uploaded_at = time_text(0)
        part = cast(
            Part,
            {
                "created_at": uploaded_at,
                "uploaded_at": uploaded_at,
                "forecast": kept_forecast(forecast(known, size)),
            },
        )
        now, polls = 0.0, 0
        while True:
            now += wait_seconds(part, schedule, DEADLINE, now)
            polls += 1
            if now >= job.seconds:
                break
            part["working_at"] = time_text(now)
        took = observation(part, schedule, DEADLINE, now)
        if took:
            history[size] = [*history[size], took][-KEPT:]
        polled.add(polls, now, job.seconds)
    return polled


def poll_blindly(jobs: Iterable[Job], wait: Callable[[int], float]) -> Polled:
    """With the wait that ``wait`` says after so many polls."""
    polled = Polled()
    for job in jobs:
        now, polls = 0.0, 0
        while now < job.seconds:
            now += wait(polls)
            polls += 1
        polled.add(polls, now, job.seconds)
    return polled
