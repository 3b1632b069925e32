"""What a deployment changes that is no loss yet, and should be known before it."""

from collections.abc import Iterator, Mapping
from typing import Any


def notices(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What is to be known of a stack's resources as they are and as they will be, in a clause each."""
    for address in sorted(_told(before) - _told(after)):
        yield f"{address} is not told of alarms any more, and has to confirm anew should it be told again"
    if any(each.get("Metadata", {}).get("KeepData") is False for each in after.values()):
        yield "what it holds goes with it when it is torn down (keep_data is false)"


def _told(resources: Mapping[str, Any]) -> set[str]:
    """The addresses that get the alarms."""
    return {each["Properties"]["Endpoint"] for each in resources.values() if each["Type"] == "AWS::SNS::Subscription"}
