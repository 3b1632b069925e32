"""What was ended from outside comes to an end: on record, at X, in the queue, and on the bus."""

import json
from typing import Any

import pytest

from adapters import aws, event_bus, runs_table
from compliance.attempts import Attempt
from compliance.errors import AwsUnavailable, RunTakenOver
from compliance.runs import summary
from tests.unit.conftest import EXECUTION, JOB_EXECUTION, Functions

IDS = b"1\n2\n"
OTHER = f"{JOB_EXECUTION}-other"
NOTHING_FOUND: dict[str, Any] = {"records": 0, "affected": 0, "result_errors": 0, "by_action": {}, "by_reason": {}}


def end(functions: Functions, execution: str, source: dict[str, Any], status: str = "ABORTED") -> None:
    """Ends an execution and delivers its event."""
    functions.step_functions.ended[execution] = status
    settle(functions, execution, source, status)


def settle(functions: Functions, execution: str, source: dict[str, Any], status: str = "ABORTED") -> None:
    event = functions.recorded("execution_ended.json", executionArn=execution, status=status, input=json.dumps(source))
    assert functions.invoke("settle_execution", event) == {}


def registered(functions: Functions) -> dict[str, Any]:
    """A run of which one part is complete, one is being checked, and one waits."""
    source = functions.drop(IDS)
    event = {"source": source, "execution_arn": EXECUTION, "started_at": "2026-11-23T12:00:00Z"}
    run = functions.invoke("register_run", event)
    counts = {"lines": 2, "accepted": 2, "duplicate": 0, "rejected": 0, "blank": 0}
    runs_table.update_run(run["run_id"], attempt=Attempt(EXECUTION), status="checking", **counts)
    return source | {"run_id": run["run_id"]}


def holder() -> str | None:
    item = aws.dynamodb().Table("runs").get_item(Key={"pk": "TURN#tweets", "sk": "HOLDER"}).get("Item")
    return str(item["execution_arn"]) if item else None


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT"])
def test_a_jobs_part_has_failed_its_job_is_cancelled_and_the_next_is_called(functions: Functions, status: str) -> None:
    functions.world.x.generation = "x"
    ref = functions.uploaded(IDS)
    waiting = functions.prepared(IDS) | {"entered_at": "2026-11-23T12:01:00Z", "task_token": "next"}
    functions.step_functions.waiting.add("next")
    functions.invoke("take_turn", waiting | {"execution_arn": OTHER})
    end(functions, JOB_EXECUTION, ref, status)
    part = functions.part(ref)
    assert (part["status"], part["error"]) == ("failed", "ExecutionStopped")
    assert functions.world.x.job().status == "failed"
    assert functions.step_functions.called == ["next"]
    assert holder() == OTHER


