"""Both machines in any order, with late twins of every function: none undoes what has happened since.

Functions are held up between any two of their effects, and called again long after their state; executions are stopped
and redriven, and runs started again; ends are told late, or twice, or not at all. The clocks of functions differ by
seconds.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.faults.deployment import Act, Deployment, Effect, deployed, generation, no_fault
from tests.faults.interpreter import ENDINGS, Execution, StepError
from tests.faults.memory_aws import Item
from tests.faults.test_datasets import FOLDER, MONDAY, TUESDAY, WEDNESDAY, check_at
from tests.faults.truth import (
    FIRST,
    SECOND,
    active_jobs,
    check_complete,
    check_row,
    check_secrecy,
    one_part,
    runs,
    turns,
    two_parts,
)
from tests.unit.conftest import INBOX

FILES = (two_parts(FIRST, FIRST + 1000, "tweets/one.txt"), two_parts(SECOND, SECOND + 1000, "tweets/two.txt"))
REPEATED = ("told_at", "told_aws_usd", "told_x_usd", "report")
"""What a twin of the last state of a run may write once more."""

STEPS = st.integers(1, 12)
SWEEP_SECONDS = 900
SKEWS = st.integers(-8, 8)
GAPS = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))


@dataclass(frozen=True)
class Call:
    """An invocation that a state has made."""

    function: str
    payload: Any
    execution: str


class LateWriters(RuleBasedStateMachine):
    """Any order of events; in the end, every run is complete and nothing is left over."""

    deployment: Deployment
    beginning: Any

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).deployment
        self.world.universe, self.world.effects = self.world.copy_of(type(self).beginning), 0
        self.world.fault, self.world.skew = no_fault, 0.0
        self.calls: list[Call] = []
        self.heard: set[tuple[str, int]] = set()
        self.sources: dict[str, Any] = {}
        """Input of each run's first execution, by the object's key or the scheduled time."""
        self.starts = 0

    @property
    def executions(self) -> list[Execution]:
        return list(self.world.universe.machines.executions.values())

    @initialize(where=st.sampled_from(["resumable", "plain", "x-hosted"]), steps=st.integers(0, 100))
    def files_are_dropped(self, where: Any, steps: int) -> None:
        generation(self.world.universe, where)
        for file in FILES:
            self.sources[file.key] = self.world.drop(file.content, file.key)
            self.start(self.sources[file.key])
        self.go_on(steps)

    @rule(steps=STEPS, skew=SKEWS)
    def executions_go_on(self, steps: int, skew: int) -> None:
        self.world.skew = skew
        self.go_on(steps)

    @rule(at=st.integers(0, 8), steps=STEPS, is_stopped=st.booleans(), skew=SKEWS)
    def a_function_is_held_up_while_others_go_on(self, at: int, steps: int, is_stopped: bool, skew: int) -> None:
        """Its execution is stopped meanwhile, and perhaps settled; else its state is tried again at once."""
        execution = self.world.universe.machines.next()
        if execution is None:
            return
        self.world.skew = skew

        def meanwhile() -> None:
            if is_stopped:
                self.world.universe.machines.abort(execution.arn)
            others = [each for each in self.executions if not each.is_over and each is not execution]
            for _ in range(steps if others else 0):
                self.step_one(others)

        self.world.fault = self.held_up(at, meanwhile)
        self.step(execution)
        self.world.fault = no_fault

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), at=st.integers(0, 12), steps=STEPS, skew=SKEWS)
    def a_twin_comes_late_and_is_held_up(self, data: st.DataObject, at: int, steps: int, skew: int) -> None:
        call = data.draw(st.sampled_from(self.calls[-12:]))
        self.world.skew = skew
        self.world.fault = self.held_up(at, lambda: self.go_on(steps))
        self.call(call)
        self.world.fault = no_fault

    @precondition(lambda self: self.left())
    @rule(data=st.data(), skew=SKEWS)
    def a_twin_comes_after_its_state_was_left(self, data: st.DataObject, skew: int) -> None:
        call = data.draw(st.sampled_from(self.left()))
        self.world.skew = skew
        before = self.records()
        self.call(call)
        assert self.records() == before, f"a late {call.function} has changed a record"

    @precondition(lambda self: any(not each.is_over for each in self.executions))
    @rule(data=st.data(), status=st.sampled_from(["ABORTED", "TIMED_OUT"]))
    def an_execution_is_stopped(self, data: st.DataObject, status: str) -> None:
        live = [each.arn for each in self.executions if not each.is_over]
        self.world.universe.machines.abort(data.draw(st.sampled_from(live)), status)

    @precondition(lambda self: self.redrivable())
    @rule(data=st.data())
    def an_execution_is_redriven(self, data: st.DataObject) -> None:
        self.world.universe.machines.redrive(data.draw(st.sampled_from(self.redrivable())))

    @precondition(lambda self: self.failed())
    @rule(data=st.data())
    def a_failed_run_is_started_again(self, data: st.DataObject) -> None:
        self.start_again(data.draw(st.sampled_from(self.failed())))

    @precondition(lambda self: self.ended())
    @rule(data=st.data(), skew=SKEWS, at=st.integers(0, 40), redriven=st.booleans())
    def an_end_is_told(self, data: st.DataObject, skew: float, at: int, redriven: bool) -> None:
        """However late, and although the execution may run again; it may be redriven while the end is settled."""
        execution = data.draw(st.sampled_from(self.ended()))
        self.world.skew = skew

        def redrive() -> None:
            if redriven and execution.arn in self.redrivable():
                self.world.universe.machines.redrive(execution.arn)
                self.go_on(3)

        self.world.fault = self.held_up(at, redrive)
        self.settle(execution.arn)
        self.world.fault = no_fault

    @rule(skew=SKEWS)
    def the_schedule_comes_round(self, skew: int) -> None:
        self.world.skew = skew
        self.the_schedule_comes()

    def teardown(self) -> None:
        """Everybody hears of everything, and whoever has failed goes on."""
        if not self.sources:
            return
        self.world.fault, self.world.skew = no_fault, 0.0
        for _ in range(40):
            self.go_on(3000)
            for arn in [each.arn for each in self.ended() if each.is_over]:
                self.settle(arn)
            self.world.sweep()
            self.go_on(3000)
            for run in self.failed():
                self.start_again(run)
            if all(each.is_over for each in self.executions):
                break
        self.check()

    def check(self) -> None:
        """Assert that every run is complete, and nothing is lost or done twice."""
        check_complete(self.world, *FILES, events=None)

    # The parts of it.

    def the_schedule_comes(self) -> None:
        self.world.universe.clock.advance(SWEEP_SECONDS)
        self.world.sweep()

    def start(self, source: Any) -> None:
        self.starts += 1
        self.world.universe.clock.advance(1)
        self.world.start(source, f"run-{self.starts}")

    def start_again(self, run: Item) -> None:
        self.start(self.sources[run.get("scheduled_at") or run["key"]] | {"retry": True})

    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            self.step_one([each for each in self.executions if not each.is_over])

    def step_one(self, among: list[Execution]) -> None:
        """Whoever is next goes on; while nobody is for a quarter of an hour, the schedule comes round."""
        live = [each for each in among if not each.is_over]
        if not live:
            return
        first = min(live, key=self.world.universe.machines.time)
        if self.world.universe.machines.time(first) > self.world.universe.clock.now() + SWEEP_SECONDS:
            self.the_schedule_comes()
        else:
            self.step(first)

    def step(self, execution: Execution) -> None:
        self.world.universe.machines.step(execution, _Noting(self, execution))

    def call(self, call: Call) -> None:
        with suppress(StepError):
            self.world.invoke(call.function, call.payload)

    def settle(self, arn: str) -> None:
        """Let Settle Execution hear of an end; Lambda calls it again if it fails like this, or was held up too long."""
        errors = []
        try:
            self.world.settle(arn)
        except StepError as error:
            errors.append(error.error)
        assert errors in ([], ["RunTakenOver"], ["AwsUnavailable"], ["Sandbox.Timedout"])

    def held_up(self, at: int, meanwhile: Any) -> Any:
        """Lets something happen before the effect of that number."""
        effects = iter(range(at + 1))

        def fault(effect: Effect, act: Act) -> Any:
            if next(effects, None) == at:
                self.world.fault = no_fault
                meanwhile()
            return act()

        return fault

    def left(self) -> list[Call]:
        """Return the calls of states that their executions have left, by going on or by ending.

        Create Job is not left while its execution waits for its turn again: a twin only does its work early.
        """
        last = {call.execution: place for place, call in enumerate(self.calls)}
        calls = [
            call
            for place, call in enumerate(self.calls)
            if place < last[call.execution] and self.calls[last[call.execution]].function != call.function
        ]
        return [call for call in calls if not self.comes_back_to(call)][-30:]

    def comes_back_to(self, call: Call) -> bool:
        execution = self.world.universe.machines.executions[call.execution]
        return call.function == "CreateJobFunctionArn" and not execution.is_over and execution.state == "Take Turn"

    def redrivable(self) -> list[str]:
        return [each.arn for each in self.executions if each.status in ENDINGS and each.status != "SUCCEEDED"]

    def ended(self) -> list[Execution]:
        return [each for each in self.executions if each.status != "SUCCEEDED" and (each.is_over or each.redrives)]

    def failed(self) -> list[Item]:
        return [run for run in runs(self.world.universe) if run["status"] == "failed"]

    def records(self) -> list[Item]:
        """What stands on record of runs, parts and answers."""
        kinds = ("RUN#", "ANSWERS#", "DATASET#")
        items = [item for item in self.world.universe.aws.items("runs") if item["pk"].startswith(kinds)]
        return [{name: value for name, value in item.items() if name not in REPEATED} for item in items]


class LateWritersOfADataset(LateWriters):
    """The same of one dataset that is checked three times, more often than one check takes."""

    @initialize(where=st.sampled_from(["plain", "x-hosted"]), overlap=st.sampled_from(["wait", "skip"]), gaps=GAPS)
    def files_are_dropped(self, where: Any, overlap: str, gaps: tuple[int, int, int]) -> None:
        generation(self.world.universe, where)
        self.world.universe.aws.put(INBOX, f"{FOLDER}ids.txt", one_part().content)
        for when, gap in zip((MONDAY, TUESDAY, WEDNESDAY), gaps, strict=True):
            self.sources[f"{when[:-1]}.000Z"] = source = check_at(when, overlap)
            self.start(source)
            self.go_on(gap)

    def check(self) -> None:
        """Assert that each check is complete or was skipped, and the dataset remembers the last complete one."""
        universe, file = self.world.universe, one_part()
        found = sorted(runs(universe), key=itemgetter("scheduled_at"))
        assert [run["scheduled_at"] for run in found] == list(self.sources), "not one run for each check"
        assert {run["status"] for run in found} <= {"complete", "skipped"}
        checked = [run for run in found if run["status"] == "complete"]
        assert [(run["accepted"], run["records"]) for run in checked] == [(3, 2)] * len(checked)
        for run in found:
            check_row(universe, run)
        (claims,) = (item for item in universe.aws.items("runs") if item["pk"].startswith("DATASET#"))
        last = max(checked, key=itemgetter("started_at"))
        assert (claims["checked_by"], claims["checked_at"]) == (last["run_id"], last["started_at"])
        assert not turns(universe)
        assert not active_jobs(universe)
        check_secrecy(self.world, file)


@dataclass(frozen=True)
class _Noting:
    """What the machines call, with a note of each call."""

    story: LateWriters
    execution: Execution

    def invoke(self, function: str, payload: Any) -> Any:
        self.story.calls.append(Call(function, payload, self.execution.arn))
        return self.story.world.invoke(function, payload)

    def put_events(self, entries: list[dict[str, Any]]) -> Any:
        return self.story.world.put_events(entries)


@pytest.fixture
def stories(clients: None) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, deployed(patch) as deployment:
        LateWriters.deployment, LateWriters.beginning = deployment, deployment.snapshot()
        yield


@pytest.mark.parametrize("story", [LateWriters, LateWritersOfADataset])
def test_no_late_writer_undoes_what_has_happened_since(stories: None, story: type[LateWriters]) -> None:
    run_state_machine_as_test(story, settings=settings(max_examples=40, stateful_step_count=30, deadline=None))
