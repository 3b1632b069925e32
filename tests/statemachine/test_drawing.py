"""docs/machines.md shows the machines as they are."""

import re

import pytest

from tests.statemachine.drawing import DOCUMENT, OTHERS, chart, document, identifier, main_way
from tests.statemachine.machine import JOB, RUN, Machine

NODE = re.compile(r'(\w+)[\[({]+"(.*?)"')
ARROW = re.compile(r'(\w+) (-->|==>|-\.->)(?:\|"(.*?)"\|)? (\w+)')

machines = pytest.mark.parametrize("machine", [RUN, JOB], ids=lambda machine: machine.name)


def drawn(machine: Machine) -> tuple[dict[str, str], set[tuple[str, str, str, str]]]:
    """What somebody sees who looks at the drawing: names by their identifiers, and arrows with their labels."""
    lines = list(chart(machine))
    nodes = dict(match.groups() for each in lines if (match := NODE.search(each)) and not ARROW.search(each))
    names = {each: re.split(", |: ", name)[0] for each, name in nodes.items()}
    arrows = {match.groups("") for each in lines if (match := ARROW.search(each))}
    return names, {(names[start], arrow, label, names[end]) for start, arrow, label, end in arrows}


def test_the_document_shows_what_is_defined() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "the definitions have changed: make drawings"


@machines
def test_each_state_is_drawn_once_under_its_name(machine: Machine) -> None:
    names, _ = drawn(machine)
    assert sorted(names.values()) == sorted([*machine.states, OTHERS])
    assert len({identifier(name) for name in machine.states}) == len(machine.states)


@machines
def test_each_way_is_drawn_and_no_other(machine: Machine) -> None:
    _, arrows = drawn(machine)
    seen = {(start, end) for start, _, label, end in arrows if start != OTHERS and (label != "any error")}
    defined = {(state.name, end) for state in machine.states.values() for end in state.next}
    by_any_error = {
        (state.name, catch["Next"])
        for state in machine.states.values()
        for catch in state.catches
        if catch["ErrorEquals"] == ["States.ALL"]
    }
    assert seen <= defined
    assert defined - seen <= by_any_error


@machines
def test_an_error_leads_where_the_drawing_says(machine: Machine) -> None:
    _, arrows = drawn(machine)
    own = {start: end for start, _, label, end in arrows if label == "any error"}
    usual = own.pop(OTHERS)
    for state in machine.states.values():
        ends = [catch["Next"] for catch in state.catches if catch["ErrorEquals"] == ["States.ALL"]]
        assert ends in ([], [own.get(state.name, usual)]), state.name


@pytest.mark.parametrize(("machine", "end"), [(RUN, "Run Complete"), (JOB, "Part Checked")])
def test_the_thick_way_leads_from_the_start_to_the_good_end(machine: Machine, end: str) -> None:
    _, arrows = drawn(machine)
    way = main_way(machine)
    assert (way[0], way[-1]) == (machine.definition["StartAt"], end)
    assert {(start, to) for start, arrow, _, to in arrows if arrow == "==>"} == set(zip(way, way[1:], strict=False))
