"""Every function may die, be doubled, or be refused at each of its effects, and the run is complete all the same."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from compliance.wire import WireError
from tests.faults.deployment import GENERATIONS, Act, Deployment, Died, Effect, Fault, Generation, deployed, unreachable
from tests.faults.interpreter import StepError
from tests.faults.journey import Invocation, go_back, journey
from tests.faults.memory_aws import Refusal
from tests.faults.truth import check_complete, two_parts

FILE = two_parts()
FUNCTIONS = (
    "register_run",
    "plan_parts",
    "prepare_part",
    "accept_input",
    "take_turn",
    "create_job",
    "open_upload",
    "upload_part",
    "get_job",
    "download_results",
    "write_results",
    "index_results",
    "release_turn",
    "summarize_run",
)
"""All that a run calls which goes well."""

MOVERS = ("create_job", "open_upload", "upload_part", "get_job", "download_results")
"""Those that do something else where X lets the bytes go another way."""

DEATHS = ("Runtime.ExitError", "Lambda.Unknown", "Sandbox.Timedout")
REFUSALS: tuple[Callable[[], Exception], ...] = (
    lambda: Refusal(400, "ThrottlingException"),
    lambda: Refusal(500, "InternalServerError"),
    lambda: Refusal(503, "SlowDown"),
    unreachable,
)
IN_A_ROW = 3

Case = tuple[str, Fault]
Journeys = dict[Generation, list[Invocation]]


@pytest.fixture(scope="module")
def traveller(clients: None) -> Iterator[Deployment]:
    with pytest.MonkeyPatch.context() as patch, deployed(patch) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def journeys(traveller: Deployment) -> Journeys:
    """A run of two parts that goes well, for each way the bytes may go."""
    found: Journeys = {}
    beginning = traveller.snapshot()
    for where in GENERATIONS:
        traveller.universe, traveller.effects = beginning, 0
        beginning = traveller.snapshot()
        found[where] = journey(traveller, FILE, where)
        check_complete(traveller, FILE, jobs=2)
    return found


def deaths(deployment: Deployment, effects: tuple[Effect, ...]) -> Iterator[Case]:
    """The function dies: before it has done anything, and after each thing that changes the world.

    Before a change is after the one before; and reading leaves no trace.
    """
    for effect in (None, *(effect for effect in effects if effect.changes)):
        number = effects[0].number if effect is None else effect.number
        death = DEATHS[number % len(DEATHS)]

        def fault(now: Effect, act: Act, number: int = number, death: str = death, first: bool = effect is None) -> Any:
            if now.number != number:
                return act()
            if not first:
                act()
            if death == "Sandbox.Timedout":
                deployment.universe.clock.advance(deployment.universe.clock.left)
            raise Died(death)

        yield f"{death} {'before everything' if effect is None else f'after {effect}'}", fault


def twins(deployment: Deployment, effects: tuple[Effect, ...]) -> Iterator[Case]:
    """Step Functions gives the function up while it still runs: the next try is over before it does its next thing."""
    for effect in effects:
        if not effect.changes:
            continue
        number = effect.number

        def fault(now: Effect, act: Act, number: int = number) -> Any:
            if now.number == number:
                repeat(deployment)
            return act()

        yield f"a second try before {effect}", fault


def repeat(deployment: Deployment) -> None:
    """The whole next try of the state under way; its outcome is the one that counts."""
    machines, execution = deployment.universe.machines, deployment.execution
    assert execution is not None
    deployment.universe.clock.advance(2)
    frame = execution.frames[-1]
    if execution.token is not None:
        machines.tokens += 1
        execution.token = f"SECRET-task-token-{machines.tokens}"
    state = execution.definition.states[frame.state]
    payload = machines._evaluate(execution, frame, state.body["Arguments"])["Payload"]
    try:
        deployment.twin = deployment.call(deployment.running, payload)
    except StepError as error:
        deployment.twin = error


def doubled(deployment: Deployment, effects: tuple[Effect, ...]) -> Iterator[Case]:
    """AWS does as it is told but its answer is lost, and boto asks again by itself."""
    for effect in effects:
        if effect.is_aws and effect.changes:

            def fault(now: Effect, act: Act, number: int = effect.number) -> Any:
                if now.number == number:
                    act()
                return act()

            yield f"twice {effect}", fault


def refused(deployment: Deployment, effects: tuple[Effect, ...]) -> Iterator[Case]:
    """AWS throttles a call or cannot answer it, several times in a row, longer than boto itself tries."""
    for effect in effects:
        if effect.is_aws:
            hits: list[str] = []

            def fault(now: Effect, act: Act, effect: Effect = effect, hits: list[str] = hits) -> Any:
                is_due = now.number == effect.number or (hits and str(now) == str(effect))
                if is_due and len(hits) < IN_A_ROW:
                    hits.append(str(now))
                    raise REFUSALS[effect.number % len(REFUSALS)]()
                return act()

            yield f"refused {effect}", fault


def unanswered(deployment: Deployment, effects: tuple[Effect, ...]) -> Iterator[Case]:
    """X or Google does not hear of a request; or does as it was told, and its answer is lost."""
    for effect in effects:
        if not effect.is_aws:
            for is_heard in (False, True):

                def fault(now: Effect, act: Act, number: int = effect.number, is_heard: bool = is_heard) -> Any:
                    if now.number != number:
                        return act()
                    if is_heard:
                        act()
                    raise WireError("ReadTimeoutError" if is_heard else "ConnectTimeoutError")

                yield f"{'unanswered' if is_heard else 'unheard'} {effect}", fault


KINDS = (deaths, twins, doubled, refused, unanswered)


@pytest.mark.parametrize("where", GENERATIONS)
def test_the_list_of_functions_is_whole(journeys: Journeys, where: Generation) -> None:
    assert {invocation.function for invocation in journeys[where]} == set(FUNCTIONS)


@pytest.mark.parametrize(
    ("where", "function"),
    [
        (where, function)
        for where in GENERATIONS
        for function in FUNCTIONS
        if where == "resumable" or function in MOVERS
    ],
)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_run_is_complete_whatever_befalls_one_effect(
    traveller: Deployment, journeys: Journeys, kind: Any, where: Generation, function: str
) -> None:
    failures = []
    for invocation in journeys[where]:
        if invocation.function != function:
            continue
        for name, fault in kind(traveller, invocation.effects):
            go_back(traveller, invocation)
            traveller.fault = fault
            CASES.append(name)
            try:
                traveller.run()
                has_lost_the_window = name.startswith("Sandbox.Timedout before") and function == "upload_part"
                check_complete(traveller, FILE, jobs=None if has_lost_the_window else 2)
            except AssertionError as failure:
                failures.append(f"{name}: {failure}"[:300])
    assert not failures, "\n".join(failures)


CASES: list[str] = []
