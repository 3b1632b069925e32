"""The event bus that tells how runs end; a run that ends by itself is told of by its state machine."""

import json
from typing import Any

from adapters.aws import event_bridge
from adapters.settings import settings
from compliance.errors import AwsUnavailable


def publish_failure(summary: dict[str, Any]) -> None:
    """Tells that a run has failed."""
    answer = event_bridge().put_events(
        Entries=[
            {
                "EventBusName": settings().event_bus,
                "Source": "xcompliance",
                "DetailType": "ComplianceRunFailed",
                "Detail": json.dumps(summary),
            }
        ]
    )
    if answer["FailedEntryCount"]:
        raise AwsUnavailable("EventBridge did not take the event.")
