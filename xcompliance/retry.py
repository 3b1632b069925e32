"""Starts a failed run again: what is done stays done."""

import json
from datetime import UTC, datetime

from xcompliance.errors import CommandError
from xcompliance.records import RunRecord
from xcompliance.stack import Stack


def retry(stack: Stack, run: RunRecord) -> None:
    """Starts an execution that takes the run over; raises CommandError unless the run has failed and may yet go on."""
    if run.status != "failed":
        raise CommandError(f"The run {run.run_id} is {run.status}: only a failed one can be started again.")
    if run.copies_expire_at is not None and run.copies_expire_at < datetime.now(UTC):
        raise CommandError(
            f"What the run {run.run_id} had prepared was kept until {run.copies_expire_at:%Y-%m-%d}: it cannot be "
            "started again. Drop the file again: it then has a run of its own."
        )
    source = {
        "bucket": {"name": run.bucket},
        "object": {"key": run.key, "version-id": run.version_id},
        "retry": True,
    }
    stack.step_functions.start_execution(stateMachineArn=stack["RunStateMachineArn"], input=json.dumps(source))
