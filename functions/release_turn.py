"""Release Turn: gives the turn of a type to the next in the queue."""

import json
from typing import Any

from adapters import turns
from adapters.handler import Event, LambdaClock, lambda_handler


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``type`` and ``execution_arn``, or the event of an execution that was ended from outside."""
    if "detail" in event:
        detail = event["detail"]
        turns.release(json.loads(detail["input"])["type"], detail["executionArn"])
    else:
        turns.release(event["type"], event["execution_arn"])
    return {}
