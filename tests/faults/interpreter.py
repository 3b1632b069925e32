"""Runs the state machines in memory, as Step Functions runs them, on a clock that only it moves.

Only as much of the Amazon States Language as the two definitions use, in JSONata; whatever else a definition says is
an error. All that an execution is lies in plain data, so that it can be copied at any moment and go on from there.

Enforces the quotas of Step Functions that a definition can run into: the five minutes of an Express child, the size of
a payload, and the length of a history. These fail an execution under AWS's error names. An expression without a value,
a condition that is not boolean, and a wait that is not an integer are mistakes in a definition, and fail the test: on
AWS they are States.QueryEvaluationError, which a Catch could hide.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from math import inf
from typing import Any, Literal, Protocol

from jsonata import Jsonata

from compliance.clock import time_text
from tests.fakes.clock import ManualClock
from tests.statemachine.machine import EXPRESSION, JOB, RUN, Machine, State

ARN = "arn:aws:states:eu-west-1:123456789012"
MACHINES = {"XComplianceRun": RUN, "XComplianceJob": JOB}
MAX_PAYLOAD = 262_144
"""Bytes in UTF-8 of an input, an output, an argument, a result, or a variable [Step Functions, service quotas]."""

MAX_EVENTS = 25_000
"""Events in the history of a Standard execution [Step Functions, service quotas]."""

EXPRESS_SECONDS = 300
"""Longest time of an Express execution [Step Functions, service quotas]."""

EVENTS = {"Task": 5, "Choice": 2, "Wait": 2, "Pass": 2, "Succeed": 2, "Fail": 1, "Map": 4}
"""Events of one state: it is entered and exited; a task is scheduled, started and ends; a map starts and ends."""

ITEM = 2
"""Events of an iteration of an Inline Map: it starts and ends."""

MAP_RUN = 2
"""Events that a Distributed Map adds: its run starts and ends."""

SUBMITTED = 1
"""Events that a task adds that waits for an execution or a token."""

TRY = 3
"""Events of one try of a task: it is scheduled, started and ends."""

UNCAUGHT = ("States.DataLimitExceeded", "States.Runtime")
"""Errors that States.ALL does not match [Step Functions, "Error names"]."""

ENDINGS = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")

_FIELDS = {
    "Task": {"Resource", "Arguments", "TimeoutSeconds", "Retry", "Catch", "Assign"},
    "Choice": {"Choices", "Default"},
    "Wait": {"Seconds"},
    "Map": {"Items", "ItemSelector", "ItemProcessor", "MaxConcurrency", "Label", "Catch", "Assign"},
    "Pass": set(),
    "Succeed": set(),
    "Fail": {"Error", "Cause"},
}
_COMMON = {"Type", "Comment", "Next", "End", "Output"}


class UnsupportedError(AssertionError):
    """A definition says something that this interpreter does not know, or that Step Functions would not take."""


class StepError(Exception):
    """A step has failed under a name that Retry and Catch may know."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error, cause)
        self.error, self.cause = error, cause


class ChildTimedOut(StepError):
    """An Express child has run for as long as it may."""

    def __init__(self) -> None:
        super().__init__("States.Timeout")


@dataclass
class Frame:
    """Where an execution stands: in its machine's own states (``scope`` is empty), or in those of a Map for one item.

    ``items`` and ``results`` are those of the Map that it stands at. ``attempts`` counts each retrier's. ``events`` is
    the length of the history that begins here, and ``ends_at`` when Step Functions ends the child that runs here.
    """

    scope: str
    state: str
    input: Any
    item: Any = None
    variables: dict[str, Any] = field(default_factory=dict)
    attempts: dict[int, int] = field(default_factory=dict)
    entered_at: float = 0.0
    items: list[Any] | None = None
    results: list[Any] = field(default_factory=list)
    has_waited: bool = False
    events: int = 0
    ends_at: float = inf


