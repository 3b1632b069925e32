"""What the expressions make of real inputs and outputs, evaluated as Step Functions does."""

import json
from typing import Any

import pytest

from cdk.config import Settings
from tests.statemachine.machine import JOB, ROOT, RUN, Machine, State, evaluate

ERROR = {"Error": "JobFailed", "Cause": '{"errorMessage":"X reports the job as failed.","errorType":"JobFailed"}'}
CONTEXT = {
    "Execution": {
        "Id": "arn:aws:states:eu-west-1:123456789012:execution:XComplianceJob:one",
        "Input": {"run_id": "tweets-0123456789abcdef", "type": "tweets", "part": 2},
        "StartTime": "2026-11-23T12:00:00.000Z",
    },
    "State": {"EnteredTime": "2026-11-23T12:00:01.000Z", "RetryCount": 0},
    "Task": {"Token": "token"},
    "Map": {"Item": {"Value": 2}},
}
REF = {"run_id": "tweets-0123456789abcdef", "part": 2, "type": "tweets"}
REGISTERED = {
    "run_id": "tweets-0123456789abcdef",
    "type": "tweets",
    "duplicate": False,
    "folder": False,
    "scheduled": False,
}
RUN_VARIABLES = {"run_id": "tweets-0123456789abcdef", "type": "tweets"}


def states_of(state_input: Any = None, result: Any = None) -> dict[str, Any]:
    known: dict[str, Any] = {"context": CONTEXT, "input": state_input if state_input is not None else {}}
    return known | ({} if result is None else {"result": {"Payload": result}})


@pytest.mark.parametrize(
    "state", [state for state in JOB.tasks if state.name != "Report Failure"], ids=lambda state: state.name
)
def test_every_state_of_a_job_refers_to_its_part(state: State) -> None:
    state_input = {"error": "JobFailed", "cause": "{}"} | (REF if state.scope else {})
    payload = evaluate(state.body["Arguments"]["Payload"], states_of(state_input), progress={})
    assert payload.items() >= REF.items()


@pytest.mark.parametrize("cause", [ERROR["Cause"], ""])
@pytest.mark.parametrize("machine", [RUN, JOB], ids=lambda machine: machine.name)
def test_a_caught_error_always_has_an_output_also_without_a_cause(machine: Any, cause: str) -> None:
    """A timeout's Cause is empty."""
    for state in machine.states.values():
        for catch in state.catches:
            error = {"Error": "States.Timeout", "Cause": cause}
            known = states_of({"part": 2, "start": 0, "end": 9}) | {"errorOutput": error}
            output = evaluate(catch["Output"], known, **RUN_VARIABLES)
            caught = machine.states[catch["Next"]]
            if caught.name == "Report Failure":
                assert output == {"error": "States.Timeout", "cause": cause, "redrive_count": 0}
            if caught.type == "Pass":
                passed = evaluate(caught.body["Output"], states_of(output))
                about = {"began": 0, "start": 0, "end": 9} if machine is JOB else {"part": 2}
                assert passed.items() >= about.items()


def test_a_failure_goes_from_its_catch_through_its_record_to_the_end_of_the_job() -> None:
    catch = JOB.states["Get Job"].catches[-1]
    caught = evaluate(catch["Output"], states_of() | {"errorOutput": ERROR})
    abandon = JOB.states["Abandon Job"]
    payload = evaluate(abandon.body["Arguments"]["Payload"], states_of(caught))
    execution_arn = CONTEXT["Execution"]["Id"]  # type: ignore[index]
    attempt = {"started_at": "2026-11-23T12:00:00.000Z", "entered_at": "2026-11-23T12:00:01.000Z", "retries": 0}
    about = {"execution_arn": execution_arn, "attempt": attempt, "error": "JobFailed", "cause": ERROR["Cause"]}
    assert payload == REF | about
    failure = {"again": False, "error": "JobFailed", "error_message": "X reports the job as failed."}
    output = evaluate(abandon.body["Output"], states_of(caught, failure))
    assert choose(JOB.states["Another Job?"], output) == "Release Turn"
    kept = evaluate(JOB.states["Release Turn"].body["Output"], states_of(output, {}))
    assert choose(JOB.states["Part Checked?"], kept) == "Report Failure"
    report = evaluate(JOB.states["Report Failure"].body["Arguments"]["Payload"], states_of(kept))
    assert report == {"failure": failure | {"redrive_count": 0}, "redrive_count": 0}


