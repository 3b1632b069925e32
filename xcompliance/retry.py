"""Starts a failed run again: what is done stays done."""

import json

from xcompliance.errors import CommandError
from xcompliance.records import RunRecord
from xcompliance.stack import Stack


def retry(stack: Stack, run: RunRecord) -> None:
    """Starts an execution that takes the run over; raises CommandError unless the run has failed."""
    if run.status != "failed":
        raise CommandError(f"The run {run.run_id} is {run.status}: only a failed one can be started again.")
    source = {
        "bucket": {"name": run.bucket},
        "object": {"key": run.key, "version-id": run.version_id},
        "retry": True,
    }
    stack.step_functions.start_execution(stateMachineArn=stack["RunStateMachineArn"], input=json.dumps(source))
