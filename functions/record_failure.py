"""Record Failure: writes an error's name and words on the run that it ended."""

from typing import Any

from adapters import runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.attempts import Attempt
from compliance.clock import time_text
from compliance.errors import message_of
from compliance.runs import summary


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id``, an ``Attempt``, and the ``error`` and ``cause`` that were caught; returns the summary."""
    failure = event["error"], message_of(event["error"], event["cause"])
    run = runs_table.fail_run(event["run_id"], Attempt.of(event), failure, time_text(clock.now()))
    return summary(run)