def test_a_part_whose_job_was_lost_queues_for_another_one() -> None:
    abandon = JOB.states["Abandon Job"]
    output = evaluate(abandon.body["Output"], states_of({"error": "JobExpired", "cause": ""}, {"again": True}))
    assert choose(JOB.states["Another Job?"], output) == "Take Turn"


def test_a_job_that_went_well_ends_well() -> None:
    done = {"complete": True, "progress": {}, "ranges": []}
    output = evaluate(JOB.states["Index Results"].body["Output"], states_of(None, done))
    kept = evaluate(JOB.states["Release Turn"].body["Output"], states_of(output, {}))
    assert choose(JOB.states["Part Checked?"], kept) == "Part Checked"


def choose(state: State, state_input: Any, **variables: Any) -> str:
    for choice in state.body["Choices"]:
        if evaluate(choice["Condition"], states_of(state_input), **variables) is True:
            return str(choice["Next"])
    return str(state.body["Default"])


@pytest.mark.parametrize(
    ("name", "state_input", "expected"),
    [
        ("Job Created?", {"created": True}, "Open Upload"),
        ("Job Created?", {"created": False, "wait_seconds": 30}, "Wait For Slot"),
        ("Upload Complete?", {"complete": False}, "Upload Part"),
        ("Upload Complete?", {"complete": True, "wait_seconds": 30}, "Wait For X"),
        ("Job Complete?", {"status": "in_progress", "wait_seconds": 45}, "Wait For X"),
        ("Job Complete?", {"status": "unknown", "wait_seconds": 601}, "Wait For X"),
        ("Job Complete?", {"status": "complete", "wait_seconds": 0}, "Download Results"),
        ("Download Complete?", {"complete": False}, "Download Results"),
        ("Download Complete?", {"complete": True}, "Write Results"),
    ],
)
def test_a_choice_of_a_job_goes_by_what_its_handler_says(name: str, state_input: Any, expected: str) -> None:
    assert choose(JOB.states[name], state_input) == expected


@pytest.mark.parametrize(
    ("name", "state_input", "expected"),
    [
        ("New File?", REGISTERED | {"duplicate": True}, "Stop As Duplicate"),
        ("New File?", REGISTERED | {"folder": True}, "Stop As Folder"),
        ("New File?", REGISTERED, "Plan Parts"),
        ("Duplicates Found?", {"complete": False, "parts": []}, "Wait For Athena"),
        ("Duplicates Found?", {"complete": True, "parts": []}, "Accept Input"),
        ("Duplicates Found?", {"complete": True, "parts": [2]}, "Deduplicate Parts"),
        ("Run Complete?", {"status": "complete"}, "Run Complete"),
        ("Run Complete?", {"status": "failed"}, "Report Failure"),
        ("Run Complete?", {"status": "skipped"}, "Run Skipped"),
        ("New File?", REGISTERED | {"scheduled": True}, "Claim Dataset"),
        ("New File?", REGISTERED | {"scheduled": True, "duplicate": True}, "Stop As Duplicate"),
        ("Dataset Claimed?", {"standing": "claimed", "unload": False}, "Plan Parts"),
        ("Dataset Claimed?", {"standing": "claimed", "unload": True}, "Unload Dataset"),
        ("Dataset Claimed?", {"standing": "waits", "unload": True}, "Wait For Dataset"),
        ("Dataset Claimed?", {"standing": "skipped", "unload": True}, "Publish Run"),
        ("Dataset Unloaded?", {"complete": False}, "Wait For Unload"),
        ("Dataset Unloaded?", {"complete": True}, "Plan Parts"),
    ],
)
def test_a_choice_of_a_run_goes_by_what_its_handler_says(name: str, state_input: Any, expected: str) -> None:
    assert choose(RUN.states[name], state_input) == expected


