"""Faults at random, everywhere at once."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from compliance.wire import Download, Response, WireError
from tests.chaos.twins import Twins
from tests.chaos.weather import STATUSES, Weather
from tests.fakes.downloads import Serving
from tests.fakes.gcs import Act as ChunkAct
from tests.fakes.x import answer, problem
from tests.faults.deployment import Act, Deployment, Died, Effect
from tests.faults.memory_aws import Refusal

Trouble = Callable[["Storm", Effect, Act], Any]

DEATHS = ("Runtime.ExitError", "Lambda.Unknown", "Sandbox.Timedout", "Lambda.TooManyRequestsException")
REFUSALS = ((400, "ThrottlingException"), (400, "ProvisionedThroughputExceededException"), (500, "InternalServerError"))
ANSWERS = (
    problem(503, "unavailable", "Later."),
    problem(500, "internal", "Oh."),
    Response(502, {}, b"<html>Bad Gateway</html>"),
    Response(408),
    problem(429, "rate-limit", "Slow down."),
)
OFTENER_ON_THE_WIRE = 3
"""Of a story's effects, one in ten is a request to X or Google."""

SPEND_CAP = answer(
    403,
    {
        "type": "https://api.x.com/2/problems/credits",
        "title": "SpendCapReached",
        "detail": "Your account has reached its spend cap: blocked until the next cycle begins.",
        "reset_date": "2026-12-01",
    },
)


@dataclass
class Storm:
    """Strikes one effect in so many, with what the random numbers say. ``done`` counts what it has done, by kind."""

    deployment: Deployment
    random: Random
    rate: float
    done: Counter[str] = field(default_factory=Counter)
    lost_cancels: int = 0
    weather: Weather = field(init=False)
    twins: Twins = field(init=False)

    def __post_init__(self) -> None:
        self.weather = Weather(self.deployment.universe, self.random)
        self.twins = Twins(self.deployment, self.random, self.rate / 2)

    def fault(self, effect: Effect, act: Act) -> Any:
        """Stands before an effect."""
        self.twins.pass_effect()
        self.deployment.universe.world.gcs.play(self._chunks())
        if _is_download(effect) and not effect.is_aws:
            self.deployment.universe.world.downloads.script[:] = self._servings()
        is_late = self.deployment.is_late
        self.lost_cancels += may_lose_cancel(effect, is_late=is_late) and self.weather.hides_jobs
        if self.random.random() >= (self.rate if effect.is_aws else OFTENER_ON_THE_WIRE * self.rate):
            return act()
        name, trouble = self.random.choice(AWS_TROUBLES if effect.is_aws else WIRE_TROUBLES)
        self.done[name] += 1
        is_death = trouble in (die_before, die_after)
        self.lost_cancels += may_lose_cancel(effect, is_late=is_late, is_death=is_death)
        return trouble(self, effect, act)

    def _chunks(self) -> Iterator[ChunkAct]:
        """How Google's sessions treat what comes."""
        while True:
            if self.random.random() >= self.rate:
                yield ChunkAct()
                continue
            self.done["a chunk kept in part, or its answer lost"] += 1
            yield ChunkAct(
                self.random.choice([None, 0, 1]),
                self.random.choice(["answer", "no_range", "reset", "status", "late"]),
                self.random.choice([408, 429, 500, 503]),
            )

    def _servings(self) -> list[Serving]:
        """Choose how the next download goes wrong. It never comes empty, since an empty answer may be genuine."""
        if self.random.random() >= self.rate:
            return []
        self.done["a download cut off"] += 1
        length = self.random.randrange(1, 100)
        broken = (Serving(cut_after=length), Serving(ends_after=length), Serving(status=503))
        return [self.random.choice(broken)]


def die_before(storm: Storm, effect: Effect, act: Act) -> Any:
    raise Died(_death(storm))


def die_after(storm: Storm, effect: Effect, act: Act) -> Any:
    act()
    raise Died(_death(storm))


def _death(storm: Storm) -> str:
    death = storm.random.choice(DEATHS)
    if death == "Sandbox.Timedout":
        clock = storm.deployment.universe.clock
        clock.advance(max(0.0, clock.left))
    return death


def refuse(storm: Storm, effect: Effect, act: Act) -> Any:
    raise Refusal(*storm.random.choice(REFUSALS))


