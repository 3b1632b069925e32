"""The machines as people look at them: Mermaid's flowcharts and a table of the states, made of the definitions.

``make drawings`` writes them into docs/machines.md. The way of a file that meets with nothing unusual is drawn thick.
What most states do about an error is drawn once, and the others' own ways singly.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from tests.statemachine.machine import EXPRESSION, JOB, ROOT, RUN, Machine, State

DOCUMENT: Final = ROOT / "docs" / "machines.md"
FAILURE: Final = "Report Failure"
ANY: Final = "States.ALL"
OTHERS: Final = "any other task"
DAY: Final = 86_400
FUNCTION: Final = re.compile(r"(?<!^)(?=[A-Z])")
SHAPES: Final = {"Choice": '{{"{0}"}}', "Wait": '(["{0}"])', "Succeed": '((("{0}")))'}
HEAD: Final = """# The machines

Drawn by `make drawings` from their definitions in `statemachine/`. [architecture.md](architecture.md) tells what they
do, and why.

A box is a task, with double sides one for each part or range; a rhombus is a question, labelled with what it looks at;
a rounded box is a wait, a circle a good end. Thick is the way of a file that meets with nothing unusual. Dashed is what
becomes of an error once no further try helps; "any other task" is each task that has no arrow "any error" of its own.
"""


@dataclass(frozen=True)
class Way:
    """From one state to another, and when it is taken."""

    start: str
    end: str
    when: str = ""
    error: bool = False


def document() -> str:
    """The whole of docs/machines.md."""
    return "\n".join([HEAD, *section("Compliance Run", RUN), "", *section("Compliance Job", JOB), ""])


def section(title: str, machine: Machine) -> Iterator[str]:
    """One machine: its drawing, its states, and what is tried again."""
    yield f"## {title}\n"
    yield machine.definition["Comment"] + "\n"
    yield from ["```mermaid", *chart(machine), "```", "", *table(machine), ""]
    yield from retries(machine)


def chart(machine: Machine) -> Iterator[str]:
    """The flowchart's lines."""
    main = main_way(machine)
    thick = set(pairwise(main))  # these first: Mermaid draws from above what it hears of first
    yield "flowchart TD"
    yield from nodes(machine)
    usual = usual_catch(machine)
    yield f'    others["{OTHERS}"]'
    for way in sorted(ways(machine), key=lambda way: (way.start, way.end) not in thick):
        yield line(way, (way.start, way.end) in thick)
    yield f"    {identifier(main[-1])} ~~~ others"  # invisible: failures are drawn below what goes well
    yield line(Way(OTHERS, usual, "any error", error=True), thick=False)
    yield "    classDef failure stroke:#c00,stroke-width:2px"
    yield f"    class {identifier(FAILURE)} failure"
    yield "    style others stroke-dasharray: 4 4"


def nodes(machine: Machine) -> Iterator[str]:
    """Each state's shape."""
    for state in machine.states.values():
        if state.type == "Map":
            yield f'    {identifier(state.name)}[["{"<br>".join(frame(machine, state))}"]]'
        elif not state.scope:
            yield "    " + identifier(state.name) + SHAPES.get(state.type, '["{0}"]').format(state.name)


def frame(machine: Machine, state: State) -> Iterator[str]:
    """The words in a Map's frame: how many at once, its own states, and what becomes of their errors."""
    yield state.name
    most = state.body["MaxConcurrency"]
    side = "one after the other" if most == 1 else f"{most} at once"
    for inner in machine.states.values():
        if inner.scope == state.name and inner.is_task:
            runs = " (Compliance Job)" if "startExecution" in inner.body["Resource"] else ""
            yield f"{side}: {inner.name}{runs}"
            yield from (f"{errors_in(catch)}: {catch['Next']}" for catch in inner.catches)


def ways(machine: Machine) -> Iterator[Way]:
    """All ways but those that an error takes from nearly everywhere."""
    usual = usual_catch(machine)
    for state in machine.states.values():
        if state.scope:
            continue
        for choice in state.body.get("Choices", []):
            yield Way(state.name, choice["Next"], condition(choice["Condition"]))
        if "Default" in state.body:
            yield Way(state.name, state.body["Default"], "otherwise")
        if "Next" in state.body:
            yield Way(state.name, state.body["Next"], "when it is redriven" if state.name == FAILURE else "")
        for catch in state.catches:
            if (catch["ErrorEquals"], catch["Next"]) != ([ANY], usual):
                yield Way(state.name, catch["Next"], errors_in(catch), error=True)


