"""An execution may be stopped at any state: nothing is left behind it, the next is called, and the work goes on.

Two files of one type wait for the one turn. The one whose execution is stopped can be redriven, or started again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from compliance.events import PART_FAILED
from compliance.runs import raw_key
from tests.fakes.x import problem
from tests.faults.deployment import Act, Deployment, Effect, Universe, deployed, generation, no_fault
from tests.faults.interpreter import MACHINES, Execution
from tests.faults.memory_aws import Version
from tests.faults.truth import (
    FIRST,
    SECOND,
    active_jobs,
    check_complete,
    check_secrecy,
    parts,
    runs,
    turns,
    two_parts,
)
from tests.unit.conftest import INBOX, RESULTS

FILES = {
    "one": two_parts(FIRST, FIRST + 1000, "tweets/one.txt"),
    "two": two_parts(SECOND, SECOND + 1000, "tweets/two.txt"),
}
STATES = {
    "XComplianceRun": (
        "Register Run",
        "New File?",
        "Plan Parts",
        "Prepare Parts",
        "Prepare Part",
        "Part Not Prepared",
        "Deduplicate?",
        "Find Duplicates",
        "Duplicates Found?",
        "Wait For Athena",
        "Deduplicate Parts",
        "Deduplicate Part",
        "Part Not Deduplicated",
        "Accept Input",
        "Check Parts",
        "Check Part",
        "Part Not Checked",
        "Summarize Run",
        "Record Failure",
        "Write Report",
        "Publish Run",
        "Run Complete?",
        "Report Failure",
    ),
    "XComplianceJob": (
        "Take Turn",
        "Create Job",
        "Job Created?",
        "Wait For Slot",
        "Open Upload",
        "Upload Part",
        "Upload Complete?",
        "Wait For X",
        "Get Job",
        "Job Complete?",
        "Download Results",
        "Download Complete?",
        "Write Results",
        "Index Results",
        "Index Complete?",
        "Wait For Table",
        "Index Ranges",
        "Index Range",
        "Range Not Indexed",
        "Abandon Job",
        "Another Job?",
        "Release Turn",
        "Part Checked?",
        "Report Failure",
    ),
}
"""Where the executions are stopped: on the way of a run that goes well after a conflict, and of two that do not."""

DELIVERIES = ("once", "twice", "late", "by the schedule")


PLACES = [(machine, state) for machine, states in STATES.items() for state in states]
RECOVERIES = ("redrive", "start again", "redrive the job first")
QUARTER = 900.0
LOST = "lost"


@dataclass(frozen=True)
class Place:
    """Somewhere on a run's way: an execution before a state, and the universe at that moment."""

    arn: str
    before: Universe
    effects: int


Places = dict[tuple[str, str], Place]


@pytest.fixture(scope="module")
def traveller(clients: None) -> Iterator[Deployment]:
    with pytest.MonkeyPatch.context() as patch, deployed(patch) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def places(traveller: Deployment) -> Places:
    """The first time that an execution for the first file comes to each state."""
    found: Places = {}
    beginning = traveller.snapshot()
    for trouble in (conflict, refusal, absence, silence, loss):
        traveller.universe, traveller.effects = beginning, 0
        beginning = traveller.snapshot()
        generation(traveller.universe, "x-hosted")
        for name, file in FILES.items():
            traveller.start(traveller.drop(file.content, file.key), name)
        trouble(traveller)
        while execution := traveller.universe.machines.next():
            place = (execution.machine, execution.state)
            if place not in found and is_first(execution):
                found[place] = Place(execution.arn, traveller.snapshot(), traveller.effects)
            traveller.step(execution)
    return found


def conflict(deployment: Deployment) -> None:
    """Somebody else's job is in the way for a moment."""
    deployment.universe.world.x.faults["create"] = [problem(409, "conflict", "There is an active job.")]


def refusal(deployment: Deployment) -> None:
    deployment.universe.world.x.faults["get"] = [problem(403, "client-forbidden", "Not enrolled.")]


