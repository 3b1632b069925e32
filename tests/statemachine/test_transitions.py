"""How many states come before the next function is called: as the definitions say, for each answer of a function."""

from collections.abc import Collection
from typing import Any

import pytest

from compliance.consumption import EXPRESS, transitions
from tests.statemachine.machine import JOB, RUN, Machine, State, evaluate

ANSWERS: dict[str, list[dict[str, Any]]] = {
    "register_run": [
        {"run_id": "r", "type": "tweets", "duplicate": False, "folder": False, "scheduled": False},
        {"run_id": "r", "type": "tweets", "duplicate": True, "folder": False, "scheduled": False},
        {"run_id": "r", "type": "tweets", "duplicate": False, "folder": True, "scheduled": False},
        {"run_id": "r", "type": "tweets", "duplicate": False, "folder": False, "scheduled": True},
    ],
    "claim_dataset": [
        {"standing": "claimed", "wait_seconds": 0, "unload": False, "summary": {}},
        {"standing": "claimed", "wait_seconds": 0, "unload": True, "summary": {}},
        {"standing": "waits", "wait_seconds": 60, "unload": True, "summary": {}},
        {"standing": "skipped", "wait_seconds": 0, "unload": False, "summary": {"status": "skipped"}},
    ],
    "unload_dataset": [
        {"complete": False, "query": {"id": "q"}, "wait_seconds": 2},
        {"complete": True, "query": {"id": "q"}, "wait_seconds": 0},
    ],
    "plan_parts": [{"parts": [{"part": 1}], "deduplicate": each} for each in (False, True)],
    "prepare_part": [{"part": 1}],
    "find_duplicates": [
        {"complete": False, "query": {"id": "q"}, "wait_seconds": 2, "parts": [], "duplicates": ""},
        {"complete": True, "query": {"id": "q"}, "wait_seconds": 0, "parts": [2], "duplicates": "athena/q.csv"},
        {"complete": True, "query": {}, "wait_seconds": 0, "parts": [], "duplicates": ""},
    ],
    "deduplicate_part": [{"part": 2}],
    "accept_input": [{"parts": [1, 2]}],
    "summarize_run": [{"status": "complete"}, {"status": "failed"}],
    "record_failure": [{"status": "failed"}],
    "write_report": [{"report": "reports/r.html"}],
    "publish_run": [{"status": "complete"}, {"status": "failed"}, {"status": "skipped"}],
    "take_turn": [{}],
    "create_job": [{"created": True}, {"created": False, "wait_seconds": 60}],
    "open_upload": [{}],
    "upload_part": [{"complete": False}, {"complete": True, "wait_seconds": 30}],
    "get_job": [{"status": "in_progress", "wait_seconds": 45}, {"status": "complete", "wait_seconds": 0}],
    "download_results": [{"complete": False}, {"complete": True}],
    "write_results": [{}],
    "index_results": [
        {"complete": True, "progress": {}, "ranges": [], "wait_seconds": 0},
        {"complete": False, "progress": {"rank": 0}, "ranges": [{"start": 0}], "wait_seconds": 0},
        {"complete": False, "progress": {"rank": 0}, "ranges": [{"start": 0}], "wait_seconds": 15},
    ],
    "index_range": [{"start": 0}],
    "abandon_job": [{"again": True}, {"again": False, "error": "JobFailed", "error_message": "It failed."}],
    "release_turn": [{}, {"error": "JobFailed", "error_message": "It failed."}],
}
ELSEWHERE = {"release_turn": 1, "prepare_part": 1, "deduplicate_part": 1}
"""The Check Part of the other machine, and the start of a Standard child. Report Failure ends a failed execution as
Succeed does a good one."""

CASES = [(function, answer) for function, answers in ANSWERS.items() for answer in answers]


def _file(state: State) -> str:
    name = (state.function or "").removesuffix("FunctionArn")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _entered(machine: Machine, state: State, answer: dict[str, Any]) -> int:
    """States from this one to the next that calls a function, in its own scope: those of a Map count their own."""
    context = {"Execution": {"Input": {}, "RedriveCount": 0}, "State": {"EnteredTime": "2026-11-23T12:00:00.000Z"}}
    known: dict[str, Any] = {"result": {"Payload": answer}, "input": answer, "context": context}
    assigned = {name: evaluate(value, known) for name, value in state.body.get("Assign", {}).items()}
    output = evaluate(state.body["Output"], known, **assigned) if "Output" in state.body else answer
    entered = 1
    while not state.body.get("End") and state.type != "Succeed":
        ways = [way["Next"] for way in state.body.get("Choices", []) if _holds(way, output, assigned)]
        state = machine.states[[*ways, state.body.get("Default") or state.body.get("Next")][0]]
        if _file(state) == "report_failure":
            return entered + 1
        if state.is_task:
            return entered
        entered += 1
    return entered


def _holds(choice: dict[str, Any], output: Any, assigned: dict[str, Any]) -> bool:
    return evaluate(choice["Condition"], {"input": output}, **assigned) is True


@pytest.mark.parametrize(("function", "answer"), CASES)
def test_transitions_are_those_that_the_definitions_draw(function: str, answer: dict[str, Any]) -> None:
    (machine, state), *_ = [(m, each) for m in (RUN, JOB) for each in m.states.values() if _file(each) == function]
    assert transitions(function, answer) == _entered(machine, state, answer) + ELSEWHERE.get(function, 0)


@pytest.mark.parametrize("function", ANSWERS)
def test_an_invocation_that_fails_is_one(function: str) -> None:
    assert transitions(function, None) == 1


def test_every_function_that_works_for_a_run_is_known() -> None:
    called = {_file(state) for machine in (RUN, JOB) for state in machine.states.values() if state.function}
    assert called == ANSWERS.keys() | {"report_failure"}


@pytest.mark.parametrize(
    ("kind", "functions"), [("EXPRESS", EXPRESS), ("STANDARD", ELSEWHERE.keys() - {"release_turn"})]
)
def test_the_functions_of_children_are_charged_by_the_type_of_their_map(kind: str, functions: Collection[str]) -> None:
    states = (each for machine in (RUN, JOB) for _, inner in machine.children(kind) for each in inner)
    assert {_file(state) for state in states if state.function} == set(functions)
