"""A state machine as its definition draws it: states, and the ways between them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonata import Jsonata

ROOT = Path(__file__).parents[2]
EXPRESSION = re.compile(r"{%(.*)%}", re.DOTALL)


@dataclass(frozen=True)
class State:
    """One state. ``scope`` names the Map whose items run through it, or is empty."""

    name: str
    scope: str
    body: dict[str, Any]

    @property
    def type(self) -> str:
        return str(self.body["Type"])

    @property
    def is_task(self) -> bool:
        return self.type == "Task"

    @property
    def function(self) -> str | None:
        """The placeholder of the Lambda function that the state calls."""
        arguments = self.body.get("Arguments", {})
        name = arguments.get("FunctionName", "") if isinstance(arguments, dict) else ""
        return name.removeprefix("${").removesuffix("}") or None

    @property
    def catches(self) -> list[dict[str, Any]]:
        return list(self.body.get("Catch", []))

    @property
    def retried(self) -> set[str]:
        return {name for retry in self.body.get("Retry", []) for name in retry["ErrorEquals"]}

    @property
    def next(self) -> list[str]:
        """The states that may follow, when all goes well and when not."""
        ways = [self.body, *self.body.get("Choices", []), *self.catches]
        return [way[key] for way in ways for key in ("Next", "Default") if key in way]


@dataclass(frozen=True)
class Machine:
    """One definition file, as it stands before anything is put in for its placeholders."""

    name: str

    @cached_property
    def text(self) -> str:
        return (ROOT / "statemachine" / f"{self.name}.asl.json").read_text()

    @cached_property
    def definition(self) -> dict[str, Any]:
        return dict(json.loads(self.text))

    @cached_property
    def states(self) -> dict[str, State]:
        return {state.name: state for state in _states(self.definition, "")}

    @property
    def starts(self) -> dict[str, str]:
        """The first state of each scope."""
        inner = {
            state.name: state.body["ItemProcessor"]["StartAt"] for state in self.states.values() if state.type == "Map"
        }
        return {"": self.definition["StartAt"], **inner}

    @property
    def tasks(self) -> list[State]:
        return [state for state in self.states.values() if state.is_task]

    def children(self, kind: str) -> Iterator[tuple[State, list[State]]]:
        """Yield each Distributed Map whose children are executions of a kind, with the states of a child."""
        for state in self.states.values():
            if state.body.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("ExecutionType") == kind:
                yield state, [each for each in self.states.values() if each.scope == state.name]

    def reached_from(self, name: str) -> set[str]:
        """The state itself and all that may come after it within its scope."""
        reached: set[str] = set()
        ahead = [name]
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead += self.states[name].next
        return reached


def _states(definition: dict[str, Any], scope: str) -> Iterator[State]:
    for name, body in definition["States"].items():
        yield State(name, scope, body)
        if "ItemProcessor" in body:
            yield from _states(body["ItemProcessor"], name)


def expressions(value: Any) -> Iterator[str]:
    """The JSONata in a definition or in a part of one."""
    if isinstance(value, str) and (match := EXPRESSION.fullmatch(value)):
        yield match[1].strip()
    elif isinstance(value, dict):
        for item in value.values():
            yield from expressions(item)
    elif isinstance(value, list):
        for item in value:
            yield from expressions(item)


def evaluate(value: Any, states: dict[str, Any], **variables: Any) -> Any:
    """What Step Functions makes of a value; an expression without a result is an error there, and here."""

    if isinstance(value, dict):
        return {name: evaluate(item, states, **variables) for name, item in value.items()}
    if isinstance(value, list):
        return [evaluate(item, states, **variables) for item in value]
    match = EXPRESSION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    expression = Jsonata(match[1].strip())
    for name, item in {"states": states, **variables}.items():
        expression.assign(name, item)
    result = expression.evaluate(None)
    if result is None:
        raise ValueError(f"{value} has no result")
    return result


RUN = Machine("compliance_run")
JOB = Machine("compliance_job")
