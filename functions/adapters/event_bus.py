"""The event bus that hears how runs end, and which parts fail."""

import json
from typing import Any

from adapters.aws import event_bridge
from adapters.settings import settings
from compliance.errors import AwsUnavailable
from compliance.events import SOURCE


def publish(detail_type: str, detail: dict[str, Any]) -> None:
    """Tells of an event; raises AwsUnavailable when EventBridge does not take it."""
    entry = {
        "EventBusName": settings().event_bus,
        "Source": SOURCE,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
    }
    if event_bridge().put_events(Entries=[entry])["FailedEntryCount"]:  # type: ignore[list-item]
        raise AwsUnavailable("EventBridge did not take the event.")
