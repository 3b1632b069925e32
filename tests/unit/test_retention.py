"""What is deleted by itself breaks no run that is on its way, and what is too old to go on with is said so."""

from typing import Any, cast

import pytest

from adapters import aws, consumed, runs_table
from compliance.attempts import Attempt
from compliance.clock import time_text
from compliance.consumption import Consumption
from compliance.errors import SourceChanged
from compliance.indexing import Verdict, judge
from compliance.retention import (
    DAY,
    MARGIN,
    check_part_is_kept,
    copies_expire_at,
    index_ttl,
    is_past_retry,
    needs_renewal,
    ttl,
)
from compliance.runs import Part, Run
from tests.unit.conftest import EXECUTION, Functions
from tests.unit.test_index import answer, checked, counts, index, indexed

BEGAN = "2026-11-23T12:00:00Z"
AGAIN = "arn:aws:states:eu-west-1:123456789012:execution:XComplianceRun:again"
YEARS = 4


def item(day: int, days: int) -> dict[str, Any]:
    """What a check on that day finds of an ID."""
    checked_at = time_text(1_795_435_200 + day * DAY)
    state = {"subject": "tweets#1", "action": "delete", "since": checked_at, "checked_at": checked_at}
    return state | index_ttl(checked_at, days)


@pytest.mark.parametrize("days", [90, 731, 3650])
@pytest.mark.parametrize("every", [1, 7, 30, 89])
def test_an_item_that_stays_true_stays_and_is_seldom_written(every: int, days: int) -> None:
    known = item(0, days)
    writes = 0
    for day in range(every, YEARS * 365, every):
        assert known["ttl"] > 1_795_435_200 + day * DAY, "it was deleted while it was true"
        verdict, judged = judge(item(day, days), known, "", days)
        if verdict is Verdict.WRITE:
            known, writes = judged, writes + 1
        else:
            assert verdict is Verdict.UNCHANGED
        now = 1_795_435_200 + day * DAY
        assert now + days * DAY <= known["ttl"] <= now + days * (1 + MARGIN) * DAY
        assert known["since"] == item(0, days)["since"]
    assert writes <= YEARS * 365 / max(every, days * MARGIN) + 1


def test_an_item_is_renewed_for_a_second_too_few_or_too_many_and_for_nothing_else() -> None:
    soonest, latest = 1_795_435_200 + 100 * DAY, 1_795_435_200 + 125 * DAY
    assert (ttl(BEGAN, 100), index_ttl(BEGAN, 100)) == ({"ttl": soonest}, {"ttl": latest})
    known = (soonest - 1, soonest, latest, latest + 1, None)
    assert [needs_renewal(each, BEGAN, 100) for each in known] == [True, False, False, True, True]
    assert [needs_renewal(each, BEGAN, 0) for each in (soonest, None)] == [True, False]
    assert ttl(BEGAN, 0) == index_ttl(BEGAN, 0) == {}


def test_what_is_kept_until_a_moment_is_kept_in_that_moment() -> None:
    until = copies_expire_at(1_795_435_200, 90)
    assert until == "2027-02-21T12:00:00.000Z"
    run = cast(Run, {"copies_expire_at": until})
    assert [is_past_retry(run, now) for now in (until, "2027-02-21T12:00:00.001Z")] == [False, True]
    assert not is_past_retry(cast(Run, {}), until)


def test_a_part_that_lasts_as_long_as_a_job_may_take_is_kept() -> None:
    part = cast(Part, {"prepared_at": BEGAN})
    last = 1_795_435_200 + 90 * DAY - 3600
    check_part_is_kept(part, last, 90, 3600)
    check_part_is_kept(part, last + 1, 0, 3600)
    with pytest.raises(SourceChanged):
        check_part_is_kept(part, last + 1, 90, 3600)


def test_an_item_says_until_when_it_is_kept_and_a_recheck_leaves_it_alone(functions: Functions) -> None:
    index(functions, checked(functions, answer((1, "delete"))))
    before = indexed()["tweets#1"]
    assert before["ttl"] == int(functions.clock.now()) + int(731 * (1 + MARGIN)) * DAY
    index(functions, ref := checked(functions, answer((1, "delete"))))
    assert counts(functions, ref) == (0, 1, 0)
    assert indexed()["tweets#1"] == before


def test_an_item_that_nears_its_end_is_written_again_by_a_check_that_finds_it_true(functions: Functions) -> None:
    index(functions, checked(functions, answer((1, "delete"))))
    before = indexed()["tweets#1"]
    functions.clock.advance(200 * DAY)
    index(functions, ref := checked(functions, answer((1, "delete"))))
    after = indexed()["tweets#1"]
    assert after["ttl"] - before["ttl"] == 200 * DAY + 3600
    assert after["since"] == before["since"]
    assert counts(functions, ref) == (1, 0, 0)


@pytest.mark.parametrize(("before", "after"), [(0, 731), (731, 0), (731, 90), (90, 731)])
def test_another_retention_reaches_an_item_with_its_next_check(functions: Functions, before: int, after: int) -> None:
    functions.configure(results_days=before)
    index(functions, checked(functions, answer((1, "delete"))))
    assert ("ttl" in indexed()["tweets#1"]) == (before > 0)
    functions.configure(results_days=after)
    index(functions, checked(functions, answer((1, "delete"))))
    checked_at = int(functions.clock.now())
    assert indexed()["tweets#1"].get("ttl") == (checked_at + int(after * (1 + MARGIN)) * DAY if after else None)
    index(functions, ref := checked(functions, answer((1, "delete"))))
    assert counts(functions, ref) == (0, 1, 0), "once is enough"