def errors_in(catch: dict[str, Any]) -> str:
    """What a state gives up for."""
    return "any error" if catch["ErrorEquals"] == [ANY] else ", ".join(catch["ErrorEquals"])


def usual_catch(machine: Machine) -> str:
    """Where most states go with any error."""
    found = Counter(c["Next"] for s in machine.states.values() for c in s.catches if c["ErrorEquals"] == [ANY])
    return str(found.most_common(1)[0][0])


def main_way(machine: Machine) -> list[str]:
    """The way on which questions have their usual answer: the default, unless that leads back to where one has been."""

    def on(name: str, been: tuple[str, ...]) -> tuple[str, ...]:
        body = machine.states[name].body
        if body["Type"] == "Succeed":
            return (*been, name)
        ahead = [body[key] for key in ("Default", "Next") if key in body] + [c["Next"] for c in body.get("Choices", [])]
        ways = (on(each, (*been, name)) for each in ahead if each not in been)
        return next((way for way in ways if way), ())

    return list(on(machine.definition["StartAt"], ()))


def line(way: Way, thick: bool) -> str:
    """One arrow."""
    arrow = "-.->" if way.error or way.start == FAILURE else "==>" if thick else "-->"
    label = f'|"{way.when}"|' if way.when else ""
    return f"    {identifier(way.start)} {arrow}{label} {identifier(way.end)}"


def condition(expression: str) -> str:
    """What a choice looks at, without JSONata's marks."""
    match = EXPRESSION.fullmatch(expression)
    return re.sub(r"\$states\.input\.|\$", "", match[1].strip() if match else expression)


def identifier(name: str) -> str:
    """A name by which Mermaid knows a state; a question may be called as its answer is."""
    return "others" if name == OTHERS else name.replace("?", " Asked").title().replace(" ", "")


def table(machine: Machine) -> Iterator[str]:
    """What each state does, by its own words."""
    yield from ["| state | what it does | file | given up after |", "|---|---|---|---:|"]
    for state in machine.states.values():
        name = f"↳ {state.name}" if state.scope else state.name
        yield f"| {name} | {state.body['Comment']} | {file(state)} | {limit(state)} |"


def limit(state: State) -> str:
    """How long one try of a state may take."""
    seconds = state.body.get("TimeoutSeconds", 0)
    return "" if not seconds else f"{seconds} s" if seconds < DAY else f"{seconds // DAY} days"


def file(state: State) -> str:
    """The handler behind a state, as a link."""
    if not state.function:
        return ""
    name = FUNCTION.sub("_", state.function.removesuffix("FunctionArn")).lower()
    return f"[`{name}.py`](../functions/{name}.py)"


def retries(machine: Machine) -> Iterator[str]:
    """What is tried again, said once for all states that do the same."""
    same: dict[tuple[frozenset[str], str, str], list[str]] = {}
    for state in machine.states.values():
        for each in state.body.get("Retry", []):
            bounds = dict.fromkeys((each["IntervalSeconds"], each["MaxDelaySeconds"]))
            pauses = " to ".join(f"{seconds} s" for seconds in bounds)
            same.setdefault((frozenset(each["ErrorEquals"]), str(each["MaxAttempts"]), pauses), []).append(state.name)
    most = max(same.values(), key=len)
    usual = next(errors for (errors, _, _), names in same.items() if names is most)
    yield f"What is usually tried again: {listed(usual)}.\n"
    yield from ["| tried again after | in | times | pauses |", "|---|---|---:|---|"]
    for (errors, times, pauses), names in same.items():
        others = ", ".join(task.name for task in machine.tasks if task.name not in most)
        where = f"each task but {others}" if names is most else ", ".join(names)
        yield f"| {errors_of(errors, usual)} | {where} | {times} | {pauses} |"


def errors_of(errors: frozenset[str], usual: frozenset[str]) -> str:
    """Errors by name, or by what they lack of the usual ones."""
    if not errors & usual:
        return listed(errors)
    words = ["the usual"]
    words += [f"and {listed(errors - usual)}"] if errors - usual else []
    words += [f"without {listed(usual - errors)}"] if usual - errors else []
    return " ".join(words)


def listed(names: Iterable[str]) -> str:
    """Error names as code."""
    return ", ".join(f"`{name}`" for name in sorted(names))
