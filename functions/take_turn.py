"""Take Turn: queues the execution for the one active job that X allows per type."""

from typing import Any

from adapters import runs_table, turns
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.attempts import Attempt
from compliance.runs import PartRef


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference, an ``Attempt``, ``entered_at`` and the ``task_token`` that calls it.

    The part belongs to the execution from now on: what comes late about an earlier one does not concern it. Raises
    RunTakenOver if the attempt itself comes late.
    """
    ref = PartRef.of(event)
    attempt = Attempt.of(event)
    runs_table.claim_part(ref, attempt)
    turns.take(ref, attempt, event["entered_at"], event["task_token"])
    return {}
