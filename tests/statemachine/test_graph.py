"""Both machines as graphs: nothing unreachable, nothing unhandled, and every failure a failure."""

import re

import pytest
from jsonata import Jsonata

from tests.statemachine.machine import JOB, RUN, Machine, State, expressions

STATES = [pytest.param(machine, state, id=state.name) for machine in (RUN, JOB) for state in machine.states.values()]
TASKS = [pytest.param(machine, state, id=state.name) for machine in (RUN, JOB) for state in machine.tasks]
machines = pytest.mark.parametrize("machine", [RUN, JOB], ids=lambda machine: machine.name)
each_state = pytest.mark.parametrize(("machine", "state"), STATES)
each_task = pytest.mark.parametrize(("machine", "state"), TASKS)

TITLE = re.compile(r"[A-Z][a-z]*|X")


@machines
def test_a_definition_is_json_before_anything_is_put_in(machine: Machine) -> None:
    assert machine.definition["QueryLanguage"] == "JSONata"
    assert machine.definition["Comment"].endswith(".")
    placeholders = re.findall(r"\$\{(\w+)}", machine.text)
    quoted = re.findall(r'"\$\{(\w+)}"', machine.text)
    assert placeholders == quoted


@machines
def test_state_names_are_unique_so_that_a_history_is_clear(machine: Machine) -> None:
    names = re.findall(r'^\s*"([A-Z][^"]*)": \{\n\s*"Type"', machine.text, re.MULTILINE)
    assert len(names) == len(set(names)) == len(machine.states)


@machines
def test_every_state_can_be_reached(machine: Machine) -> None:
    reached: set[str] = set()
    for start in machine.starts.values():
        reached |= machine.reached_from(start)
    assert reached == set(machine.states)


@each_state
def test_every_way_leads_to_a_state_of_the_same_scope(machine: Machine, state: State) -> None:
    assert all(machine.states[name].scope == state.scope for name in state.next)


@each_state
def test_every_state_says_in_a_sentence_what_it_is_for(machine: Machine, state: State) -> None:
    assert state.body["Comment"][-1] in ".?"
    assert state.body["Comment"][0].isupper()


@each_state
def test_names_are_verbs_in_title_case_and_choices_are_questions(machine: Machine, state: State) -> None:
    assert all(TITLE.fullmatch(word) for word in state.name.removesuffix("?").split())
    assert state.name.endswith("?") == (state.type == "Choice")


@each_state
def test_a_choice_always_has_a_way_out(machine: Machine, state: State) -> None:
    assert ("Default" in state.body) == (state.type == "Choice")


@each_state
def test_every_state_goes_on_or_ends(machine: Machine, state: State) -> None:
    ends = state.type in ("Succeed", "Fail") or state.body.get("End") is True
    assert ends != bool(state.next or state.type == "Choice") or (ends and all(c["Next"] for c in state.catches))
    if ends:
        assert "Next" not in state.body


@each_task
def test_every_task_ends_in_time_is_tried_again_and_catches_everything_last(machine: Machine, state: State) -> None:
    assert state.body["TimeoutSeconds"] > 0
    assert state.body["Retry"]
    if state.name == "Report Failure":
        return
    assert state.catches[-1]["ErrorEquals"] == ["States.ALL"]
    assert all("States.ALL" not in catch["ErrorEquals"] for catch in state.catches[:-1])


@each_task
def test_every_retry_waits_ever_longer_with_jitter_and_gives_up(machine: Machine, state: State) -> None:
    for retry in state.body["Retry"]:
        if retry["ErrorEquals"] != ["CreditsDepleted"]:
            assert retry["JitterStrategy"] == "FULL"
            assert retry["BackoffRate"] > 1
        assert 1 <= retry["IntervalSeconds"] <= retry["MaxDelaySeconds"]
        assert 1 <= retry["MaxAttempts"] <= 100
        assert not {"States.ALL", "States.TaskFailed"} & set(retry["ErrorEquals"])