def absence(deployment: Deployment) -> None:
    """The first file is not there when its part is prepared; who goes on finds it."""
    deployment.run(until=lambda execution: execution.state == "Prepare Part")
    del deployment.universe.aws.objects[INBOX, FILES["one"].key]


def silence(deployment: Deployment) -> None:
    """Athena's answer is not there when the second part is compared; who goes on asks anew."""
    deployment.run(until=lambda execution: execution.state == "Deduplicate Part" and is_first(execution))
    key = deployment.universe.aws.keys(RESULTS, "athena/")[0]
    del deployment.universe.aws.objects[RESULTS, key]


def loss(deployment: Deployment) -> None:
    """The first answer is not there when it is indexed; who goes on finds it."""
    job = deployment.run(until=lambda execution: execution.state == "Index Range" and is_first(execution))
    aws = deployment.universe.aws
    assert job is not None
    (key,) = aws.keys(RESULTS, f"raw/{job.input['run_id']}/")
    aws.put(RESULTS, LOST, aws.body(RESULTS, key))
    del aws.objects[RESULTS, key]


def bring_back(deployment: Deployment) -> None:
    aws = deployment.universe.aws
    for execution in deployment.universe.machines.executions.values():
        if (RESULTS, LOST) in aws.objects and execution.machine == "XComplianceJob" and is_first(execution):
            aws.put(RESULTS, raw_key(execution.input["run_id"], 1), aws.objects.pop((RESULTS, LOST))[-1].body)


def is_first(execution: Execution) -> bool:
    return "one" in (execution.arn.rpartition(":")[2], (execution.parent or "").rpartition(":")[2])


def run_of(deployment: Deployment, name: str) -> Execution:
    executions = deployment.universe.machines.executions
    return next(each for each in executions.values() if each.arn.endswith(f":XComplianceRun:{name}"))


def stop(deployment: Deployment, place: Place, *, in_the_middle: bool) -> None:
    """Stops an execution before it does its state; or while its function runs, which then goes on to its end."""
    machines = deployment.universe.machines

    def fault(effect: Effect, act: Act) -> Any:
        machines.abort(place.arn)
        return act()

    if in_the_middle:
        deployment.fault = fault
        deployment.step(machines.executions[place.arn])
        deployment.fault = no_fault
    machines.abort(place.arn)


def stop_child(deployment: Deployment, arn: str) -> list[str]:
    """Step Functions stops the execution that a stopped one has started and waits for, if all goes well."""
    machines = deployment.universe.machines
    children = [each.arn for each in machines.executions.values() if each.parent == arn and not each.is_over]
    for child in children:
        machines.abort(child)
    return children


def deliver(deployment: Deployment, delivery: str, arns: list[str]) -> None:
    """Tells the function behind the rule of the end, or lets the schedule find out."""
    clock = deployment.universe.clock
    if delivery in ("late", "by the schedule"):
        deadline = clock.now() + QUARTER
        deployment.run(until=lambda execution: deployment.universe.machines.time(execution) > deadline)
        clock.advance(max(0.0, deadline - clock.now()))
    if delivery == "by the schedule":
        deployment.sweep()
        return
    for arn in arns * (2 if delivery == "twice" else 1):
        deployment.settle(arn)


def check_left_nothing(deployment: Deployment, *, is_told: bool) -> None:
    """What has to hold in the end, whether the work goes on or not; ``is_told``: not only the schedule found out.

    Who comes to a turn whose holder has ended takes it, and then it is the run alone that knows of the part's end.
    """
    universe = deployment.universe
    assert not turns(universe), "the turn is not free"
    assert not active_jobs(universe), f"jobs are active at X: {active_jobs(universe)}"
    assert all(execution.is_over for execution in universe.machines.executions.values())
    for part in parts(universe):
        if "execution_arn" in part and is_told:
            assert part["status"] in ("failed", "complete"), f"a part is {part['status']} and nobody is at it"
            assert part["status"] == "complete" or part["error_message"]
    for run in runs(universe):
        assert run["status"] in ("failed", "complete"), f"a run is {run['status']} and nobody is at it"
        assert run["status"] == "complete" or run["error_message"]
        told = [
            each["DetailType"]
            for each in universe.events
            if each["Detail"]["run_id"] == run["run_id"] and each["DetailType"] != PART_FAILED
        ]
        ending = {"failed": "ComplianceRunFailed", "complete": "ComplianceRunCompleted"}[run["status"]]
        assert told[-1:] == [ending], f"the run is {run['status']}, and what was told is {told}"
    check_secrecy(deployment, *FILES.values())