WAITS = [
    (JOB, "Wait For X"),
    (JOB, "Wait For Slot"),
    (RUN, "Wait For Athena"),
    (RUN, "Wait For Dataset"),
    (RUN, "Wait For Unload"),
]


@pytest.mark.parametrize(("machine", "name"), WAITS)
def test_the_wait_is_as_long_as_the_handler_says(machine: Machine, name: str) -> None:
    assert evaluate(machine.states[name].body["Seconds"], states_of({"wait_seconds": 45})) == 45


@pytest.mark.parametrize(("deduplicate", "expected"), [(True, "Find Duplicates"), (False, "Accept Input")])
def test_duplicates_across_parts_are_looked_for_if_they_are_wanted(deduplicate: bool, expected: str) -> None:
    plan = RUN.states["Plan Parts"].body
    assigned = evaluate(plan["Assign"], states_of(None, {"parts": [], "deduplicate": deduplicate}))
    assert assigned == {"deduplicate": deduplicate, "query": {}}
    assert choose(RUN.states["Deduplicate?"], [], **assigned) == expected


@pytest.mark.parametrize("count", [1, 2, 20])
def test_what_came_of_the_parts_is_told_when_none_is_looked_at_for_duplicates(count: int) -> None:
    find, parts = RUN.states["Find Duplicates"].body, RUN.states["Deduplicate Parts"].body
    pending = {"complete": False, "query": {"id": "query"}, "wait_seconds": 2, "parts": [], "duplicates": ""}
    assigned = evaluate(find["Assign"], states_of(None, pending))
    payload = evaluate(find["Arguments"]["Payload"], states_of(pending), **RUN_VARIABLES, **assigned)
    assert payload == {"run_id": REF["run_id"], "entered_at": "2026-11-23T12:00:01.000Z", "query": {"id": "query"}}
    found: dict[str, Any] = pending | {
        "complete": True,
        "parts": list(range(2, count + 2)),
        "duplicates": "athena/query.csv",
    }
    some, none = RUN.states["Duplicates Found?"].body["Choices"]
    items = evaluate(some["Output"], states_of(found), **RUN_VARIABLES)
    about = {"run_id": REF["run_id"], "duplicates": "athena/query.csv"}
    assert items == [about | {"part": number} for number in found["parts"]]
    assert evaluate(parts["Items"], states_of(items)) == items
    prepared = [{"part": number} for number in range(1, count + 2)]
    wanted, *_ = RUN.states["Deduplicate?"].body["Choices"]
    kept = evaluate(wanted["Assign"], states_of(prepared))
    assert evaluate(none["Output"], states_of(found), **kept) == prepared


@pytest.mark.parametrize("count", [1, 2, 500])
def test_a_long_answer_is_indexed_range_by_range_until_none_is_left(count: int) -> None:
    index, ranges = JOB.states["Index Results"].body, JOB.states["Index Ranges"].body
    progress = evaluate(JOB.states["Write Results"].body["Assign"], states_of())
    assert progress == {"progress": {}}
    planned = {
        "complete": False,
        "progress": {"rank": 3},
        "ranges": [REF | {"start": number, "end": number + 1, "rank": 3} for number in range(count)],
        "wait_seconds": 0,
    }
    kept = evaluate(index["Assign"], states_of(None, planned))
    assert kept == {"complete": False, "progress": {"rank": 3}, "wait_seconds": 0}
    left = evaluate(index["Output"], states_of(None, planned))
    assert left == planned["ranges"]
    assert choose(JOB.states["Index Complete?"], left, **kept) == "Index Ranges"
    assert choose(JOB.states["Index Complete?"], left, **kept | {"wait_seconds": 15}) == "Wait For Table"
    assert evaluate(JOB.states["Wait For Table"].body["Seconds"], states_of(left), wait_seconds=15) == 15
    assert evaluate(ranges["Items"], states_of(left)) == planned["ranges"]
    outcomes = [{"began": number, "start": number + 1} for number in range(count)]
    payload = evaluate(index["Arguments"]["Payload"], states_of(outcomes), progress=planned["progress"])
    assert (payload["progress"], payload["outcomes"]) == (planned["progress"], outcomes)
    assert choose(JOB.states["Index Complete?"], {}, complete=True, wait_seconds=0) == "Release Turn"