@each_task
def test_credits_are_waited_for_as_long_as_auto_recharge_may_take_twice(machine: Machine, state: State) -> None:
    """It buys credits once in five minutes at most [X, billing]."""
    for retry in state.body["Retry"]:
        if "CreditsDepleted" in retry["ErrorEquals"]:
            assert retry["JitterStrategy"] == "NONE"
            assert min(retry["IntervalSeconds"], retry["MaxDelaySeconds"]) > 300
            assert retry["MaxAttempts"] == 2


@each_task
def test_no_error_is_retried_in_two_ways(machine: Machine, state: State) -> None:
    names = [name for retry in state.body["Retry"] for name in retry["ErrorEquals"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("machine", "state"),
    [param for param in STATES if param.id in ("Prepare Parts", "Deduplicate Parts", "Check Parts", "Index Ranges")],
)
def test_a_map_catches_everything(machine: Machine, state: State) -> None:
    assert state.catches[-1]["ErrorEquals"] == ["States.ALL"]


@each_task
def test_every_failure_path_of_a_task_ends_in_its_report_or_is_told_to_the_map_around_it(
    machine: Machine, state: State
) -> None:
    if state.name == "Report Failure":
        return
    last = state.catches[-1]["Next"]
    if state.scope:
        assert machine.states[last].type == "Pass"
    else:
        assert "Report Failure" in machine.reached_from(last)


@machines
def test_no_state_fails_for_good_so_that_every_failure_can_be_redriven(machine: Machine) -> None:
    """Step Functions runs a failed task again, but fails a Fail state again."""
    assert all(state.type != "Fail" for state in machine.states.values())
    assert machine.states["Report Failure"].next == [machine.definition["StartAt"]]


def test_a_failed_part_is_abandoned_then_releases_its_turn_then_reports() -> None:
    for state in JOB.tasks:
        if state.name not in ("Abandon Job", "Release Turn", "Report Failure", "Index Range"):
            assert state.catches[-1]["Next"] == "Abandon Job"
    assert JOB.states["Abandon Job"].next == ["Another Job?", "Release Turn"]
    assert JOB.states["Another Job?"].next == ["Release Turn", "Take Turn"]
    assert JOB.states["Release Turn"].next == ["Part Checked?", "Report Failure"]
    assert JOB.states["Part Checked?"].next == ["Part Checked", "Report Failure"]


def test_no_way_through_the_job_leaves_the_turn_behind() -> None:
    for name in JOB.reached_from(JOB.definition["StartAt"]):
        if name not in ("Release Turn", "Part Checked?"):
            assert not {"Part Checked", "Report Failure"} & set(JOB.states[name].next), name


def test_every_loop_of_a_machine_waits_or_works() -> None:
    for machine in (RUN, JOB):
        for name, state in machine.states.items():
            loop = [step for step in machine.reached_from(name) if name in machine.reached_from(step)]
            if state.type == "Choice" and len(loop) > 1:
                assert any(machine.states[step].type in ("Task", "Wait") for step in loop)


@each_state
def test_every_expression_can_be_parsed(machine: Machine, state: State) -> None:
    found = list(expressions({name: item for name, item in state.body.items() if name != "ItemProcessor"}))
    for expression in found:
        assert Jsonata(expression).errors in (None, [])
    assert str({name: item for name, item in state.body.items() if name != "ItemProcessor"}).count("{%") == len(found)


@each_state
def test_no_state_passes_a_credential(machine: Machine, state: State) -> None:
    texts = str(state.body.get("Arguments", "")) + str(state.body.get("Output", "")) + str(state.body.get("Assign", ""))
    words = ("url", "session", "bearer", "secret", "authorization")
    assert not [word for word in words if word in texts.lower()]
    if "token" in texts.lower():
        assert state.name == "Take Turn"
        assert "Token" not in str(state.body.get("Output", ""))


def test_a_task_token_is_waited_for_where_it_is_given_away() -> None:
    for machine in (RUN, JOB):
        for state in machine.tasks:
            waits = state.body["Resource"].endswith(".waitForTaskToken")
            assert waits == ("Task.Token" in str(state.body["Arguments"]))
            if waits:
                assert "States.Timeout" not in state.retried