@dataclass
class Execution:
    """One execution. It can go on at ``ready_at``, or earlier when ``answer`` holds what it waits for."""

    arn: str
    machine: str
    input: Any
    started_at: float
    frames: list[Frame]
    ready_at: float
    status: str = "RUNNING"
    error: str = ""
    cause: str = ""
    output: Any = None
    redrives: int = 0
    redriven_at: float = 0.0
    token: str | None = None
    child: str | None = None
    parent: str | None = None
    answer: Any = None
    path: list[str] = field(default_factory=list)
    said: list[Any] = field(default_factory=list)
    transitions: int = 1
    """What Step Functions charges for: states that were entered, and retries; of a Distributed Map each child once, and
    the states of the child if it is a Standard workflow."""

    @property
    def definition(self) -> Machine:
        return MACHINES[self.machine]

    @property
    def state(self) -> str:
        """The state at which it stands."""
        return self.frames[-1].state

    @property
    def is_over(self) -> bool:
        return self.status in ENDINGS

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for somebody to answer."""
        return self.token is not None or self.child is not None


class Services(Protocol):
    """What the machines call."""

    def invoke(self, function: str, payload: Any) -> Any:
        """Calls a function; raises StepError."""

    def put_events(self, entries: list[dict[str, Any]]) -> Any:
        """Takes events; raises StepError."""


@dataclass
class StepFunctions:
    """All executions of both machines. ``jitter`` is the share of each longest pause before a retry that is waited."""

    clock: ManualClock
    jitter: float = 1.0
    executions: dict[str, Execution] = field(default_factory=dict)
    tokens: int = 0
    start_faults: list[Literal["refused", "answer lost"]] = field(default_factory=list)
    """What becomes of the next starts of an execution by another one."""

    def start(self, machine: str, name: str, execution_input: Any, parent: str | None = None) -> Execution:
        """Starts an execution. The same name and input again is the execution that runs already."""
        arn = f"{ARN}:execution:{machine}:{name}"
        known = self.executions.get(arn)
        if known is not None:
            if known.is_over or known.input != execution_input:
                raise StepError("StepFunctions.ExecutionAlreadyExistsException", name)
            return known
        if len(name) > 80:
            raise UnsupportedError(f"{name} is too long for an execution's name")
        now = self.clock.now()
        if _size(execution_input) > MAX_PAYLOAD:
            raise UnsupportedError(f"the input of {name} has more than {MAX_PAYLOAD} bytes")
        first = Frame("", MACHINES[machine].starts[""], execution_input, entered_at=now, events=1)
        execution = Execution(arn, machine, execution_input, now, [first], now, parent=parent)
        self.executions[arn] = execution
        return execution

    def abort(self, arn: str, status: str = "ABORTED") -> None:
        """Ends an execution from outside."""
        execution = self.executions[arn]
        if not execution.is_over:
            self._end(execution, status)

    def redrive(self, arn: str) -> None:
        """Lets an execution go on at the state where it failed, with the same input and retries as at first.

        An Express child of a Distributed Map begins anew.
        """
        execution = self.executions[arn]
        if not execution.is_over or execution.status == "SUCCEEDED":
            raise UnsupportedError("only an execution that has ended without success can be redriven")
        execution.status, execution.error, execution.cause, execution.output = "RUNNING", "", "", None
        execution.redrives += 1
        execution.redriven_at = self.clock.now()
        execution.ready_at = self.clock.now()
        frame = execution.frames[-1]
        frame.attempts.clear()
        frame.has_waited = False
        execution.frames[0].events += 1
        if _child(execution, frame) == "EXPRESS":
            frame.state = execution.definition.starts[frame.scope]
            frame.input = frame.item
            frame.ends_at = self.clock.now() + EXPRESS_SECONDS

    def send_task_success(self, token: str, output: str) -> None:
        """Answers who waits for a token; raises KeyError when nobody does (any more)."""
        for execution in self.executions.values():
            if execution.token == token and not execution.is_over and execution.answer is None:
                execution.answer = {"result": json.loads(output)}
                return
        raise KeyError(token)

    def next(self) -> Execution | None:
        """Who goes on next: by time, then by age. None when all have ended."""
        live = [execution for execution in self.executions.values() if not execution.is_over]
        return min(live, key=self.time, default=None)

    def step(self, execution: Execution, services: Services) -> None:
        """Lets an execution go one state on, or try it once."""
        self.clock.advance(max(0.0, self.time(execution) - self.clock.now()))
        frame = execution.frames[-1]
        state = execution.definition.states[frame.state]
        _check(state)
        try:
            self._check_quotas(execution, frame)
            getattr(self, f"_at_{state.type.lower()}")(execution, frame, state, services)
        except StepError as error:
            if not execution.is_over:
                self.fail(execution, error)

    def time(self, execution: Execution) -> float:
        """When an execution goes on."""
        return (
            self.clock.now() if execution.answer is not None else min(execution.ready_at, execution.frames[-1].ends_at)
        )

    def _check_quotas(self, execution: Execution, frame: Frame) -> None:
        if self.clock.now() >= frame.ends_at:
            raise ChildTimedOut
        history = _history(execution)
        if history is not None and history.events > MAX_EVENTS:
            raise StepError(
                "States.Runtime", f"The execution reached the maximum number of history events ({MAX_EVENTS})."
            )

    # The states.

    def _at_task(self, execution: Execution, frame: Frame, state: State, services: Services) -> None:
        if execution.is_waiting:
            self._answered(execution, frame, state)
            return
        execution.path.append(state.name)
        resource = state.body["Resource"].removeprefix("arn:aws:states:::")
        waits = resource.endswith((".sync:2", ".waitForTaskToken"))
        tried = sum(frame.attempts.values())
        _note(execution, (TRY if tried else EVENTS["Task"]) + SUBMITTED * waits)
        if resource == "lambda:invoke.waitForTaskToken":
            self.tokens += 1
            execution.token = f"SECRET-task-token-{self.tokens}"
        arguments = _fitting(self._evaluate(execution, frame, state.body["Arguments"]), state, "the arguments")
        if execution.token is None:
            execution.said.append(arguments)
        timeout = state.body["TimeoutSeconds"]
        if resource == "states:startExecution.sync:2":
            machine = {"${JobStateMachineArn}": "XComplianceJob"}[arguments["StateMachineArn"]]
            fault = self.start_faults.pop(0) if self.start_faults else None
            if fault == "refused":
                raise StepError("StepFunctions.AWSStepFunctionsException", "ThrottlingException")
            child = self.start(machine, arguments["Name"], arguments["Input"], parent=execution.arn)
            if fault == "answer lost":
                raise StepError("StepFunctions.SdkClientException")
            execution.child = child.arn
        elif resource == "events:putEvents":
            self._done(execution, frame, state, services.put_events(arguments["Entries"]))
            return
        elif resource in ("lambda:invoke", "lambda:invoke.waitForTaskToken"):
            began = self.clock.now()
            try:
                payload = services.invoke(str(state.function), arguments["Payload"])
            except StepError as error:
                self._check_quotas(execution, frame)
                if execution.answer is None:
                    raise error if self.clock.now() - began < timeout else StepError("States.Timeout") from None
            else:
                self._check_quotas(execution, frame)
                if execution.token is None:
                    self._done(execution, frame, state, {"Payload": payload, "StatusCode": 200})
                    return
            if execution.is_over:
                return
        else:
            raise UnsupportedError(resource)
        execution.ready_at = self.clock.now() + timeout

    def _answered(self, execution: Execution, frame: Frame, state: State) -> None:
        answer = execution.answer
        execution.token = execution.child = execution.answer = None
        if answer is None:
            raise StepError("States.Timeout")
        if "error" in answer:
            raise StepError(answer["error"], answer["cause"])
        self._done(execution, frame, state, answer["result"])

    def _at_choice(self, execution: Execution, frame: Frame, state: State, services: Services) -> None:
        _note(execution, EVENTS["Choice"])
        for choice in state.body["Choices"]:
            if choice.keys() - {"Condition", "Next", "Comment", "Assign", "Output"}:
                raise UnsupportedError(f"a choice with {', '.join(choice)}")
            chosen = self._evaluate(execution, frame, choice["Condition"])
            if not isinstance(chosen, bool):
                raise UnsupportedError(f"the condition of {state.name} is {chosen!r}")
            if chosen:
                assigned = self._evaluate(execution, frame, choice.get("Assign", {}))
                if "Output" in choice:
                    frame.input = self._put_out(execution, state, self._evaluate(execution, frame, choice["Output"]))
                frame.variables |= assigned
                self._move(execution, frame, choice["Next"])
                return
        self._move(execution, frame, state.body["Default"])

    def _at_wait(self, execution: Execution, frame: Frame, state: State, services: Services) -> None:
        if frame.has_waited:
            self._leave(execution, frame, state, frame.input)
            return
        seconds = self._evaluate(execution, frame, state.body["Seconds"])
        if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= 99_999_999:
            raise UnsupportedError(f"{state.name} waits {seconds!r}")
        execution.path.append(state.name)
        _note(execution, EVENTS["Wait"])
        frame.has_waited = True
        execution.ready_at = self.clock.now() + seconds

    def _at_pass(self, execution: Execution, frame: Frame, state: State, services: Services) -> None:
        execution.path.append(state.name)
        _note(execution, EVENTS["Pass"])
        self._leave(execution, frame, state, self._output(execution, frame, state, frame.input))

    def _at_succeed(self, execution: Execution, frame: Frame, state: State, services: Services) -> None:
        execution.path.append(state.name)
        _note(execution, EVENTS["Succeed"])
        execution.output = self._output(execution, frame, state, frame.input)
        self._end(execution, "SUCCEEDED")

    def _at_fail(self, execution: Execution, frame: Frame, state: State, services: Services) -> None:
        execution.path.append(state.name)
        _note(execution, EVENTS["Fail"])
        execution.error, execution.cause = (
            self._evaluate(execution, frame, state.body.get(name, "")) for name in ("Error", "Cause")
        )
        self._end(execution, "FAILED")

    def _at_map(self, execution: Execution, frame: Frame, state: State, services: Services) -> None:
        """One item after the other, which any concurrency allows."""
        kind = _kind(state)
        if frame.items is None:
            _note(execution, EVENTS["Map"] + MAP_RUN * (kind != "INLINE"))
            frame.items = self._evaluate(execution, frame, state.body["Items"])
            frame.results = []
            if not isinstance(frame.items, list):
                raise UnsupportedError(f"the items of {state.name} are no array")
        if len(frame.results) == len(frame.items):
            results, frame.items = frame.results, None
            self._done(execution, frame, state, results)
            return
        item = frame.items[len(frame.results)]
        if "ItemSelector" in state.body:
            item = self._evaluate(execution, frame, state.body["ItemSelector"], item=item)
        first = execution.definition.starts[state.name]
        execution.transitions += 2 if kind == "STANDARD" else 1
        if kind == "INLINE":
            _note(execution, ITEM)
        child = Frame(state.name, first, _fitting(item, state, "an item"), item, entered_at=self.clock.now(), events=1)
        child.ends_at = self.clock.now() + EXPRESS_SECONDS if kind == "EXPRESS" else inf
        execution.frames.append(child)

    # Ways from a state.

    def _done(self, execution: Execution, frame: Frame, state: State, result: Any) -> None:
        """A Task or a Map has its result; nobody wants it any more when the execution was ended meanwhile."""
        if execution.is_over:
            return
        _fitting(result, state, "the result")
        for name, value in state.body.get("Assign", {}).items():
            variable = self._evaluate(execution, frame, value, result=result)
            frame.variables[name] = _fitting(variable, state, f"the variable {name}")
        self._leave(execution, frame, state, self._output(execution, frame, state, result, result=result))

    def fail(self, execution: Execution, failure: StepError) -> None:
        """A step is tried again, or its error is caught, or handed to the Map around it, or the end."""
        execution.token = execution.child = execution.answer = None
        execution.said.append({"error": failure.error, "cause": failure.cause})
        for depth in range(len(execution.frames) - 1, -1, -1):
            frame = execution.frames[depth]
            state = execution.definition.states[frame.state]
            if not isinstance(failure, ChildTimedOut):
                if self._retried(execution, frame, state, failure.error):
                    return
                if self._caught(execution, depth, state, failure):
                    return
            if _child(execution, frame) != "INLINE":
                failure = StepError(
                    "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
                )
        execution.error, execution.cause = failure.error, failure.cause
        self._end(execution, "FAILED")

    def _output(self, execution: Execution, frame: Frame, state: State, otherwise: Any, **known: Any) -> Any:
        output = state.body.get("Output", otherwise)
        return self._evaluate(execution, frame, output, **known) if "Output" in state.body else output

    def _put_out(self, execution: Execution, state: State, output: Any) -> Any:
        execution.said.append(_fitting(output, state, "the output"))
        return output

    def _leave(self, execution: Execution, frame: Frame, state: State, output: Any) -> None:
        self._put_out(execution, state, output)
        if "Next" in state.body:
            frame.input = output
            self._move(execution, frame, state.body["Next"])
        elif frame.scope and state.body.get("End"):
            execution.frames.pop()
            execution.frames[-1].results.append(output)
            execution.ready_at = self.clock.now()
        else:
            raise UnsupportedError(f"{state.name} goes nowhere")

    def _move(self, execution: Execution, frame: Frame, name: str) -> None:
        if execution.definition.states[name].scope != frame.scope:
            raise UnsupportedError(f"{name} is not within {frame.scope or 'the machine'}")
        execution.transitions += _child(execution, frame) != "EXPRESS"
        frame.state = name
        frame.attempts = {}
        frame.has_waited = False
        frame.entered_at = execution.ready_at = self.clock.now()

    def _retried(self, execution: Execution, frame: Frame, state: State, error: str) -> bool:
        for number, retrier in enumerate(state.body.get("Retry", [])):
            if not _matches(retrier["ErrorEquals"], error):
                continue
            attempt = frame.attempts.get(number, 0)
            if attempt >= retrier["MaxAttempts"]:
                return False
            frame.attempts[number] = attempt + 1
            execution.transitions += 1
            pause = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempt
            jitter = self.jitter if retrier["JitterStrategy"] == "FULL" else 1
            execution.ready_at = self.clock.now() + jitter * min(pause, retrier["MaxDelaySeconds"])
            return True
        return False

    def _caught(self, execution: Execution, depth: int, state: State, failure: StepError) -> bool:
        for catcher in state.catches:
            if not _matches(catcher["ErrorEquals"], failure.error):
                continue
            if catcher.keys() - {"ErrorEquals", "Output", "Next", "Comment"}:
                raise UnsupportedError(f"a catch with {', '.join(catcher)}")
            del execution.frames[depth + 1 :]
            frame = execution.frames[depth]
            frame.items = None
            about = {"Error": failure.error, "Cause": failure.cause}
            frame.input = self._evaluate(execution, frame, catcher["Output"], error_output=about)
            self._move(execution, frame, catcher["Next"])
            return True
        return False

    def _end(self, execution: Execution, status: str) -> None:
        execution.frames[0].events += 1
        execution.status = status
        execution.token = execution.child = execution.answer = None
        parent = self.executions.get(execution.parent or "")
        if parent is not None and parent.child == execution.arn:
            about = {"ExecutionArn": execution.arn, "Status": status, "Output": execution.output}
            failed = {"error": "States.TaskFailed", "cause": json.dumps(about | {"Error": execution.error})}
            parent.answer = {"result": about} if status == "SUCCEEDED" else failed

    def _evaluate(
        self,
        execution: Execution,
        frame: Frame,
        value: Any,
        *,
        item: Any = None,
        **known: Any,
    ) -> Any:
        is_child = _child(execution, frame) != "INLINE"
        context: dict[str, Any] = {
            "Execution": {
                "Id": execution.arn,
                "Input": frame.item if is_child else execution.input,
                "Name": execution.arn.rpartition(":")[2],
                "StartTime": time_text(execution.started_at),
            },
            "State": {
                "EnteredTime": time_text(frame.entered_at),
                "Name": frame.state,
                "RetryCount": sum(frame.attempts.values()),
            },
        }
        if execution.redrives:
            context["Execution"]["RedriveCount"] = execution.redrives
            context["Execution"]["RedriveTime"] = time_text(execution.redriven_at)
        if execution.token is not None:
            context["Task"] = {"Token": execution.token}
        if item is not None:
            context["Map"] = {"Item": {"Value": item}}
        states = {"context": context, "input": frame.input}
        states |= {{"error_output": "errorOutput"}.get(name, name): each for name, each in known.items()}
        variables: dict[str, Any] = {}
        for each in execution.frames:
            is_cut_off = _child(execution, each) != "INLINE"
            variables = dict(each.variables) if is_cut_off else variables | each.variables
        return json.loads(json.dumps(_evaluated(value, {"states": states, **variables})))


def _evaluated(value: Any, variables: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _evaluated(item, variables) for name, item in value.items()}
    if isinstance(value, list):
        return [_evaluated(item, variables) for item in value]
    match = EXPRESSION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    result = _expression(match[1].strip(), frozenset(variables))(variables)
    if result is None:
        raise UnsupportedError(f"{value} has no result")
    return result


@cache
def _expression(text: str, names: frozenset[str]) -> Callable[[dict[str, Any]], Any]:
    """A compiled expression; one for each set of variables, as an assigned one stays assigned."""
    expression = Jsonata(text)

    def evaluate(variables: dict[str, Any]) -> Any:
        for name, value in variables.items():
            expression.assign(name, value)
        return expression.evaluate(None)

    return evaluate


def _matches(names: list[str], error: str) -> bool:
    if "States.ALL" in names and len(names) > 1:
        raise UnsupportedError("States.ALL stands alone")
    known = error in names or (names == ["States.ALL"] and error not in UNCAUGHT)
    return known or ("States.TaskFailed" in names and error != "States.Timeout")


def _kind(state: State) -> str:
    """Return how a Map runs its items: INLINE, or as executions of a type."""
    config = state.body["ItemProcessor"]["ProcessorConfig"]
    match config["Mode"]:
        case "INLINE":
            return "INLINE"
        case "DISTRIBUTED" if config["ExecutionType"] in ("STANDARD", "EXPRESS"):
            return str(config["ExecutionType"])
    raise UnsupportedError(f"{state.name} has {config}")


def _child(execution: Execution, frame: Frame) -> str:
    """Return the type of the child execution that a frame is, or INLINE if it is none."""
    return _kind(execution.definition.states[frame.scope]) if frame.scope else "INLINE"


def _history(execution: Execution) -> Frame | None:
    """Return the frame at which the present history begins, or None for an Express child, which has no limit."""
    for frame in reversed(execution.frames):
        if (kind := _child(execution, frame)) != "INLINE":
            return frame if kind == "STANDARD" else None
    return execution.frames[0]


def _note(execution: Execution, events: int) -> None:
    history = _history(execution)
    if history is not None:
        history.events += events


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _fitting(value: Any, state: State, what: str) -> Any:
    """Return a value that is not too large to pass; raises StepError for any other."""
    if _size(value) > MAX_PAYLOAD:
        raise StepError("States.DataLimitExceeded", f"{what} of {state.name} has more than {MAX_PAYLOAD} bytes")
    return value


def _check(state: State) -> None:
    if state.type not in _FIELDS:
        raise UnsupportedError(f"a state of type {state.type}")
    unknown = state.body.keys() - _FIELDS[state.type] - _COMMON
    if unknown:
        raise UnsupportedError(f"{state.name} has {', '.join(sorted(unknown))}")
