"""Record Failure: writes an error's name and words on the part or the run that it ended."""

from typing import Any

from adapters import runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.clock import time_text
from compliance.errors import message_of
from compliance.runs import PartRef, summary


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``error`` and ``cause`` as Step Functions caught them, and the reference of a run or of a part.

    Returns ``error`` and ``error_message``, for a run within its summary.
    """
    failure = {"error": event["error"], "error_message": message_of(event["error"], event["cause"])}
    if "part" in event:
        runs_table.update_part(PartRef.of(event), status="failed", **failure)
        return failure
    return summary(runs_table.update_run(event["run_id"], status="failed", ended_at=time_text(clock.now()), **failure))