@pytest.mark.parametrize(
    ("machine", "state", "in_the_middle"),
    [
        pytest.param(machine, state, in_the_middle, id=f"{'in the middle of' if in_the_middle else 'before'} {state}")
        for machine, state in PLACES
        for in_the_middle in (False, True)
        if not in_the_middle or MACHINES[machine].states[state].function
    ],
)
def test_an_execution_is_stopped_and_the_work_goes_on(
    traveller: Deployment, places: Places, machine: str, state: str, in_the_middle: bool
) -> None:
    failures = []
    place = places[machine, state]
    number = PLACES.index((machine, state))
    for turn, recovery in enumerate(RECOVERIES):
        if recovery == "redrive the job first" and machine == "XComplianceRun":
            continue
        delivery = DELIVERIES[(number + turn) % len(DELIVERIES)]
        traveller.universe, traveller.effects = traveller.copy_of(place.before), place.effects
        try:
            stop(traveller, place, in_the_middle=in_the_middle)
            arns = [place.arn, *(stop_child(traveller, place.arn) if turn % 2 else [])]
            deliver(traveller, delivery, arns)
            traveller.run()
            is_unheard = delivery == "by the schedule" and machine == "XComplianceRun"
            if not is_unheard:
                check_left_nothing(traveller, is_told=delivery != "by the schedule")
            go_on(traveller, "redrive" if is_unheard else recovery, place.arn)
            check_complete(traveller, *FILES.values(), events=None)
        except AssertionError as failure:
            failures.append(f"{delivery}, {recovery}: {failure}"[:300])
    assert not failures, "\n".join(failures)


def go_on(deployment: Deployment, recovery: str, arn: str) -> None:
    """Lets the work go on that was stopped, unless its run is over."""
    machines, run = deployment.universe.machines, run_of(deployment, "one")
    source = [Version(run.input["object"]["version-id"], FILES["one"].content)]
    deployment.universe.aws.objects.setdefault((INBOX, FILES["one"].key), source)
    bring_back(deployment)
    if run.status == "SUCCEEDED":
        return
    if recovery == "redrive the job first":
        if machines.executions[arn].status != "SUCCEEDED":
            machines.redrive(arn)
        deployment.run()
        recovery = "redrive"
    if recovery == "start again":
        run = machines.start("XComplianceRun", "again", run.input | {"retry": True})
        deployment.run()
    if run.status in ("ABORTED", "FAILED"):
        machines.redrive(run.arn)
        deployment.run()
    if run.status == "FAILED":  # It was stopped on the way to its end as a failure, and has come to that end now.
        machines.redrive(run.arn)
        deployment.run()


@pytest.mark.parametrize("state", [state for state in STATES["XComplianceJob"] if state != "Report Failure"])
def test_a_late_word_of_an_end_changes_nothing_for_those_who_go_on(
    traveller: Deployment, places: Places, state: str
) -> None:
    """The event comes in time, and again at each state of the execution that has taken the work over."""
    place = places["XComplianceJob", state]
    traveller.universe, traveller.effects = traveller.copy_of(place.before), place.effects
    stop(traveller, place, in_the_middle=False)
    traveller.settle(place.arn)
    traveller.run()
    if run_of(traveller, "one").status == "SUCCEEDED":
        return
    bring_back(traveller)
    traveller.universe.machines.redrive(run_of(traveller, "one").arn)
    while execution := traveller.universe.machines.next():
        traveller.settle(place.arn)
        traveller.step(execution)
    check_complete(traveller, *FILES.values(), events=None)
