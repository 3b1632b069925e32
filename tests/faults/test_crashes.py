"""Every function may die, be doubled, or be refused at each of its effects, and the run is complete all the same."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

import report_failure
from adapters.settings import Settings
from compliance import normalizer
from compliance.wire import WireError
from tests.fakes.x import problem
from tests.faults.deployment import (
    GENERATIONS,
    Act,
    Deployment,
    Died,
    Effect,
    Fault,
    Generation,
    deployed,
    no_fault,
    unreachable,
)
from tests.faults.interpreter import Execution, StepError
from tests.faults.journey import Invocation, go_back, journey
from tests.faults.memory_aws import Refusal
from tests.faults.truth import (
    File,
    active_jobs,
    check_complete,
    check_failed,
    grown,
    one_part,
    parts,
    record,
    runs,
    turns,
    two_parts,
)
from tests.unit.conftest import INBOX

FILE = two_parts()
GROWN = grown()
ID_BYTES = len(f"{GROWN.ids[0]}\n")
FUNCTIONS = (
    "register_run",
    "plan_parts",
    "prepare_part",
    "find_duplicates",
    "deduplicate_part",
    "accept_input",
    "take_turn",
    "create_job",
    "open_upload",
    "upload_part",
    "get_job",
    "download_results",
    "write_results",
    "index_results",
    "index_range",
    "release_turn",
    "summarize_run",
    "write_report",
    "publish_run",
)
"""All that a run calls which goes well."""

MOVERS = ("create_job", "open_upload", "upload_part", "get_job", "download_results")
"""Those that do something else where X lets the bytes go another way."""

DEATHS = ("Runtime.ExitError", "Runtime.Unknown", "Lambda.Unknown", "Sandbox.Timedout")
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
    done: set[tuple[str, ...]] = set()
    for invocation in journeys[where]:
        alike = tuple(f"{effect.service} {effect.operation.split('/')[0]}" for effect in invocation.effects)
        if invocation.function != function or (alike in done and kind is not deaths):
            continue
        done.add(alike)
        for name, fault in kind(traveller, invocation.effects):
            go_back(traveller, invocation)
            traveller.fault = fault
            try:
                traveller.run()
                has_lost_the_window = name.startswith("Sandbox.Timedout") and function == "upload_part"
                jobs, events = None if has_lost_the_window else 2, None if function == "publish_run" else 1
                check_complete(traveller, FILE, jobs=jobs, events=events)
            except AssertionError as failure:
                failures.append(f"{name}: {failure}"[:300])
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_further_parts_are_checked_whatever_befalls_their_preparation(
    traveller: Deployment, journeys: Journeys, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A try that comes later writes them again, and S3 gives the same bytes another ETag."""
    monkeypatch.setattr(Settings, "part_bytes", 2 * ID_BYTES)
    monkeypatch.setattr(normalizer, "SHORT", ID_BYTES)
    traveller.universe, traveller.effects = traveller.copy_of(journeys["resumable"][0].before), 0
    traveller.universe.machines.executions.clear()
    traveller.universe.aws.objects.clear()
    (preparation,) = (each for each in journey(traveller, GROWN, "x-hosted") if each.function == "prepare_part")
    check_complete(traveller, GROWN, jobs=2)
    failures = []
    for name, fault in kind(traveller, preparation.effects):
        go_back(traveller, preparation)
        traveller.fault = fault
        try:
            traveller.run()
            check_complete(traveller, GROWN, jobs=2)
        except AssertionError as failure:
            failures.append(f"{name}: {failure}"[:300])
    assert not failures, "\n".join(failures)


OF_DATASETS = ("register_run", "claim_dataset", "unload_dataset", "plan_parts", "publish_run")
"""What does something else for a dataset than for a file that was dropped."""

SCHEDULED = {
    "dataset": {"name": "weekly", "type": "tweets", "overlap": "wait", "query": "SELECT 1", "database": "archive"},
    "bucket": {"name": INBOX},
    "scheduled_at": "2026-11-23T03:00:00Z",
}
DATASET = replace(FILE, key="weekly")


@pytest.fixture(scope="module")
def checks(traveller: Deployment, journeys: Journeys) -> list[Invocation]:
    """A check of what a dataset's query finds that goes well."""
    traveller.universe, traveller.effects = traveller.copy_of(journeys["resumable"][0].before), 0
    traveller.universe.machines.executions.clear()
    traveller.universe.aws.objects.clear()
    traveller.universe.aws.found = FILE.content
    found = journey(traveller, DATASET, "resumable", SCHEDULED)
    check_complete(traveller, DATASET, jobs=2)
    return found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("function", OF_DATASETS)
def test_a_dataset_is_checked_whatever_befalls_one_effect(
    traveller: Deployment, checks: list[Invocation], kind: Any, function: str
) -> None:
    failures = []
    concerned = [invocation for invocation in checks if invocation.function == function]
    assert concerned
    for invocation in concerned:
        for name, fault in kind(traveller, invocation.effects):
            go_back(traveller, invocation)
            traveller.fault = fault
            try:
                traveller.run()
                check_complete(traveller, DATASET, jobs=2, events=None if function == "publish_run" else 1)
                known = record(traveller.universe, pk="DATASET#weekly")
                assert known["checked_by"] == known["checking"] == runs(traveller.universe)[0]["run_id"]
            except AssertionError as failure:
                failures.append(f"{name}: {failure}"[:300])
    assert not failures, "\n".join(failures)


