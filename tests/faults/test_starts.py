"""Step Functions may refuse to start a part's job, or its answer may be lost: no part goes unchecked or twice."""

from typing import Literal

import pytest

from tests.faults.deployment import Deployment
from tests.faults.truth import check_complete, runs, two_parts
from tests.statemachine.machine import RUN

FILE = two_parts()
RESOURCE = "arn:aws:states:::states:startExecution.sync:2"
"""Of a state that starts an execution and waits for its end."""


@pytest.mark.parametrize("fault", ["refused", "answer lost"])
def test_a_start_that_failed_is_made_again_and_is_one_job(
    deployment: Deployment, fault: Literal["refused", "answer lost"]
) -> None:
    deployment.start(deployment.drop(FILE.content))
    deployment.universe.machines.start_faults = [fault] * 3
    deployment.run()
    check_complete(deployment, FILE, jobs=2)


def test_a_job_that_could_not_be_started_is_named_and_a_redrive_starts_it(deployment: Deployment) -> None:
    (retrier,) = RUN.states["Check Part"].body["Retry"]
    machines = deployment.universe.machines
    execution = deployment.start(deployment.drop(FILE.content))
    machines.start_faults = ["refused"] * (1 + retrier["MaxAttempts"])
    deployment.run()
    (run,) = runs(deployment.universe)
    assert (run["status"], run["error"]) == ("failed", "PartsFailed")
    assert run["error_message"] == "1 of 2 parts are not checked; part 1: Step Functions could not start its job"
    machines.redrive(execution.arn)
    deployment.run()
    check_complete(deployment, FILE, jobs=2, events=2)
