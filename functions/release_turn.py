"""Release Turn: gives the turn of a type to the next in the queue."""

from typing import Any

from adapters import turns
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.attempts import Attempt


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``type`` and an ``Attempt``."""
    turns.release(event["type"], Attempt.of(event))
    return {}
