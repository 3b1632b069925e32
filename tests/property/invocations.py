"""Invocations of functions that may die, or be held up, before or after any of their calls to AWS."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from adapters import aws


class Killed(BaseException):
    """Ends an invocation where it stands, as Lambda does: nothing of its code runs any more."""


@dataclass(frozen=True)
class Fault:
    """What happens to an invocation at its ``at``-th border; each call has one before it and one behind it."""

    kind: Literal["dies", "is_held_up"]
    at: int


@dataclass(eq=False)
class Invocation:
    """One act in a thread of its own. It runs only while the test waits for it, so one at a time."""

    act: Callable[[], None]
    fault: Fault | None = None
    borders: int = 0
    is_over: bool = False
    was_killed: bool = False
    is_interrupted: bool = False
    _error: BaseException | None = None
    _dies: bool = False
    _may_run: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _has_stopped: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def start(self) -> None:
        """Runs to the end, or to where it is held up."""
        threading.Thread(target=self._run, daemon=True).start()
        self._wait()

    def resume(self, *, dies: bool = False) -> None:
        """Runs from where it was held up to the end, or dies there."""
        self._dies = dies
        self._may_run.release()
        self._wait()

    def cross(self) -> None:
        """A border: called by the invocation's own thread, before and after every call to AWS."""
        self.borders += 1
        if self.fault is None or self.borders != self.fault.at:
            return
        self.is_interrupted = True
        if self.fault.kind == "is_held_up":
            self._has_stopped.release()
            self._may_run.acquire()
        if self.fault.kind == "dies" or self._dies:
            raise Killed

    def _run(self) -> None:
        RUNNING.invocation = self
        try:
            self.act()
        except Killed:
            self.was_killed = True
        except BaseException as error:
            self._error = error
        self.is_over = True
        self._has_stopped.release()

    def _wait(self) -> None:
        assert self._has_stopped.acquire(timeout=60), "an invocation hangs"
        if self._error is not None:
            raise self._error


class _Running(threading.local):
    invocation: Invocation | None = None


RUNNING = _Running()


def cross(**_: Any) -> None:
    """A border of the invocation that calls, if one does."""
    if RUNNING.invocation is not None:
        RUNNING.invocation.cross()


@contextmanager
def bordered_dynamodb() -> Iterator[None]:
    """Puts the borders around every call to DynamoDB."""
    events = aws.dynamodb().meta.client.meta.events
    for name in ("before-call.dynamodb", "after-call.dynamodb"):
        events.register(name, cross)
    try:
        yield
    finally:
        for name in ("before-call.dynamodb", "after-call.dynamodb"):
            events.unregister(name, cross)
