"""An operator may stop a job at any time: its run says so, and nobody waits for ever."""

import pytest

from tests.end_to_end.checks import assert_counts, assert_report, assert_uploaded_once
from tests.end_to_end.driver import Drop, Outcome
from tests.end_to_end.x_hosted.conftest import Checked
from tests.end_to_end.x_hosted.inbox import answer_by_rule

pytestmark = pytest.mark.end_to_end


def test_a_run_whose_job_is_stopped_fails_and_says_so(checked: Checked, stopped: tuple[Outcome, Outcome]) -> None:
    run, execution = stopped[0].run, stopped[0].execution
    assert (run["status"], run["error"]) in (("failed", "PartsFailed"), ("failed", "ExecutionStopped"))
    assert "1 of 1 parts" in run["error_message"]
    assert "stopped" in run["error_message"]
    assert (execution.status, execution.error, execution.reason) == ("FAILED", run["error"], run["error_message"])
    assert_report(checked.deployment, run, stopped[0].file)


def test_a_stopped_job_is_cancelled_at_x(checked: Checked, stopped: tuple[Outcome, Outcome]) -> None:
    (job,) = checked.deployment.simulator.jobs(stopped[0].drop.run_id)
    assert job["status"] == "failed"


def test_the_next_in_the_queue_gets_the_turn_of_a_stopped_job(
    checked: Checked, stopped: tuple[Outcome, Outcome]
) -> None:
    waiting = stopped[1]
    checked.deployment.assert_complete([waiting])
    assert_counts(waiting, answer_by_rule(waiting.file))
    assert_uploaded_once(checked.deployment, waiting)
    assert checked.deployment.turns() == []


def test_a_run_whose_job_was_stopped_goes_on_when_it_is_started_again(
    checked: Checked, stopped: tuple[Outcome, Outcome]
) -> None:
    retried = checked.deployment.retry(stopped[0].drop)
    checked.deployment.assert_complete([retried])
    assert_counts(retried, answer_by_rule(retried.file))
    assert [job["status"] for job in checked.deployment.simulator.jobs(retried.drop.run_id)] == ["failed", "complete"]
    assert checked.deployment.turns() == []


def test_a_run_that_is_stopped_ends_as_failed_and_goes_on_when_it_is_started_again(
    checked: Checked, aborted: Drop
) -> None:
    deployment = checked.deployment
    run, (part,) = deployment.records(aborted.run_id)
    assert run is not None
    assert (run["status"], run["error"]) == ("failed", "ExecutionStopped")
    assert (part["status"], part["error"]) == ("failed", "ExecutionStopped")
    assert [job.status for job in deployment.job_executions_of(aborted.run_id)] == ["ABORTED"]
    assert [job["status"] for job in deployment.simulator.jobs(aborted.run_id)] == ["failed"]
    assert deployment.turns() == []
    assert_report(deployment, run, aborted.file)
    retried = deployment.retry(aborted)
    deployment.assert_complete([retried])
    assert_counts(retried, answer_by_rule(retried.file))
