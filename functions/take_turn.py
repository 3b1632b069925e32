"""Take Turn: queues the execution for the one active job that X allows per type."""

from typing import Any

from adapters import turns
from adapters.handler import Event, LambdaClock, lambda_handler


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``type``, ``execution_arn``, ``entered_at`` and the ``task_token`` that calls it."""
    turns.take(event["type"], event["execution_arn"], event["entered_at"], event["task_token"])
    return {}
