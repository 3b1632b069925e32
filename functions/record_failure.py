"""Record Failure: writes an error's name and words on the run that it ended."""

from typing import Any

from adapters import runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.clock import time_text
from compliance.errors import message_of
from compliance.runs import summary


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id``, and ``error`` and ``cause`` as Step Functions caught them; returns the run's summary."""
    error = event["error"]
    message = message_of(error, event["cause"])
    return summary(runs_table.fail_run(event["run_id"], error, message, time_text(clock.now())))
