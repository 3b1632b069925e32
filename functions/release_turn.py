"""Release Turn: gives the turn of a type to the next in the queue."""

from typing import Any

from adapters import turns
from adapters.handler import Event, LambdaClock, lambda_handler


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``type`` and ``execution_arn``."""
    turns.release(event["type"], event["execution_arn"])
    return {}