IDENTIFIER = "1700000000000000007"
REFUSED = problem(403, "client-forbidden", "Your client app is not enrolled.")
GARBAGE = File(b"\n".join([IDENTIFIER.encode()] + [b"no ID"] * 9), (IDENTIFIER,), 0, 9, 0, 1)
FAILING = {
    "AccessRefused": (one_part(), ("abandon_job", "release_turn", "summarize_run", "write_report", "publish_run")),
    "InputRejected": (GARBAGE, ("accept_input", "record_failure", "write_report", "publish_run")),
}
"""What a run that fails calls on its way to the end; Report Failure has no effect but its error."""


@pytest.fixture(scope="module")
def ways_down(traveller: Deployment, journeys: Journeys) -> dict[str, list[Invocation]]:
    """Two runs that fail: one by X, one by its input."""
    found: dict[str, list[Invocation]] = {}
    for error, (file, _) in FAILING.items():
        traveller.universe, traveller.effects = traveller.copy_of(journeys["x-hosted"][0].before), 0
        traveller.universe.machines.executions.clear()
        traveller.universe.aws.objects.clear()
        traveller.universe.world.x.faults["get"] = [REFUSED]
        found[error] = journey(traveller, file, "x-hosted")
        check_failed(traveller, error, file)
    return found


@pytest.mark.parametrize(
    ("error", "function"), [(error, function) for error, (_, functions) in FAILING.items() for function in functions]
)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_run_fails_as_it_should_whatever_befalls_one_effect(
    traveller: Deployment, ways_down: dict[str, list[Invocation]], kind: Any, error: str, function: str
) -> None:
    """And it can be redriven, unless its file is at fault."""
    file = FAILING[error][0]
    failures = []
    for invocation in ways_down[error]:
        if invocation.function != function:
            continue
        for name, fault in kind(traveller, invocation.effects):
            go_back(traveller, invocation)
            traveller.fault = fault
            try:
                traveller.run()
                check_failed(traveller, error, file, may_stay=keeps_job(kind, name))
                traveller.fault = no_fault
                if error != "InputRejected":
                    traveller.universe.machines.redrive(run_execution(traveller).arn)
                    traveller.run()
                    check_complete(traveller, file, events=None)
            except AssertionError as failure:
                failures.append(f"{name}: {failure}"[:300])
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("death", DEATHS)
def test_a_failure_is_reported_although_its_function_dies(
    traveller: Deployment, ways_down: dict[str, list[Invocation]], death: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_back(traveller, ways_down["AccessRefused"][-1])
    traveller.fault = no_fault
    traveller.run(until=lambda execution: execution.state == "Report Failure")
    report, deaths_left = report_failure.handler, [death]

    def handler(*arguments: Any) -> Any:
        if deaths_left:
            raise Died(deaths_left.pop())
        return report(*arguments)

    monkeypatch.setattr(report_failure, "handler", handler)
    traveller.run()
    assert not deaths_left
    check_failed(traveller, "AccessRefused", one_part())


def run_execution(deployment: Deployment) -> Execution:
    executions = deployment.universe.machines.executions.values()
    return next(each for each in executions if each.machine == "XComplianceRun")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("function", ["create_job", "upload_part", "get_job", "download_results"])
def test_what_was_stopped_is_settled_whatever_befalls_one_effect(
    traveller: Deployment, journeys: Journeys, kind: Any, function: str
) -> None:
    """Lambda calls a function that an event is for again when it fails; here, the machine's job was stopped."""
    start = next(invocation for invocation in journeys["x-hosted"] if invocation.function == function)
    seen: list[Effect] = []

    def note(effect: Effect, act: Act) -> Any:
        seen.append(effect)
        return act()

    def stopped() -> Execution:
        go_back(traveller, start)
        machines = traveller.universe.machines
        job = next(each for each in machines.executions.values() if each.machine == "XComplianceJob")
        machines.abort(job.arn)
        return job

    job = stopped()
    traveller.fault = note
    traveller.settle(job.arn)
    for name, fault in kind(traveller, tuple(seen)):
        if kind is twins:
            continue
        job = stopped()
        traveller.fault = fault
        for _ in range(IN_A_ROW + 1):
            with suppress(StepError):
                traveller.settle(job.arn)
        part = next(part for part in parts(traveller.universe) if part["part"] == 1)
        assert (part["status"], part["error"]) == ("failed", "ExecutionStopped"), name
        assert not turns(traveller.universe), name
        assert keeps_job(kind, name) or not active_jobs(traveller.universe), name


def keeps_job(kind: Any, name: str) -> bool:
    """X's job is cancelled at the first try or not at all: whoever goes on with the part takes it on."""
    return kind is unanswered or "GetSecretValue" in name
