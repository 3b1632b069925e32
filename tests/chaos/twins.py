"""Functions that stand still while the machine takes them for dead and goes on, and that go on later themselves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from threading import Event, Thread
from typing import Any

from tests.faults.deployment import TIMEOUTS, Deployment, Died
from tests.faults.interpreter import StepError

MOST_EFFECTS = 8


@dataclass
class Twin:
    """An invocation in a thread of its own, of which, or of whose caller, one runs at a time.

    Attributes:
        effects_left: how many effects it still has before it stands still.
        ends_at: when Lambda ends it (epoch seconds).
        due_at: when it goes on.
    """

    name: str
    call: Callable[[], Any]
    effects_left: int
    ends_at: float
    due_at: float = 0.0
    is_standing: bool = False
    is_over: bool = False
    outcome: Any = None
    failure: BaseException | None = None
    paused: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)

    def run(self) -> None:
        try:
            self.outcome = self.call()
        except BaseException as failure:
            self.failure = failure
        self.is_over = True
        self.paused.set()

    def wait(self) -> None:
        """Return when it stands still or is over."""
        self.paused.wait()
        self.paused.clear()

    def stand_still(self) -> None:
        """Let whoever waits go on, and wait to be told to go on."""
        self.is_standing = True
        self.paused.set()
        self.go_on.wait()
        self.is_standing = False


@dataclass
class Twins:
    """Runs a deployment's functions, and lets one in so many stand still at one of its effects."""

    deployment: Deployment
    random: Random
    rate: float
    standing: list[Twin] = field(default_factory=list)
    running: Twin | None = None
    done: int = 0

    def __post_init__(self) -> None:
        self._call = self.deployment.call
        self.deployment.call = self.call  # type: ignore[method-assign]

    @property
    def next_at(self) -> float:
        """When the next one goes on (epoch seconds)."""
        return min((each.due_at for each in self.standing), default=float("inf"))

    def call(self, name: str, payload: Any) -> Any:
        """One invocation. Raises StepError when it stands still, as Step Functions does when it hears nothing."""
        if self.running is not None or self.random.random() >= self.rate:
            return self._call(name, payload)
        clock = self.deployment.universe.clock
        outer = (self.deployment.running, clock.left, self.deployment.is_dead)
        effects = self.random.randrange(MOST_EFFECTS)
        ends_at = clock.now() + TIMEOUTS.get(name, 55)
        twin = Twin(name, lambda: self._call(name, payload), effects, ends_at)
        self._let_run(twin, Thread(target=twin.run, daemon=True).start)
        if twin.is_over:
            if twin.failure is not None:
                raise twin.failure
            return twin.outcome
        self.deployment.running, clock.left, self.deployment.is_dead = outer
        twin.due_at = clock.now() + self.random.choice([0, 1, 10, 50, 600])
        self.standing.append(twin)
        self.done += 1
        raise StepError("Lambda.Unknown", "The cause could not be determined.")

    def pass_effect(self) -> None:
        """Stands before an effect. Raises Died in a twin that goes on after Lambda has ended it."""
        twin = self.running
        if twin is None or twin.is_standing:
            return
        twin.effects_left -= 1
        if twin.effects_left == -1:
            twin.stand_still()
            if self.deployment.universe.clock.now() >= twin.ends_at:
                raise Died("Sandbox.Timedout")

    def let_go_on(self) -> None:
        """Let those go on, to their ends, that are due."""
        clock = self.deployment.universe.clock
        for twin in [each for each in self.standing if each.due_at <= clock.now()]:
            self.standing.remove(twin)
            outer = (self.deployment.running, clock.left, self.deployment.is_dead)
            self.deployment.running, self.deployment.is_dead = twin.name, False
            clock.left, self.deployment.is_late = twin.ends_at - clock.now(), True
            self._let_run(twin, twin.go_on.set)
            self.deployment.is_late = False
            self.deployment.running, clock.left, self.deployment.is_dead = outer
            if twin.failure is not None and not isinstance(twin.failure, StepError):
                raise twin.failure

    def _let_run(self, twin: Twin, start: Callable[[], None]) -> None:
        self.running = twin
        start()
        twin.wait()
        self.running = None
