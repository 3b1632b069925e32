"""Starts a failed run again: what is done stays done."""

import json
import time

from xcompliance.errors import CommandError, OutcomeError
from xcompliance.records import RunRecord
from xcompliance.runs import get_run
from xcompliance.stack import Stack
from xcompliance.text import duration

TAKEN_OVER_WITHIN_SECONDS = 120.0
"""How long an execution's first step may take."""


def retry(stack: Stack, run: RunRecord) -> str:
    """Starts an execution that takes the run over, and returns its ARN.

    Raises CommandError unless the run has failed.
    """
    if run.status != "failed":
        raise CommandError(f"The run {run.run_id} is {run.status}: only a failed one can be started again.")
    source = {
        "bucket": {"name": run.bucket},
        "object": {"key": run.key, "version-id": run.version_id},
        "retry": True,
    }
    started = stack.step_functions.start_execution(
        stateMachineArn=stack["RunStateMachineArn"], input=json.dumps(source)
    )
    return started["executionArn"]


def await_start(stack: Stack, run: RunRecord, execution_arn: str, pause: float = 0.5) -> None:
    """Waits until the execution has taken the run over: until then, the run's record tells of the failure before.

    ``pause`` is the time between two looks, in seconds. Raises OutcomeError when that does not happen.
    """
    deadline = time.monotonic() + TAKEN_OVER_WITHIN_SECONDS
    while get_run(stack, run.run_id).execution_arn != execution_arn:
        if time.monotonic() > deadline:
            waited = duration(TAKEN_OVER_WITHIN_SECONDS)
            raise OutcomeError(f"The run has not begun again in {waited}. Look at its execution: {execution_arn}")
        time.sleep(pause)
