"""List what a deployment consists of, and what earlier deployments of its prefix have left behind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from xcompliance.errors import CommandError
from xcompliance.removal.kinds import KINDS, Kept
from xcompliance.stack import Stack

SUFFIXES: Final = ("Pipeline", "Storage")
"""The stacks, in the order of their deletion: the first imports from the second."""
_OURS: Final = "Compliance checks with X"
"""How the descriptions of both stacks begin."""


@dataclass(frozen=True)
class Inventory:
    """What there is of a prefix: stacks by name and ID, their resources by type, and what holds data."""

    prefix: str
    stacks: Mapping[str, str]
    resources: Mapping[str, tuple[str, ...]]
    """Physical IDs by type; what holds data is in ``kept`` instead."""
    kept: tuple[Kept, ...]
    strays: tuple[str, ...]
    """What an earlier, forced deletion of a stack has left that holds no data; it may be gone meanwhile."""

    def of(self, kind: str) -> tuple[str, ...]:
        """Return the physical IDs of a type such as ``AWS::Logs::LogGroup``."""
        return self.resources.get(kind, ())


def take(account: Stack, prefix: str) -> Inventory:
    """Look at the stacks of a prefix, and at what its deleted stacks have kept; CloudFormation knows that for 90 days.

    Raises:
        CommandError: A stack is no deployment of this, or there is nothing.
    """
    cloudformation = account.session.client("cloudformation", **account.connection)
    stacks: dict[str, str] = {}
    resources: dict[str, list[str]] = {}
    for name in (f"{prefix}{suffix}" for suffix in SUFFIXES):
        described = _described(cloudformation, name)
        if described is None:
            continue
        if not described.get("Description", "").startswith(_OURS):
            raise CommandError(f"{name} is not a stack of xcompliance. Nothing was removed.")
        stacks[name] = described["StackId"]
        for kind, physical_id in _resources(cloudformation, name):
            resources.setdefault(kind, []).append(physical_id)
    strays = []
    for kind, physical_id in _left_behind(cloudformation, prefix):
        if kind not in KINDS:
            strays.append(f"{kind} {physical_id}")
        elif physical_id not in resources.setdefault(kind, []):
            resources[kind].append(physical_id)
    kept = tuple(
        found
        for kind, names in resources.items()
        if kind in KINDS
        for name in names
        if (found := KINDS[kind].look(account, name)) is not None
    )
    if not stacks and not kept:
        raise CommandError(
            f"There is no deployment {prefix} in {account.session.region_name}, and nothing is left of one."
        )
    others = {kind: tuple(names) for kind, names in resources.items() if kind not in KINDS}
    return Inventory(prefix, stacks, others, kept, tuple(strays))


def _described(cloudformation: Any, name: str) -> Mapping[str, Any] | None:
    try:
        (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return None
    described: Mapping[str, Any] = found
    return None if described["StackStatus"] == "DELETE_COMPLETE" else described


def _resources(cloudformation: Any, name: str) -> Iterator[tuple[str, str]]:
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=name):
        for each in page["StackResourceSummaries"]:
            if each.get("PhysicalResourceId") and each["ResourceStatus"] != "DELETE_COMPLETE":
                yield each["ResourceType"], each["PhysicalResourceId"]


def _left_behind(cloudformation: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """What deleted stacks of these names have kept, by their events."""
    names = {f"{prefix}{suffix}" for suffix in SUFFIXES}
    for page in cloudformation.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"]):
        for stack in page["StackSummaries"]:
            if stack["StackName"] not in names or not _was_ours(cloudformation, stack["StackId"]):
                continue
            events = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack["StackId"])
            for event in (each for page in events for each in page["StackEvents"]):
                if event["ResourceStatus"] == "DELETE_SKIPPED":
                    yield event["ResourceType"], event["PhysicalResourceId"]


def _was_ours(cloudformation: Any, stack_id: str) -> bool:
    (found,) = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
    return bool(found.get("Description", "").startswith(_OURS))
