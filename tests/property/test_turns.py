"""The turn of a type under any story: executions that come, end, and begin again; functions that die or are late."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, cast

import boto3
import pytest
from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from adapters import executions, turns
from compliance.attempts import Attempt
from compliance.clock import time_text
from compliance.runs import JobType, PartRef
from tests.fakes.clock import ManualClock
from tests.fakes.step_functions import FakeStepFunctions
from tests.property.invocations import Fault, Invocation, bordered_dynamodb, cross

FAULTS = st.none() | st.builds(Fault, st.sampled_from(["dies", "is_held_up"]), st.integers(1, 22))
TYPES = count()


@dataclass(eq=False)
class Execution:
    """An execution as Step Functions sees it.

    ``waiting``: in Take Turn, and its ``token`` is waited for; ``broken``: Take Turn has failed, a try is due;
    ``called``: it has its turn; ``releasing``: Release Turn runs, has failed, or is over.
    """

    name: str
    began: float
    entered: float
    attempts: int = 0
    phase: Literal["waiting", "broken", "called", "releasing"] = "broken"
    current: Invocation | None = None
    ending: str = "SUCCEEDED"

    @property
    def token(self) -> str:
        return f"{self.name}#{self.attempts}"


@dataclass
class StepFunctions(FakeStepFunctions):
    """Calls have borders; whoever is told of a call that arrived is ``on_call``."""

    on_call: Callable[[str], None] = field(default=lambda token: None)
    deleted: set[str] = field(default_factory=set)

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
        cross()
        if executionArn in self.deleted:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": ""}}, "DescribeExecution")
        answer = super().describe_execution(executionArn=executionArn)
        cross()
        return answer

    def send_task_success(self, *, taskToken: str, output: str) -> None:  # noqa: N803 -- as boto3 names it
        cross()
        if taskToken in self.waiting:
            self.on_call(taskToken)
        super().send_task_success(taskToken=taskToken, output=output)
        cross()


class Turns(RuleBasedStateMachine):
    """Any order of events. What an undisturbed act leaves behind must be sound, whatever happened before it."""

    clock: ManualClock
    step_functions: StepFunctions
    table: Any

    def __init__(self) -> None:
        super().__init__()
        self.type = cast(JobType, f"type-{next(TYPES)}")
        self.clock = type(self).clock
        self.sfn = type(self).step_functions
        for memory in (self.sfn.waiting, self.sfn.ended, self.sfn.unknown, self.sfn.called, self.sfn.redrives):
            memory.clear()
        self.sfn.deleted.clear()
        self.sfn.on_call = self.note_call
        self.all: list[Execution] = []
        self.late: list[Invocation] = []
        self.events: list[Execution] = []
        self.news: list[Execution] = []

    # What Step Functions does

    @rule(fault=FAULTS, is_known=st.booleans())
    def an_execution_comes(self, fault: Fault | None, is_known: bool) -> None:
        execution = Execution(f"E{len(self.all):02}", self.clock.now(), self.clock.now())
        self.all.append(execution)
        if not is_known:
            self.sfn.unknown.add(execution.name)
        self.enter(execution, fault)

    @precondition(lambda self: self.sfn.unknown)
    @rule()
    def news_of_the_executions_spread(self) -> None:
        self.sfn.unknown.clear()

    @precondition(lambda self: self.those("broken"))
    @rule(data=st.data(), fault=FAULTS)
    def take_turn_is_tried_again(self, data: st.DataObject, fault: Fault | None) -> None:
        self.enter(data.draw(st.sampled_from(self.those("broken"))), fault)

    @precondition(lambda self: self.those("called") or self.failed_to_release())
    @rule(data=st.data(), fault=FAULTS, ending=st.sampled_from(["SUCCEEDED", "FAILED"]))
    def release_turn_runs(self, data: st.DataObject, fault: Fault | None, ending: str) -> None:
        execution = data.draw(st.sampled_from(self.those("called") + self.failed_to_release()))
        execution.ending = ending
        self.give_back(execution, fault)

    @precondition(lambda self: self.alive())
    @rule(data=st.data())
    def an_execution_is_stopped(self, data: st.DataObject) -> None:
        self.end(data.draw(st.sampled_from(self.alive())), "ABORTED")

    @precondition(lambda self: self.alive())
    @rule(data=st.data())
    def an_execution_is_deleted(self, data: st.DataObject) -> None:
        """Step Functions no longer knows it; by the time that this is certain, it knows all others."""
        execution = data.draw(st.sampled_from(self.alive()))
        self.end(execution, "DELETED")
        self.sfn.deleted.add(execution.name)
        self.sfn.unknown.clear()
        self.clock.advance(executions.KNOWN_WITHIN + 1)

    @precondition(lambda self: self.redrivable())
    @rule(data=st.data(), fault=FAULTS, is_entered_anew=st.booleans())
    def an_execution_is_redriven(self, data: st.DataObject, fault: Fault | None, is_entered_anew: bool) -> None:
        """Goes on where it was; Create Job sends it back to Take Turn when it does not hold the turn any more."""
        execution = data.draw(st.sampled_from(self.redrivable()))
        del self.sfn.ended[execution.name]
        self.sfn.redrives[execution.name] = self.sfn.redrives.get(execution.name, 0) + 1
        if execution.phase == "called" and not self.late and turns.holds(self.type, execution.name):
            return
        if is_entered_anew:
            execution.entered = self.clock.now()
        self.enter(execution, fault)

    @precondition(lambda self: self.events)
    @rule(data=st.data(), fault=FAULTS, comes_again=st.booleans())
    def an_event_tells_of_an_end(self, data: st.DataObject, fault: Fault | None, comes_again: bool) -> None:
        execution = data.draw(st.sampled_from(self.events))
        if not comes_again:
            self.events.remove(execution)
        self.visit(lambda: self.settle(execution), fault)

    @rule(fault=FAULTS)
    def the_schedule_comes_round(self, fault: Fault | None) -> None:
        self.visit(lambda: turns.sweep(self.type), fault)

    # What happens to invocations that are held up

    @precondition(lambda self: self.late)
    @rule(data=st.data(), dies=st.booleans())
    def an_invocation_goes_on(self, data: st.DataObject, dies: bool) -> None:
        invocation = data.draw(st.sampled_from(self.late))
        self.late.remove(invocation)
        invocation.resume(dies=dies)
        self.conclude(invocation)

    @precondition(lambda self: self.held_up())
    @rule(data=st.data())
    def an_invocation_is_given_up_but_goes_on(self, data: st.DataObject) -> None:
        execution = data.draw(st.sampled_from(self.held_up()))
        self.fail(execution)

    # What must be true

    @invariant()
    def nobody_shares_the_turn(self) -> None:
        called = self.those("called")
        assert len(called) <= 1, f"these have the turn: {called}"

    @invariant()
    def nobody_who_waits_is_forgotten(self) -> None:
        for execution in self.those("waiting"):
            is_queued = execution in self.queued() or execution is self.holder()
            assert is_queued or execution.current is not None, f"{execution} has no ticket"

    def teardown(self) -> None:
        """In the end all hear of everything: each who waits is called, the first to come first, and nothing is left."""
        for invocation in self.late:
            invocation.resume(dies=True)
        self.late.clear()
        for execution in self.alive():
            if execution.current is not None and execution.current.was_killed:
                self.fail(execution)
        self.sfn.unknown.clear()
        for execution in self.those("broken"):
            self.enter(execution, None)
        turns.sweep(self.type)
        while waiting := sorted(self.those("waiting"), key=lambda each: each.entered):
            for execution in self.those("called") + self.failed_to_release():
                self.give_back(execution, None)
            assert self.those("called") == waiting[:1]
        for execution in self.alive():
            self.end(execution, "TIMED_OUT")
        turns.sweep(self.type)
        assert self.items() == []

    # The parts of it

    def those(self, phase: str) -> list[Execution]:
        return [execution for execution in self.alive() if execution.phase == phase]

    def failed_to_release(self) -> list[Execution]:
        return [execution for execution in self.those("releasing") if execution.current is None]

    def held_up(self) -> list[Execution]:
        return [execution for execution in self.alive() if execution.current in self.late]

    def alive(self) -> list[Execution]:
        return [execution for execution in self.all if execution.name not in self.sfn.ended]

    def redrivable(self) -> list[Execution]:
        return [execution for execution in self.all if self.sfn.ended.get(execution.name) in ("FAILED", "ABORTED")]

    def named(self, name: str) -> Execution:
        return next(execution for execution in self.all if execution.name == name)

    def items(self) -> list[dict[str, Any]]:
        found = self.table.query(KeyConditionExpression=Key("pk").eq(f"TURN#{self.type}"), ConsistentRead=True)
        return cast(list[dict[str, Any]], found["Items"])

    def holder(self) -> Execution | None:
        names = [item["execution_arn"] for item in self.items() if item["sk"] == "HOLDER"]
        return self.named(names[0]) if names else None

    def queued(self) -> list[Execution]:
        """The live executions that have a ticket, the first to come first."""
        named = (self.named(item["execution_arn"]) for item in self.items() if item["sk"] != "HOLDER")
        return sorted((each for each in named if each in self.alive()), key=lambda each: each.entered)

    def enter(self, execution: Execution, fault: Fault | None) -> None:
        """Begins an attempt at Take Turn, with a token that is new."""
        self.sfn.waiting.discard(execution.token)
        execution.attempts += 1
        execution.phase = "waiting"
        self.sfn.waiting.add(execution.token)
        ref, token, entered_at = PartRef("run", self.type, 1), execution.token, time_text(execution.entered)
        attempt = self.attempt(execution, execution.entered, execution.attempts)
        execution.current = Invocation(lambda: turns.take(ref, attempt, entered_at, token), fault)
        self.run(execution.current, {*self.queued(), execution})

    def give_back(self, execution: Execution, fault: Fault | None) -> None:
        execution.phase = "releasing"
        attempt = self.attempt(execution, self.clock.now(), 0)
        execution.current = Invocation(lambda: turns.release(self.type, attempt), fault)
        self.run(execution.current, set(self.queued()) - {execution}, leaver=execution)

    def visit(self, act: Callable[[], None], fault: Fault | None) -> None:
        self.run(Invocation(act, fault), set(self.queued()))

    def run(self, invocation: Invocation, candidates: set[Execution], leaver: Execution | None = None) -> None:
        """Runs it, and if nothing came in between, sees whether it called the right one and left nobody behind."""
        holder = self.holder()
        if holder in self.alive() and holder is not leaver:
            candidates = {holder}
        first = min(candidates, key=lambda each: each.entered, default=None)
        self.news.clear()
        self.clock.advance(1)
        invocation.start()
        if not invocation.is_interrupted:
            assert self.news in ([], [first]), f"{self.news} is called before {first}"
            holder = self.holder()
            assert holder is first
            assert holder is None or holder.phase != "waiting" or holder.current in self.late, f"{holder} is not called"
        self.conclude(invocation)

    def conclude(self, invocation: Invocation) -> None:
        """Draws the conclusions that Step Functions draws, if it still waits for the invocation."""
        if not invocation.is_over:
            self.late.append(invocation)
            return
        for execution in self.alive():
            if execution.current is invocation:
                if invocation.was_killed:
                    self.fail(execution)
                elif execution.phase == "releasing":
                    self.end(execution, execution.ending)
                execution.current = None

    def settle(self, execution: Execution) -> None:
        if last := executions.last_attempt(execution.name, time_text(execution.began)):
            turns.release(self.type, last)

    def attempt(self, execution: Execution, entered: float, retries: int) -> Attempt:
        """Return an attempt at a state, as the state machine names it."""
        context = {"started_at": time_text(execution.began), "entered_at": time_text(entered), "retries": retries}
        redrives = {"redrives": self.sfn.redrives.get(execution.name, 0)}
        return Attempt.of({"execution_arn": execution.name, "attempt": context | redrives})

    def end(self, execution: Execution, status: str) -> None:
        self.sfn.waiting.discard(execution.token)
        self.sfn.unknown.discard(execution.name)
        self.sfn.ended[execution.name] = status
        execution.current = None
        if status != "SUCCEEDED":
            self.events.append(execution)

    def fail(self, execution: Execution) -> None:
        """Step Functions takes the invocation for failed; it tries the state again, unless it has its answer."""
        execution.current = None
        if execution.phase == "waiting":
            self.sfn.waiting.discard(execution.token)
            execution.phase = "broken"

    def note_call(self, token: str) -> None:
        """Called in the midst of an invocation, when a call arrives that is waited for."""
        execution = self.named(token.partition("#")[0])
        assert execution in self.alive()
        assert execution.token == token
        assert self.holder() is execution, f"{execution} is called and does not hold the turn"
        execution.phase = "called"
        self.news.append(execution)


@pytest.fixture
def story(environment: None, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Turns]]:
    step_functions = StepFunctions()
    for module in (turns, executions):
        monkeypatch.setattr(module, "step_functions", lambda: step_functions)
    for module in (turns, executions):
        monkeypatch.setattr(module, "time", clock)
    Turns.clock, Turns.step_functions, Turns.table = clock, step_functions, boto3.resource("dynamodb").Table("runs")
    with bordered_dynamodb():
        yield Turns


def test_no_story_shares_the_turn_or_loses_it(story: type[Turns]) -> None:
    run_state_machine_as_test(story, settings=settings(max_examples=30, stateful_step_count=25))
