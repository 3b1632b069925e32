"""docs/machines.md shows the machines as they are."""

import re
from itertools import pairwise

import pytest

from tests.statemachine.drawing import ANY, DOCUMENT, OTHERS, chart, document, identifier, main_way
from tests.statemachine.machine import JOB, RUN, Machine, State

NODE = re.compile(r'(\w+)[\[({]+"(.*?)"')
ARROW = re.compile(r'(\w+) (-->|==>|-\.->)(?:\|"(.*?)"\|)? (\w+)')

machines = pytest.mark.parametrize("machine", [RUN, JOB], ids=lambda machine: machine.name)


def drawn(machine: Machine) -> tuple[dict[str, list[str]], set[tuple[str, str, str, str]]]:
    """What somebody sees who looks at the drawing: the words in each shape, and the arrows between shapes."""
    lines = list(chart(machine))
    shapes = [match for each in lines if not ARROW.search(each) and (match := NODE.search(each))]
    words = {match[1]: match[2].split("<br>") for match in shapes}
    arrows = [match.groups("") for each in lines if (match := ARROW.search(each))]
    named = {(words[start][0], arrow, label, words[end][0]) for start, arrow, label, end in arrows}
    return {name: within for name, *within in words.values()}, named


def outer(machine: Machine) -> list[State]:
    return [state for state in machine.states.values() if not state.scope]


def caught(machine: Machine) -> set[tuple[str, str]]:
    """Where any error leads."""
    catches = [(state.name, catch) for state in outer(machine) for catch in state.catches]
    return {(name, catch["Next"]) for name, catch in catches if catch["ErrorEquals"] == [ANY]}


def without_error(machine: Machine) -> set[tuple[str, str]]:
    """Where states lead that end well, or by an error that is named."""
    ways = [(state.name, way) for state in outer(machine) for way in [state.body, *state.body.get("Choices", [])]]
    named = [(s.name, catch["Next"]) for s in outer(machine) for catch in s.catches if catch["ErrorEquals"] != [ANY]]
    return {(name, way[key]) for name, way in ways for key in ("Next", "Default") if key in way} | set(named)


def test_the_document_shows_what_is_defined() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "the definitions have changed: make drawings"


@machines
def test_each_state_is_drawn_under_its_name(machine: Machine) -> None:
    shapes, _ = drawn(machine)
    assert sorted(shapes) == sorted([OTHERS, *(each.name for each in machine.states.values() if not each.scope)])
    for state in machine.states.values():
        assert not state.scope or any(state.name in words for words in shapes[state.scope]), state.name
    assert len({identifier(name) for name in machine.states}) == len(machine.states)


@machines
def test_each_way_is_drawn_and_no_other(machine: Machine) -> None:
    _, arrows = drawn(machine)
    seen = {(start, end) for start, _, label, end in arrows if start != OTHERS and label != "any error"}
    assert seen == without_error(machine)


@machines
def test_an_error_leads_where_the_drawing_says(machine: Machine) -> None:
    _, arrows = drawn(machine)
    own = {start: end for start, _, label, end in arrows if label == "any error"}
    rest = own.pop(OTHERS)
    for name, end in caught(machine):
        assert end == own.pop(name, rest)
    assert not own


@pytest.mark.parametrize(("machine", "end"), [(RUN, "Run Complete"), (JOB, "Part Checked")])
def test_the_thick_way_leads_from_the_start_to_the_good_end(machine: Machine, end: str) -> None:
    _, arrows = drawn(machine)
    way = main_way(machine)
    assert (way[0], way[-1]) == (machine.definition["StartAt"], end)
    assert {(start, to) for start, arrow, _, to in arrows if arrow == "==>"} == set(pairwise(way))
