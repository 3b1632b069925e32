"""A run that goes well, with a copy of everything before each of its invocations: where every fault begins."""

import copy
from dataclasses import dataclass
from typing import Any

from tests.faults.deployment import Deployment, Effect, Generation, Universe, generation, no_fault
from tests.faults.truth import File


@dataclass(frozen=True)
class Invocation:
    """One invocation of a run that goes well: what it does, and the universe just before it."""

    function: str
    before: Universe
    effects: tuple[Effect, ...]


def journey(
    deployment: Deployment, file: File, where: Generation, source: dict[str, Any] | None = None
) -> list[Invocation]:
    """Lets a run go its way, and well if nothing else was arranged; returns its invocations.

    ``source`` is what has started it, if it is not the file that was dropped.
    """
    generation(deployment.universe, where)
    deployment.start(source or deployment.drop(file.content, file.key))
    return invocations_of(deployment)


def invocations_of(deployment: Deployment) -> list[Invocation]:
    """Lets everything go on to its end; returns the invocations on the way."""
    invocations = []
    seen: list[Effect] = []

    def note(effect: Effect, act: object) -> object:
        seen.append(effect)
        return act()  # type: ignore[operator]

    deployment.fault = note
    while execution := deployment.universe.machines.next():
        before = deployment.snapshot()
        seen.clear()
        deployment.step(execution)
        if seen:
            invocations.append(Invocation(seen[0].function, before, tuple(seen)))
    deployment.fault = no_fault
    return invocations


def go_back(deployment: Deployment, invocation: Invocation) -> None:
    """Makes everything as it was before an invocation."""
    deployment.universe = copy.deepcopy(invocation.before)
    deployment.effects = invocation.effects[0].number
    deployment.log.seek(0)
    deployment.log.truncate()