def test_as_much_is_done_at_once_as_the_settings_say_by_default() -> None:
    assert JOB.states["Index Ranges"].body["MaxConcurrency"] == Settings().index_concurrency
    for name in ("Prepare Parts", "Deduplicate Parts"):
        assert RUN.states[name].body["MaxConcurrency"] == Settings().prepare_concurrency


def test_a_run_begins_with_the_object_that_was_dropped_also_when_it_is_redriven_from_its_end() -> None:
    detail = json.loads((ROOT / "tests" / "events" / "object_created.json").read_text())["detail"]
    execution = {"Id": "run", "Input": detail, "StartTime": "2026-11-23T12:00:00.000Z"}
    execution |= {"RedriveCount": 1, "RedriveTime": "2026-11-24T12:00:00.000Z"}
    redriven = {"context": CONTEXT | {"Execution": execution}, "input": {"Payload": {}}}
    payload = evaluate(RUN.states["Register Run"].body["Arguments"]["Payload"], redriven)
    attempt = payload.pop("attempt")
    assert payload == {"source": detail, "execution_arn": "run", "started_at": execution["StartTime"]}
    assert attempt["redriven_at"] == "2026-11-24T12:00:00.000Z"


def test_the_sample_event_is_what_a_run_takes() -> None:
    sample = json.loads((ROOT / "statemachine" / "sample_event.json").read_text())
    assert sample["bucket"]["name"]
    assert sample["object"]["key"].startswith(("tweets/", "users/"))


@pytest.mark.parametrize("count", [1, 2, 20])
def test_the_parts_stay_a_list_however_many_there_are(count: int) -> None:
    plan = {"parts": [{"run_id": "r", "type": "tweets", "part": number} for number in range(1, count + 1)]}
    planned = evaluate(RUN.states["Plan Parts"].body["Output"], states_of(None, plan))
    assert planned == plan["parts"]
    assert evaluate(RUN.states["Prepare Parts"].body["Items"], states_of(planned)) == plan["parts"]
    prepared = [{"part": number} for number in range(1, count + 1)]
    arguments = RUN.states["Accept Input"].body["Arguments"]
    payload = evaluate(arguments["Payload"], states_of(prepared), **RUN_VARIABLES)
    assert payload["prepared"] == prepared
    accepted = {"parts": list(range(1, count + 1))}
    assert evaluate(RUN.states["Check Parts"].body["Items"], states_of(accepted)) == accepted["parts"]


def test_each_part_is_checked_by_a_job_of_its_own() -> None:
    selected = evaluate(RUN.states["Check Parts"].body["ItemSelector"], states_of(), **RUN_VARIABLES)
    assert selected == REF
    task = RUN.states["Check Part"].body
    started = evaluate(task["Arguments"]["Input"], states_of(selected))
    assert started.items() >= REF.items()
    assert started["AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"] == CONTEXT["Execution"]["Id"]  # type: ignore[index]
    assert evaluate(task["Arguments"]["Name"], states_of(selected)) == "tweets-0123456789abcdef-p2-20261123120000000-r0"
    assert task["Resource"].endswith(":startExecution.sync:2")
    assert RUN.states["Check Parts"].body["MaxConcurrency"] == 1


def test_a_run_that_failed_reports_what_was_told_of_it() -> None:
    summary = {"run_id": "r", "status": "failed", "affected": 5, "error": "JobFailed", "error_message": "So it is."}
    publish = RUN.states["Publish Run"].body
    assert evaluate(publish["Arguments"]["Payload"], states_of(summary), **RUN_VARIABLES)["summary"] == summary
    output = evaluate(publish["Output"], states_of(summary, {}))
    assert output == summary | {"redrive_count": 0}
    report = evaluate(RUN.states["Report Failure"].body["Arguments"]["Payload"], states_of(output))
    assert report == {"failure": output, "redrive_count": 0}
