"""An operator may stop a job at any time: its run says so, and nobody waits for ever."""

import pytest

from tests.end_to_end.checks import assert_counts, assert_uploaded_once
from tests.end_to_end.driver import Outcome
from tests.end_to_end.files import answer_by_rule
from tests.end_to_end.x_hosted.conftest import Checked

pytestmark = pytest.mark.end_to_end


def test_a_run_whose_job_is_stopped_fails_and_says_so(stopped: tuple[Outcome, Outcome]) -> None:
    run, execution = stopped[0].run, stopped[0].execution
    assert (run["status"], run["error"]) == ("failed", "PartsFailed")
    assert "1 of 1 parts" in run["error_message"]
    assert "stopped" in run["error_message"]
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "PartsFailed", run["error_message"])


def test_the_next_in_the_queue_gets_the_turn_of_a_stopped_job(
    checked: Checked, stopped: tuple[Outcome, Outcome]
) -> None:
    waiting = stopped[1]
    checked.deployment.assert_complete([waiting])
    assert_counts(waiting, answer_by_rule(waiting.file))
    assert_uploaded_once(checked.deployment, waiting)
    assert checked.deployment.turns() == []