def test_what_has_failed_by_itself_keeps_its_reason(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.invoke("abandon_job", ref | {"error": "CreditsDepleted", "cause": ""})
    end(functions, JOB_EXECUTION, ref, "FAILED")
    assert functions.part(ref)["error"] == "CreditsDepleted"
    assert holder() is None


def test_a_part_that_is_complete_stays_so(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.update(ref, status="complete")
    end(functions, JOB_EXECUTION, ref)
    assert functions.part(ref)["status"] == "complete"
    assert holder() is None


def test_an_event_that_comes_late_does_nothing_to_a_redriven_execution(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    settle(functions, JOB_EXECUTION, ref)
    assert functions.part(ref)["status"] == "created"
    assert holder() == JOB_EXECUTION


def test_an_event_that_comes_late_does_nothing_to_the_parts_next_execution(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.update(ref, execution_arn=OTHER)
    end(functions, JOB_EXECUTION, ref)
    assert functions.part(ref)["status"] == "created"
    assert functions.world.x.job().status == "in_progress"


def test_an_event_that_comes_twice_changes_nothing_the_second_time(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    end(functions, JOB_EXECUTION, ref)
    before = functions.part(ref)
    end(functions, JOB_EXECUTION, ref)
    assert functions.part(ref) == before


def test_a_stopped_run_stops_its_job_has_failed_and_is_told_of(
    functions: Functions, published: list[dict[str, Any]]
) -> None:
    source = registered(functions)
    ref, done = (functions.uploaded(IDS, run_id=source["run_id"]) | {"run_id": source["run_id"]} for _ in range(2))
    functions.update(done, status="complete", execution_arn=OTHER, **NOTHING_FOUND)
    end(functions, EXECUTION, source)
    run = functions.run(source)
    assert (run["status"], run["error"]) == ("failed", "ExecutionStopped")
    assert run["error_message"].endswith("Start the run again.")
    assert functions.step_functions.ended.keys() == {EXECUTION, JOB_EXECUTION}
    assert functions.part(ref)["status"] == "failed"
    part, detail = published
    assert (part["kind"], part["part"], part["error"]) == ("CompliancePartFailed", ref["part"], "ExecutionStopped")
    assert (detail["kind"], detail["status"]) == ("ComplianceRunFailed", "failed")
    assert part["run_id"] == detail["run_id"] == source["run_id"]
    assert "execution_arn" not in detail


@pytest.mark.parametrize(
    ("status", "kind"), [("complete", "ComplianceRunCompleted"), ("failed", "ComplianceRunFailed")]
)
def test_a_run_that_has_ended_by_itself_is_told_of_unless_it_was(
    functions: Functions, published: list[dict[str, Any]], status: str, kind: str
) -> None:
    """It may have been stopped between its summary and the event."""
    source = registered(functions)
    error = "JobFailed" if status == "failed" else None
    runs_table.update_run(source["run_id"], attempt=Attempt(EXECUTION), status=status, error=error, **NOTHING_FOUND)
    for _ in range(2):
        end(functions, EXECUTION, source)
    assert functions.run(source)["status"] == status
    assert [detail["kind"] for detail in published] == [kind]
    assert functions.keys("reports/") == [functions.run(source)["report"]]


def test_a_run_is_told_of_by_its_own_state(functions: Functions, published: list[dict[str, Any]]) -> None:
    source = registered(functions)
    run = runs_table.update_run(source["run_id"], attempt=Attempt(EXECUTION), status="complete", affected=5)
    functions.invoke("publish_run", source | {"summary": summary(run)})
    (detail,) = published
    assert detail["kind"] == "ComplianceRunCompleted"
    assert summary(run).items() <= detail.items()
    end(functions, EXECUTION, source, "FAILED")
    assert len(published) == 1


def test_an_event_that_the_bus_does_not_take_is_tried_again(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bus:
        @staticmethod
        def put_events(Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
            return {"FailedEntryCount": len(Entries)}

    monkeypatch.setattr(event_bus, "event_bridge", Bus)
    source = registered(functions)
    run = runs_table.update_run(source["run_id"], attempt=Attempt(EXECUTION), status="complete")
    with pytest.raises(AwsUnavailable):
        functions.invoke("publish_run", source | {"summary": summary(run)})
    assert "told_at" not in functions.run(source)


def test_a_file_whose_execution_ended_before_it_had_a_run_is_not_forgotten(
    functions: Functions, published: list[dict[str, Any]]
) -> None:
    source = functions.drop(IDS)
    end(functions, EXECUTION, source)
    (detail,) = published
    run = functions.run(detail)
    assert (run["status"], run["error"], run["key"]) == ("failed", "ExecutionStopped", "tweets/ids.txt")
    assert run["started_at"] == "2026-11-23T12:00:00.000Z"
    retry = {"source": source | {"retry": True}, "execution_arn": OTHER, "started_at": "2026-11-24T12:00:00Z"}
    assert functions.invoke("register_run", retry)["duplicate"] is False


def test_an_execution_that_names_no_object_version_leaves_nothing_to_settle(
    functions: Functions, published: list[dict[str, Any]]
) -> None:
    for source in ({}, {"object": {"key": "tweets/ids.txt"}}):
        end(functions, EXECUTION, source)
    assert published == []


def test_an_execution_without_a_run_leaves_nothing_to_settle(
    functions: Functions, published: list[dict[str, Any]]
) -> None:
    source = registered(functions)
    end(functions, f"{EXECUTION}-duplicate", source)
    assert functions.run(source)["status"] == "checking"
    assert published == []


def test_the_schedule_finds_what_nobody_heard_of(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    waiting = functions.prepared(IDS) | {"entered_at": "2026-11-23T12:01:00Z", "task_token": "next"}
    functions.step_functions.waiting.add("next")
    functions.invoke("take_turn", waiting | {"execution_arn": OTHER})
    schedule = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    functions.invoke("settle_execution", schedule)
    assert holder() == JOB_EXECUTION
    functions.step_functions.ended[JOB_EXECUTION] = "ABORTED"
    functions.invoke("settle_execution", schedule)
    assert functions.part(ref)["error"] == "ExecutionStopped"
    assert holder() == OTHER
    assert functions.step_functions.called == ["next"]


def test_what_the_schedule_says_after_it_has_settled_a_run_is_not_about_that_run(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    functions.world.x.faults["cancel"] = ["unheard"]
    functions.step_functions.ended[JOB_EXECUTION] = "ABORTED"
    functions.invoke("settle_execution", {"detail": {}})
    said = [each for line in functions.log.getvalue().splitlines() if "message" in (each := json.loads(line))]
    assert (said[0]["run_id"], said[0]["part"]) == (ref["run_id"], ref["part"])
    assert said[-1]["message"] == "Done."
    assert said[-1].get("run_id") is said[-1].get("part") is None


def test_the_schedule_repeats_a_call_that_was_lost(functions: Functions) -> None:
    waiting = functions.prepared(IDS) | {"entered_at": "2026-11-23T12:01:00Z", "task_token": "next"}
    functions.step_functions.waiting.add("next")
    functions.step_functions.fails_next = "ThrottlingException"
    with pytest.raises(AwsUnavailable):
        functions.invoke("take_turn", waiting)
    functions.invoke("settle_execution", {"detail": {}})
    assert functions.step_functions.called == ["next"]


def test_a_failed_run_is_taken_over_by_who_asks_for_it_alone(functions: Functions) -> None:
    source = registered(functions)
    again = {"source": source, "execution_arn": OTHER, "started_at": "2026-11-24T12:00:00Z"}
    retry = again | {"source": source | {"retry": True}}
    assert functions.invoke("register_run", retry)["duplicate"] is True
    runs_table.fail_run(
        source["run_id"], Attempt(EXECUTION), ("ExecutionStopped", "It was stopped."), "2026-11-23T13:00:00.000Z"
    )
    assert functions.invoke("register_run", again)["duplicate"] is True
    assert functions.invoke("register_run", retry)["duplicate"] is False
    run = functions.run(source)
    assert (run["status"], run["execution_arn"]) == ("registered", OTHER)
    assert not {"error", "error_message", "ended_at"} & set(run)
    assert functions.invoke("register_run", retry)["duplicate"] is False
    assert functions.invoke("register_run", retry | {"execution_arn": "third"})["duplicate"] is True


def test_a_redriven_run_begins_again(functions: Functions) -> None:
    source = registered(functions)
    runs_table.fail_run(
        source["run_id"], Attempt(EXECUTION), ("InputRejected", "It was refused."), "2026-11-23T13:00:00.000Z"
    )
    event = {"source": source, "execution_arn": EXECUTION, "started_at": "2026-11-23T12:00:00Z"}
    assert functions.invoke("register_run", event)["duplicate"] is False
    assert functions.run(source)["status"] == "registered"


@pytest.mark.parametrize(
    ("step", "more"),
    [
        ("plan_parts", {}),
        ("accept_input", {"prepared": []}),
        ("summarize_run", {}),
        ("record_failure", {"error": "JobFailed", "cause": ""}),
    ],
)
def test_a_step_of_an_execution_that_lost_its_run_changes_nothing(
    functions: Functions, step: str, more: dict[str, Any]
) -> None:
    """Its function was still running when the execution was stopped and the run started again."""
    source = registered(functions)
    counts = {"lines": 2, "accepted": 2} | dict.fromkeys(("blank", "duplicate", "rejected"), 0)
    functions.uploaded(IDS, run_id=source["run_id"], **counts)
    before = functions.run(source)
    with pytest.raises(RunTakenOver):
        functions.invoke(step, source | more | {"execution_arn": OTHER})
    assert functions.run(source) == before
