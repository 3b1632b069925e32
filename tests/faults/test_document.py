"""docs/reliability.md has every state, says of each what is tested, and names no test that is not there."""

import re

import pytest

from tests.faults import test_aborts, test_crashes, test_datasets, test_starts
from tests.faults.document import PATH, table
from tests.statemachine.machine import JOB, ROOT, RUN, Machine, State

NOTHING = "-"
NEVER = {"Stop As Duplicate", "Stop As Folder", "Run Complete", "Run Skipped", "Part Checked"}
"""An execution that has come here is over before anybody can stop it."""

STOPPED = {*test_aborts.PLACES, *(("XComplianceRun", state) for state in test_datasets.STATES)}
CRASHED = {
    *test_crashes.FUNCTIONS,
    *test_crashes.OF_DATASETS,
    *(name for _, functions in test_crashes.FAILING.values() for name in functions),
}


def function_of(state: State) -> str | None:
    return state.name.lower().replace(" ", "_") if state.function else None


def row(machine: Machine, state: State) -> tuple[str, ...]:
    """What the tests show of a state."""
    function = function_of(state)
    is_stopped = (machine_name(machine), state.name) in STOPPED
    dies = "heals" if function in {*CRASHED, "report_failure"} else NOTHING
    is_refused = function in CRASHED or state.body.get("Resource") == test_starts.RESOURCE
    return (
        state.name,
        dies,
        "heals" if is_refused else NOTHING,
        "is settled, goes on" if is_refused else NOTHING,
        "is settled, goes on" if is_stopped else NOTHING,
    )


def machine_name(machine: Machine) -> str:
    return {RUN: "XComplianceRun", JOB: "XComplianceJob"}[machine]


@pytest.mark.parametrize(("headline", "machine"), [("Compliance Run", RUN), ("Compliance Job", JOB)])
def test_the_matrix_is_what_the_tests_show(headline: str, machine: Machine) -> None:
    assert table(headline) == [row(machine, state) for state in machine.states.values()]


@pytest.mark.parametrize("machine", [RUN, JOB], ids=lambda machine: machine.name)
def test_no_function_and_no_state_is_left_out(machine: Machine) -> None:
    for state in machine.states.values():
        assert function_of(state) in {*CRASHED, "report_failure", None}
        assert (machine_name(machine), state.name) in STOPPED or state.name in NEVER


def test_every_test_that_the_document_names_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py|test_\w+\.py)`", PATH.read_text()))
    assert named
    for name in named:
        assert (ROOT / name).exists() or list((ROOT / "tests").rglob(name)), f"there is no {name}"
