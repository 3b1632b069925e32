"""Report Failure: ends an execution under the name and with the words of what went wrong."""

from typing import Any

from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.errors import message_of, named


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes the ``failure`` and the execution's ``redrive_count``, now and within the failure as it was then.

    Raises the failure. Step Functions fails a redriven Fail state again, but runs a redriven task again: so a redrive
    is recognized here, and the machine goes on.
    """
    failure = event["failure"]
    if event["redrive_count"] > failure["redrive_count"]:
        return {}
    message = failure.get("error_message") or message_of(failure["error"], failure["cause"])
    raise named(failure["error"], message)
