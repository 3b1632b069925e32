"""A function that comes late, or a second time, undoes nothing that has happened since."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from adapters import aws, runs_table
from compliance.errors import ComplianceError
from tests.unit.conftest import EXECUTION, JOB_EXECUTION, Functions
from tests.unit.test_settle_execution import end, holder

IDS = b"1\n2\n"
OTHER = f"{JOB_EXECUTION}-other"
NEXT = f"{EXECUTION}-next"
RETRIED = "2026-11-24T12:00:00.000Z"


def attempt(second: int, redrives: int = 0, **times: str) -> dict[str, Any]:
    """What the machine says of an attempt at a state that was entered so many seconds after noon."""
    about = {"started_at": "2026-11-23T12:00:00.000Z", "entered_at": f"2026-11-23T12:00:{second:02}.000Z"}
    return {"attempt": about | {"redrives": redrives, "retries": 0} | times}


@contextmanager
def during(operation: str, act: Callable[[], object]) -> Iterator[None]:
    """Lets something happen just after the first call of that name to DynamoDB."""
    events = aws.dynamodb().meta.client.meta.events
    pending = [act]

    def intrude(**_: Any) -> None:
        if pending:
            pending.pop()()

    events.register(f"after-call.dynamodb.{operation}", intrude)
    yield
    events.unregister(f"after-call.dynamodb.{operation}", intrude)
    assert not pending


def registered(functions: Functions) -> dict[str, Any]:
    """What Register Run is given, with its answer."""
    event = {"source": functions.drop(IDS), "execution_arn": EXECUTION, "started_at": "2026-11-23T12:00:00.000Z"}
    return event | attempt(0) | functions.invoke("register_run", event | attempt(0))


def take_turn(functions: Functions, ref: dict[str, Any], execution: str, token: str, **about: Any) -> None:
    functions.step_functions.waiting.add(token)
    event = {"execution_arn": execution, "task_token": token, "entered_at": about["attempt"]["entered_at"]}
    functions.invoke("take_turn", ref | event | about)


def test_abandon_does_not_fail_a_part_that_another_execution_has_completed(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    with during("GetItem", lambda: functions.update(ref, execution_arn=OTHER, status="complete", told_at="now")):
        functions.invoke("abandon_job", ref | attempt(9) | {"error": "AccessRefused", "cause": ""})
    assert (functions.part(ref)["status"], functions.part(ref).get("error")) == ("complete", None)


def test_a_late_twin_of_register_run_leaves_a_failed_run_to_retry(functions: Functions) -> None:
    run = registered(functions)
    functions.invoke("record_failure", run | attempt(5) | {"error": "InputRejected", "cause": ""})
    functions.invoke("register_run", run)
    assert functions.run(run)["status"] == "failed"
    retry = run | {"source": run["source"] | {"retry": True}, "execution_arn": NEXT, "started_at": RETRIED}
    retry |= attempt(0, started_at=RETRIED)
    assert functions.invoke("register_run", retry)["duplicate"] is False


def test_a_token_that_is_handed_in_while_settle_execution_waits_for_x_is_kept(functions: Functions) -> None:
    functions.prepared(IDS)
    ref = functions.uploaded(IDS, execution_arn=OTHER) | {"execution_arn": OTHER}
    take_turn(functions, ref, OTHER, "dead", **attempt(1))
    assert holder() == JOB_EXECUTION

    def redrive(*_: Any) -> None:
        if functions.step_functions.ended.pop(OTHER, None):
            functions.step_functions.redrives[OTHER] = 1
            take_turn(functions, ref, OTHER, "live", **attempt(1, 1, redriven_at=RETRIED))

    with asked_of_x(functions, redrive):
        end(functions, OTHER, ref)
    functions.step_functions.ended[JOB_EXECUTION] = "SUCCEEDED"
    functions.invoke("settle_execution", {"detail": {}})
    assert holder() == OTHER
    assert "live" in functions.step_functions.called
    assert functions.part(ref)["execution_arn"] == OTHER


@contextmanager
def asked_of_x(functions: Functions, act: Callable[..., None]) -> Iterator[None]:
    """Lets something happen while a function waits for X."""
    send = functions.world.send

    def slow(*request: Any) -> Any:
        act()
        return send(*request)

    functions.monkeypatch.setattr(functions.world, "send", slow)
    yield
    functions.monkeypatch.setattr(functions.world, "send", send)


def test_the_turn_of_an_execution_that_step_functions_no_longer_knows_is_freed(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    take_turn(functions, functions.prepared(IDS), OTHER, "next", **attempt(1))
    functions.step_functions.unknown.add(JOB_EXECUTION)
    functions.invoke("settle_execution", {"detail": {}})
    assert holder() == JOB_EXECUTION, "it may have begun just now"
    functions.clock.advance(3600)
    functions.invoke("settle_execution", {"detail": {}})
    assert holder() == OTHER
    assert functions.step_functions.called[-1] == "next"
    assert functions.part(ref)["status"] == "failed"


def test_a_turn_is_freed_whose_part_is_on_record_no_more(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    key = {"pk": f"RUN#{ref['run_id']}", "sk": f"PART#{ref['part']:05}"}
    aws.dynamodb().Table("runs").delete_item(Key=key)
    functions.step_functions.ended[JOB_EXECUTION] = "ABORTED"
    functions.invoke("settle_execution", {"detail": {}})
    assert holder() is None


def test_a_run_that_nobody_knows_any_more_can_be_retried(functions: Functions) -> None:
    run = registered(functions)
    ref = functions.prepared(IDS, run_id=run["run_id"]) | {"run_id": run["run_id"]}
    functions.invoke("release_turn", ref)
    take_turn(functions, ref, JOB_EXECUTION, "a", **attempt(1))
    functions.step_functions.unknown |= {EXECUTION, JOB_EXECUTION}
    functions.clock.advance(3600)
    functions.invoke("settle_execution", {"detail": {}})
    assert functions.run(run)["status"] == "failed"


def check_of(dataset: str, execution: str) -> dict[str, Any]:
    source = {
        "dataset": {"name": dataset, "type": "tweets", "overlap": "skip"},
        "bucket": {"name": "inbox"},
        "object": {"key": "datasets/tweets/weekly/"},
        "scheduled_at": "2026-11-23T12:00:00Z",
    }
    return {"source": source, "execution_arn": execution, "started_at": "2026-11-23T12:00:00.000Z"}


@pytest.mark.parametrize("role", ["checking", "waiting"])
def test_a_dataset_whose_last_run_is_on_record_no_more_is_checked(functions: Functions, role: str) -> None:
    run = functions.invoke("register_run", check_of("weekly", EXECUTION))
    item = {"pk": "DATASET#weekly", "sk": "DATASET", role: "tweets-0000000000000000"}
    aws.dynamodb().Table("runs").put_item(Item=item)
    event = {"run_id": run["run_id"], "execution_arn": EXECUTION, "waits_since": "2026-11-23T12:00:00Z"}
    assert functions.invoke("claim_dataset", event)["standing"] == "claimed"


# Their kind: what each state writes, written again after the state behind it.


def test_no_late_state_of_a_run_undoes_its_end(functions: Functions) -> None:
    run = registered(functions)
    functions.invoke("plan_parts", run | attempt(1))
    functions.invoke("prepare_part", {"run_id": run["run_id"], "type": "tweets", "part": 1})
    counted = run | {"prepared": []}
    functions.invoke("accept_input", counted | attempt(2))
    end_of_run = functions.invoke("record_failure", run | attempt(3) | {"error": "JobConflict", "cause": ""})
    functions.invoke("write_report", run | attempt(4))
    functions.invoke("publish_run", run | attempt(5) | {"summary": end_of_run})
    ended = functions.run(run)
    for name, event in {
        "register_run": run,
        "plan_parts": run | attempt(1),
        "accept_input": counted | attempt(2),
        "summarize_run": run | attempt(3),
        "record_failure": run | attempt(3) | {"error": "InputRejected", "cause": ""},
        "write_report": run | attempt(4),
    }.items():
        with suppress(ComplianceError):
            functions.invoke(name, event)
        assert functions.run(run) == ended, f"{name} came late"


def test_an_execution_that_lost_its_run_long_ago_does_not_take_it_back(functions: Functions) -> None:
    run = registered(functions)
    failure = {"error": "JobConflict", "cause": ""}
    functions.invoke("record_failure", run | attempt(1) | failure)
    retries = []
    for day, name in enumerate(("second", "third"), 24):
        started = f"2026-11-{day}T12:00:00.000Z"
        retry = run | {"source": run["source"] | {"retry": True}, "execution_arn": name, "started_at": started}
        retries.append(retry | attempt(0, started_at=started, entered_at=started))
        assert functions.invoke("register_run", retries[-1])["duplicate"] is False
        functions.invoke(
            "record_failure", run | {"execution_arn": name} | attempt(9, entered_at=f"2026-12-{day}") | failure
        )
    assert functions.invoke("register_run", retries[0])["duplicate"] is True
    assert functions.run(run)["execution_arn"] == "third"


def test_a_late_twin_of_take_turn_does_not_claim_the_part_of_a_later_execution(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    take_turn(functions, ref, OTHER, "later", **attempt(9, started_at=RETRIED))
    with suppress(ComplianceError):
        take_turn(functions, ref, JOB_EXECUTION, "late", **attempt(1))
    assert functions.part(ref)["execution_arn"] == OTHER


def test_a_late_twin_of_take_turn_does_not_take_up_a_part_that_has_failed_since(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    take_turn(functions, ref, JOB_EXECUTION, "a", **attempt(1))
    functions.invoke("abandon_job", ref | attempt(2) | {"error": "AccessRefused", "cause": ""})
    take_turn(functions, ref, JOB_EXECUTION, "a", **attempt(1))
    assert functions.part(ref)["error"] == "AccessRefused"


def test_a_late_twin_of_abandon_job_leaves_the_next_job_alone(functions: Functions) -> None:
    ref = functions.created(IDS)
    lost = ref | attempt(2) | {"error": "JobExpired", "cause": ""}
    assert functions.invoke("abandon_job", lost)["again"] is True
    take_turn(functions, ref, JOB_EXECUTION, "b", **attempt(3))
    functions.world.x.job().status = "expired"
    functions.invoke("create_job", ref)
    created = functions.part(ref)
    functions.invoke("abandon_job", lost)
    assert functions.part(ref) == created


def test_a_late_twin_of_create_job_names_no_second_job(functions: Functions) -> None:
    ref = functions.prepared(IDS)
    done: list[Any] = []

    def overtake() -> None:
        functions.invoke("create_job", ref)
        done.append(functions.part(ref))

    with suppress(ComplianceError), during("GetItem", lambda: None), during("GetItem", overtake):
        functions.invoke("create_job", ref)
    assert functions.part(ref) == done[0]
    assert len(functions.world.x.jobs) == 1


@pytest.mark.parametrize("name", ["open_upload", "upload_part", "get_job", "download_results", "write_results"])
def test_no_late_state_of_a_job_undoes_the_one_behind_it(functions: Functions, name: str) -> None:
    """The late one reads the part, and is held up while another attempt brings the part to its end."""
    functions.world.x.job_seconds = 60
    states = ("open_upload", "upload_part", "get_job", "download_results", "write_results", "index_results")
    ref = functions.created(IDS) | {"progress": {}, "outcomes": {}}
    place = states.index(name)
    for each in states[:place]:
        go(functions, each, ref)
    complete: list[Any] = []

    def overtake() -> None:
        for each in states[place:]:
            go(functions, each, ref)
        complete.append(functions.part(ref))

    with suppress(ComplianceError), during("GetItem", overtake):
        functions.invoke(name, ref)
    assert complete[0]["status"] == "complete"
    assert functions.part(ref) == complete[0]
    answers = [item for item in aws.dynamodb().Table("runs").scan()["Items"] if "ANSWERS#" in str(item["pk"])]
    assert answers == []


def go(functions: Functions, state: str, ref: dict[str, Any]) -> None:
    """Lets a state come to its end; X is asked until it has answered."""
    while functions.invoke(state, ref).get("status", "complete") != "complete":
        functions.clock.advance(30)


def test_what_was_told_of_an_earlier_failure_does_not_keep_the_next_from_being_told(functions: Functions) -> None:
    ref = functions.uploaded(IDS)
    with during("PutItem", lambda: None), during("UpdateItem", lambda: claim_again(functions, ref)):
        functions.invoke("abandon_job", ref | attempt(2) | {"error": "AccessRefused", "cause": ""})
    assert "told_at" not in functions.part(ref)


def claim_again(functions: Functions, ref: dict[str, Any]) -> None:
    take_turn(functions, ref, JOB_EXECUTION, "again", **attempt(3, 1))


def test_a_newer_refusal_of_resumable_is_remembered(functions: Functions) -> None:
    runs_table.remember_resumable_refused(2_000_000)
    runs_table.remember_resumable_refused(1_000_000)
    assert runs_table.resumable_was_refused(2_600_000)