def repeat(storm: Storm, effect: Effect, act: Act) -> Any:
    """AWS's answer is lost, and boto asks again."""
    act()
    return act()


def do_not_hear(storm: Storm, effect: Effect, act: Act) -> Any:
    raise WireError("ConnectTimeoutError")


def lose_answer(storm: Storm, effect: Effect, act: Act) -> Any:
    act()
    raise WireError("ReadTimeoutError")


def answer_otherwise(storm: Storm, effect: Effect, act: Act) -> Any:
    answer = storm.random.choice(ANSWERS)
    return answer if not _is_download(effect) else _served(answer)


def lose_session(storm: Storm, effect: Effect, act: Act) -> Any:
    storm.deployment.universe.world.gcs.forget()
    return act()


def refuse_token_once(storm: Storm, effect: Effect, act: Act) -> Any:
    answer = problem(401, "unauthorized", "Unauthorized.") if effect.service == "x" else Response(503)
    return answer if not _is_download(effect) else _served(answer)


def take_half_an_hour(storm: Storm, effect: Effect, act: Act) -> Any:
    storm.deployment.universe.clock.epoch += 1800
    return act()


def corrupt(storm: Storm, effect: Effect, act: Act) -> Any:
    storm.weather.is_corrupting = True
    return act()


def leave_out_checksums(storm: Storm, effect: Effect, act: Act) -> Any:
    storm.weather.unsaid_until = storm.weather.now + storm.random.choice([0.5, 5, 1800])
    return act()


def name_another_status(storm: Storm, effect: Effect, act: Act) -> Any:
    storm.weather.status = storm.random.choice(STATUSES)
    storm.weather.renamed_until = storm.weather.now + storm.random.choice([0.5, 60, 3600])
    return act()


def run_out_of_credits(storm: Storm, effect: Effect, act: Act) -> Any:
    """The recharge comes within two of its periods of five minutes."""
    kind = storm.random.choice(["credits", "credits-depleted"])
    storm.weather.refusal = problem(402, kind, "Your account does not have any credits.")
    storm.weather.refused_until = storm.weather.now + storm.random.uniform(0, 600)
    return act()


def reach_spend_cap(storm: Storm, effect: Effect, act: Act) -> Any:
    storm.weather.refusal = SPEND_CAP
    storm.weather.refused_until = storm.weather.now + storm.random.choice([60, 3600, 86_400])
    return act()


def rotate_to_another_app(storm: Storm, effect: Effect, act: Act) -> Any:
    storm.weather.rotate()
    return act()


def may_lose_cancel(effect: Effect, *, is_late: bool, is_death: bool = False) -> bool:
    """Return whether the one attempt to cancel an unneeded job may fail, so that X keeps the job.

    A delayed Create Job makes such an attempt, too, if its job comes too late.
    """
    is_asked = not effect.is_aws or effect.operation == "GetSecretValue"
    cancels = effect.function in ("abandon_job", "settle_execution") or (is_late and effect.function == "create_job")
    return cancels and (is_asked or is_death)


AWS_TROUBLES: tuple[tuple[str, Trouble], ...] = (
    ("a function that died before an AWS call", die_before),
    ("a function that died after an AWS call", die_after),
    ("an AWS call refused", refuse),
    ("an AWS call done twice", repeat),
)
WIRE_TROUBLES: tuple[tuple[str, Trouble], ...] = (
    ("a function that died before a request", die_before),
    ("a function that died after a request", die_after),
    ("a request unheard", do_not_hear),
    ("an answer lost", lose_answer),
    ("408, 429 or 5xx", answer_otherwise),
    ("all upload sessions lost", lose_session),
    ("401 once", refuse_token_once),
    ("half an hour lost", take_half_an_hour),
    ("a digit corrupted on its way to or from Google", corrupt),
    ("checksums left out", leave_out_checksums),
    ("a job status that nobody knows", name_another_status),
    ("402 until the recharge", run_out_of_credits),
    ("a spending cap", reach_spend_cap),
    ("the token of another App", rotate_to_another_app),
)


_JOB = re.compile("GET /2/compliance/jobs/[0-9]+")
"""A download that is refused asks for the job."""


def _is_download(effect: Effect) -> bool:
    return effect.function == "download_results" and not _JOB.fullmatch(effect.operation)


@contextmanager
def _served(answer: Response) -> Iterator[Download]:
    yield Download(answer.status, answer.headers, iter([answer.body]))
