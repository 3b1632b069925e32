"""The event bus that hears how runs end."""

import json
from typing import Any

from adapters.aws import event_bridge
from adapters.settings import settings
from compliance.errors import AwsUnavailable

SOURCE = "xcompliance"
DETAIL_TYPES = {
    "complete": "ComplianceRunCompleted",
    "failed": "ComplianceRunFailed",
    "skipped": "ComplianceRunSkipped",
}
"""By the status that a run has ended with."""


def publish(summary: dict[str, Any]) -> None:
    """Tells how a run has ended; raises AwsUnavailable when EventBridge does not take the event."""
    entry = {
        "EventBusName": settings().event_bus,
        "Source": SOURCE,
        "DetailType": DETAIL_TYPES[summary["status"]],
        "Detail": json.dumps(summary),
    }
    if event_bridge().put_events(Entries=[entry])["FailedEntryCount"]:  # type: ignore[list-item]
        raise AwsUnavailable("EventBridge did not take the event.")
