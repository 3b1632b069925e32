"""Delete both stacks of a deployment and all that they keep, and make sure that nothing is left."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from xcompliance.errors import CommandError, OutcomeError
from xcompliance.removal.inventory import Inventory
from xcompliance.removal.kinds import BUCKET, KINDS
from xcompliance.stack import Stack

_LOG_GROUP: Final = "AWS::Logs::LogGroup"
_MACHINE: Final = "AWS::StepFunctions::StateMachine"
_POLL_SECONDS: Final = 2.0


def refuse_while_running(account: Stack, inventory: Inventory) -> None:
    """Raise CommandError if executions run: X's job of a run would go on, and hold the App's one place for a job."""
    running = [
        execution["name"]
        for machine in inventory.of(_MACHINE)
        for page in account.step_functions.get_paginator("list_executions").paginate(
            stateMachineArn=machine, statusFilter="RUNNING"
        )
        for execution in page["executions"]
    ]
    if running:
        raise CommandError(
            f"Executions are running: {', '.join(running[:5])}{', ...' if len(running) > 5 else ''}. Let them end, or "
            "stop each run with: xcompliance cancel RUN. Nothing was removed."
        )


def remove(account: Stack, inventory: Inventory, say: Callable[[str], object]) -> None:
    """Delete everything; each step may be repeated, so a removal that was interrupted goes on when it is started again.

    Raises:
        OutcomeError: Something is left, which is named.
    """
    cloudformation = account.session.client("cloudformation", **account.connection)
    for name, stack_id in inventory.stacks.items():
        if name.endswith("Storage"):
            _empty_buckets(account, inventory, say)
        say(f"Deleting the stack {name} ...")
        _delete_stack(cloudformation, name, stack_id)
    for kind, how in KINDS.items():
        for kept in inventory.kept:
            if kept.kind == kind:
                say(f"Deleting {kept.name} ...")
                how.delete(account, kept.name)
    logs = account.session.client("logs", **account.connection)
    for name in _log_groups(logs, inventory):
        logs.delete_log_group(logGroupName=name)
    left = list(_left(account, inventory))
    if left:
        raise OutcomeError(
            f"Not everything is gone: {', '.join(left)}. S3 may deliver access logs for some hours: run the same "
            "command again later."
        )


def _empty_buckets(account: Stack, inventory: Inventory, say: Callable[[str], object]) -> None:
    """Empty them before their stack goes, which deletes them if it was deployed with ``keep_data=false``."""
    for kept in inventory.kept:
        if kept.kind == "AWS::S3::Bucket":
            say(f"Emptying {kept.name} ...")
            BUCKET.empty(account, kept.name)


def _delete_stack(cloudformation: Any, name: str, stack_id: str) -> None:
    cloudformation.delete_stack(StackName=name)
    while True:
        try:
            (stack,) = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            return
        if stack["StackStatus"] == "DELETE_COMPLETE":
            return
        if stack["StackStatus"] == "DELETE_FAILED":
            raise OutcomeError(
                f"{name} could not be deleted: {stack.get('StackStatusReason', 'see its events')}. Once the cause is "
                "gone, run the same command again."
            )
        time.sleep(_POLL_SECONDS)


def _log_groups(logs: Any, inventory: Inventory) -> Iterator[str]:
    """Those that a function has made again with its last words; by whole names, as prefixes of others may be alike."""
    for name in inventory.of(_LOG_GROUP):
        found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        yield from (each["logGroupName"] for each in found if each["logGroupName"] == name)


def _left(account: Stack, inventory: Inventory) -> Iterator[str]:
    for kept in inventory.kept:
        if KINDS[kept.kind].look(account, kept.name) is not None:
            yield kept.name
    yield from _log_groups(account.session.client("logs", **account.connection), inventory)
