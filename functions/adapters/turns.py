"""The turn of each job type: who holds it, and who waits for it, first come first served.

X allows one active job per type. A waiting execution hands in a task token and costs nothing until it is called.
Holder and tickets are items of the runs table, moved by conditional writes, so two holders never exist; calling a
holder twice is harmless, so a call that was lost is repeated by whoever comes next. Whoever comes also asks whether
the execution in the way still runs, so a turn does not outlive its execution even if nobody hears of its end.
"""

import time
from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from adapters import executions, runs_table
from adapters.aws import dynamodb, step_functions
from adapters.settings import settings
from compliance.clock import time_text
from compliance.runs import JobType, PartRef

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_dynamodb.type_defs import DeleteTypeDef, PutTypeDef

Item = dict[str, Any]

_DEAD_TOKEN = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")


def take(ref: PartRef, execution_arn: str, entered_at: str, task_token: str) -> None:
    """Queues an execution, by the time at which it entered its state, and calls it when the turn is free.

    An execution has one ticket. A later call replaces its token, also when it has become the holder in between; one
    that was held up on its way, and comes after that, changes nothing.
    """
    claim: Item = {
        "execution_arn": execution_arn,
        "entered_at": entered_at,
        "task_token": task_token,
        "asked_at": time_text(time.time()),
        "run_id": ref.run_id,
        "part": ref.part,
    }
    ticket = {**_ticket_key(ref.type, execution_arn), **claim}
    is_older = Attr("asked_at").lte(claim["asked_at"])
    if _is_done(_table().put_item, Item=ticket, ConditionExpression=Attr("pk").not_exists() | is_older):
        is_ours = Attr("execution_arn").eq(execution_arn) & is_older
        holder = {**_holder_key(ref.type), **claim, "held_since": claim["asked_at"]}
        if _is_done(_table().put_item, Item=holder, ConditionExpression=is_ours):
            _discard(ticket)
    _call_next(ref.type, caller=execution_arn)


def holds(job_type: JobType, execution_arn: str) -> bool:
    """Whether the turn is this execution's."""
    holder = _holder(job_type)
    return holder is not None and holder["execution_arn"] == execution_arn


def release(job_type: JobType, execution_arn: str) -> None:
    """Takes an execution out of the queue, wherever it stands in it, and calls the next.

    What the execution has asked for since, as it was redriven, stays. The ticket goes first: without it the execution
    cannot become the holder any more.
    """
    is_older = Attr("asked_at").lte(time_text(time.time()))
    is_ours = Attr("execution_arn").eq(execution_arn) & is_older
    _is_done(_table().delete_item, Key=_ticket_key(job_type, execution_arn), ConditionExpression=is_older)
    _is_done(_table().delete_item, Key=_holder_key(job_type), ConditionExpression=is_ours)
    _call_next(job_type)


def sweep(job_type: JobType) -> None:
    """Brings on a queue that has come to a halt: frees the turn of an execution that has ended, repeats a lost call."""
    _call_next(job_type)


def claims(job_type: JobType) -> list[tuple[PartRef, str]]:
    """The parts whose turn it is or will be, the holder's first, each with the execution that checks it."""
    holder = _holder(job_type)
    items = [*([holder] if holder else []), *_tickets(job_type)]
    return [(PartRef(item["run_id"], job_type, int(item["part"])), item["execution_arn"]) for item in items]


def queue(job_type: JobType) -> tuple[str | None, int]:
    """Since when the turn is its holder's, which is None while it is free, and how many wait for it."""
    holder = _holder(job_type)
    since = None if holder is None else str(holder.get("held_since", holder["entered_at"]))
    return since, len(_tickets(job_type))


def _call_next(job_type: JobType, caller: str | None = None) -> None:
    """Calls the holder; a turn that is free, or whose execution has ended, goes to the oldest live ticket first.

    The ``caller`` is known to run: Step Functions' word on one that was just redriven may be old.
    """
    while True:
        holder = _holder(job_type)
        if holder is None:
            ticket = _first(job_type, caller)
            if ticket is None:
                return
            _promote(job_type, ticket)
        elif holder["execution_arn"] == caller or not executions.is_over(holder["execution_arn"]):
            _call(holder)
            return
        else:
            _discard(holder)


def _first(job_type: JobType, caller: str | None) -> Item | None:
    """The oldest ticket whose execution runs; those before it are taken away."""
    for ticket in _tickets(job_type):
        if ticket["execution_arn"] == caller or not executions.is_over(ticket["execution_arn"]):
            return ticket
        _discard(ticket)
    return None


def _call(holder: Item) -> None:
    try:
        step_functions().send_task_success(taskToken=holder["task_token"], output="{}")
    except ClientError as error:
        if error.response["Error"]["Code"] not in _DEAD_TOKEN:
            raise


def _promote(job_type: JobType, ticket: Item) -> None:
    """Makes a ticket the holder, unless somebody else was faster or the ticket has another token by now."""
    name = settings().runs_table
    put: PutTypeDef = {
        "TableName": name,
        "Item": {**ticket, **_holder_key(job_type), "held_since": time_text(time.time())},
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    delete: DeleteTypeDef = {
        "TableName": name,
        "Key": {"pk": ticket["pk"], "sk": ticket["sk"]},
        "ConditionExpression": "task_token = :token",
        "ExpressionAttributeValues": {":token": ticket["task_token"]},
    }
    try:
        dynamodb().meta.client.transact_write_items(TransactItems=[{"Put": put}, {"Delete": delete}])
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise


def _is_done(write: Callable[..., object], **arguments: Any) -> bool:
    """Whether a conditional write was done; else somebody has changed the item since."""
    try:
        write(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _discard(item: Item) -> None:
    """Takes a ticket or the holder away, unless it was renewed since it was read."""
    _is_done(
        _table().delete_item,
        Key={"pk": item["pk"], "sk": item["sk"]},
        ConditionExpression=Attr("task_token").eq(item["task_token"]),
    )


def _holder(job_type: JobType) -> Item | None:
    return _table().get_item(Key=_holder_key(job_type), ConsistentRead=True).get("Item")


def _tickets(job_type: JobType) -> list[Item]:
    """All tickets, the oldest first."""
    condition = Key("pk").eq(f"TURN#{job_type}") & Key("sk").begins_with("TICKET#")
    return sorted(runs_table.items_where(condition), key=itemgetter("entered_at", "execution_arn"))


def _holder_key(job_type: JobType) -> dict[str, str]:
    return {"pk": f"TURN#{job_type}", "sk": "HOLDER"}


def _ticket_key(job_type: JobType, execution_arn: str) -> dict[str, str]:
    return {"pk": f"TURN#{job_type}", "sk": f"TICKET#{execution_arn}"}


def _table() -> "Table":
    return dynamodb().Table(settings().runs_table)
