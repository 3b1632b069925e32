"""Note Misplaced: keeps a list of the objects in the inbox that nobody reads, so that their owners hear of it."""

from typing import Any

from adapters import metrics, misplaced
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.inbox_keys import is_misplaced
from compliance.metrics import FILES_MISPLACED


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes S3's "Object Created" or "Object Deleted" event for an object outside the folders that are read."""
    about = event["detail"]["object"]
    if event["detail-type"] == "Object Deleted":
        misplaced.forget(about["key"])
    elif is_misplaced(about["key"], about.get("size")) and misplaced.note(about["key"], event["time"]):
        metrics.tell({FILES_MISPLACED: 1})
    return {}