@pytest.fixture
def failed(functions: Functions) -> dict[str, Any]:
    """A run that has failed; returns the source that it is started again by."""
    source = functions.drop(b"1\n")
    run = functions.invoke("register_run", {"source": source, "execution_arn": EXECUTION, "started_at": BEGAN})
    runs_table.fail_run(
        run["run_id"], Attempt(EXECUTION), ("XUnavailable", "X did not answer."), "2026-11-23T13:00:00.000Z"
    )
    return source | {"retry": True}


def begin_again(functions: Functions, source: dict[str, Any], started_at: str, execution: str = AGAIN) -> bool:
    """Whether the execution takes the run over."""
    event = {"source": source, "execution_arn": execution, "started_at": started_at}
    return not functions.invoke("register_run", event)["duplicate"]


def test_a_failed_run_is_started_again_while_what_it_prepared_is_kept(
    functions: Functions, failed: dict[str, Any]
) -> None:
    assert begin_again(functions, failed, "2027-02-21T11:59:59Z")


def test_after_that_it_is_refused_in_words_and_stays_as_it_was(functions: Functions, failed: dict[str, Any]) -> None:
    with pytest.raises(SourceChanged) as caught:
        begin_again(functions, failed, "2027-02-21T12:00:01Z")
    assert str(caught.value) == (
        "The run began on 2026-11-23, and what it had prepared was kept until 2027-02-21: it cannot be started again. "
        "Drop the file again."
    )
    (run,) = runs()
    assert (run["status"], run["error"], run["execution_arn"]) == ("failed", "XUnavailable", EXECUTION)


def test_a_redriven_execution_goes_on_with_its_own_run(functions: Functions, failed: dict[str, Any]) -> None:
    assert begin_again(functions, failed, "2027-02-21T12:00:01Z", EXECUTION)


def test_what_is_kept_for_ever_can_be_started_again_for_ever(functions: Functions) -> None:
    functions.configure(working_copies_days=0)
    source = functions.drop(b"1\n")
    assert begin_again(functions, source, BEGAN, EXECUTION)
    (run,) = runs()
    runs_table.fail_run(
        run["run_id"], Attempt(EXECUTION), ("XUnavailable", "X did not answer."), "2026-11-23T13:00:00.000Z"
    )
    assert begin_again(functions, source | {"retry": True}, "2099-01-01T00:00:00Z")


def runs() -> list[dict[str, Any]]:
    return [each for each in items() if each.get("listing") == "RUN"]


def items() -> list[dict[str, Any]]:
    return [dict(each) for each in aws.dynamodb().Table("runs").scan()["Items"]]


def test_no_job_begins_that_its_part_might_not_outlast(functions: Functions) -> None:
    ref = functions.prepared(b"1\n")
    functions.clock.advance(89 * DAY + 1)
    with pytest.raises(SourceChanged, match="prepared on 2026-11-23, and working copies are kept for 90 days"):
        functions.invoke("create_job", ref)
    assert functions.world.x.heard == []
    assert "job_name" not in functions.part(ref)


@pytest.mark.parametrize(("kept", "after"), [(90, 89 * DAY - 1), (0, 9_999 * DAY)])
def test_until_then_it_does(functions: Functions, kept: int, after: int) -> None:
    functions.configure(working_copies_days=kept)
    ref = functions.prepared(b"1\n")
    functions.clock.advance(after)
    assert functions.invoke("create_job", ref) == {"created": True}


def test_a_job_that_has_begun_is_gone_on_with_however_old_its_part_is(functions: Functions) -> None:
    ref = functions.created(b"1\n")
    functions.clock.advance(90 * DAY)
    assert functions.invoke("create_job", ref) == {"created": True}


@pytest.fixture
def recorded(functions: Functions, request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """All items of a run in the runs table, with the ``proof_days`` that the test is parametrized with."""
    functions.configure(proof_days=request.param)
    run = functions.register(b"1\n2\n")
    functions.invoke("plan_parts", {"run_id": run["run_id"]})
    functions.invoke("prepare_part", {"run_id": run["run_id"], "type": "tweets", "part": 1})
    ref = functions.uploaded(b"1\n2\n", checked_on="2026-11-23")
    functions.world.x.job().status = "complete"
    functions.invoke("get_job", ref)
    return items()


@pytest.mark.parametrize("recorded", [500], indirect=True)
def test_every_item_of_a_run_is_deleted_in_the_end(recorded: list[dict[str, Any]]) -> None:
    kinds = {each["pk"].partition("#")[0] for each in recorded if "ttl" in each}
    assert kinds == {"RUN", "EXECUTION", "CONSUMED", "ANSWERS"}
    assert {each["sk"].partition("#")[0] for each in recorded if each["pk"].startswith("RUN#")} == {"RUN", "PART"}
    lasting = {each["pk"].partition("#")[0] for each in recorded if "ttl" not in each}
    assert lasting == {"TURN", "DURATIONS"}, "what is no run's is not deleted"
    midnight = 1_795_435_200 - DAY / 2
    assert all(midnight <= each["ttl"] - 500 * DAY <= midnight + 2 * DAY for each in recorded if "ttl" in each)


@pytest.mark.parametrize("recorded", [0], indirect=True)
def test_or_none_is(recorded: list[dict[str, Any]]) -> None:
    assert not [each for each in recorded if "ttl" in each]


def test_when_an_item_is_deleted_is_no_part_of_what_a_run_says(functions: Functions) -> None:
    functions.configure(proof_days=500)
    run = functions.register(b"1\n")
    assert "ttl" not in functions.run(run)
    consumed.add(run["run_id"], Consumption(x_gets=2), functions.clock.now())
    assert "ttl" not in consumed.bill(run["run_id"])["consumed"]
