"""The turn of each job type: who holds it, and who waits for it, first come first served.

X allows one active job per type. A waiting execution hands in a task token and costs nothing until it is called.
Holder and tickets are items of the runs table, moved by conditional writes, so two holders never exist; calling a
holder twice is harmless, so a call that was lost is repeated by whoever comes next. Whoever comes also asks whether
the execution in the way still runs, so a turn does not outlive its execution even if nobody hears of its end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from adapters import executions
from adapters.aws import dynamodb, step_functions
from adapters.settings import settings
from compliance.runs import JobType, PartRef

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_dynamodb.type_defs import DeleteTypeDef, PutTypeDef, QueryInputTableQueryTypeDef

Item = dict[str, Any]

_DEAD_TOKEN = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")


def take(ref: PartRef, execution_arn: str, entered_at: str, task_token: str) -> None:
    """Queues an execution, by the time at which it entered its state, and calls it when the turn is free.

    A second call for the same execution replaces its token, also when it has become the holder in between.
    """
    ticket = _key(ref.type, f"TICKET#{entered_at}#{execution_arn}")
    claim: Item = {"execution_arn": execution_arn, "task_token": task_token, "run_id": ref.run_id, "part": ref.part}
    _table().put_item(Item={**ticket, **claim})
    holder = _holder(ref.type)
    if holder is not None and holder["execution_arn"] == execution_arn:
        _renew_holder(ref.type, execution_arn, task_token)
        _table().delete_item(Key=ticket)
    _call_next(ref.type)


def holds(job_type: JobType, execution_arn: str) -> bool:
    """Whether the turn is this execution's."""
    holder = _holder(job_type)
    return holder is not None and holder["execution_arn"] == execution_arn


def release(job_type: JobType, execution_arn: str) -> None:
    """Takes an execution out of the queue, wherever it stands in it, and calls the next.

    The tickets go first: without one it cannot become the holder any more.
    """
    for ticket in _tickets(job_type):
        if ticket["execution_arn"] == execution_arn:
            _discard(ticket)
    holder = _holder(job_type)
    if holder is not None and holder["execution_arn"] == execution_arn:
        _discard(holder)
    _call_next(job_type)


def claims(job_type: JobType) -> list[tuple[PartRef, str]]:
    """The parts whose turn it is or will be, the holder's first, each with the execution that checks it."""
    holder = _holder(job_type)
    items = [holder] if holder else []
    items += _tickets(job_type)
    return [(PartRef(item["run_id"], job_type, int(item["part"])), item["execution_arn"]) for item in items]


def _call_next(job_type: JobType) -> None:
    """Calls the holder; a turn that is free, or whose execution has ended, goes to the oldest ticket first."""
    while True:
        item = _holder(job_type) or next(_tickets(job_type, limit=1), None)
        if item is None:
            return
        if executions.is_over(item["execution_arn"]):
            _discard(item)
        elif item["sk"] == "HOLDER":
            _call(item)
            return
        else:
            _promote(job_type, item)


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
        "Item": {**ticket, **_key(job_type, "HOLDER")},
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


def _renew_holder(job_type: JobType, execution_arn: str, task_token: str) -> None:
    with _unless_changed():
        _table().update_item(
            Key=_key(job_type, "HOLDER"),
            UpdateExpression="SET task_token = :token",
            ConditionExpression=Attr("execution_arn").eq(execution_arn),
            ExpressionAttributeValues={":token": task_token},
        )


def _discard(item: Item) -> None:
    """Takes a ticket or the holder away, unless it was renewed since it was read."""
    with _unless_changed():
        _table().delete_item(
            Key={"pk": item["pk"], "sk": item["sk"]}, ConditionExpression=Attr("task_token").eq(item["task_token"])
        )


@contextmanager
def _unless_changed() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise


def _holder(job_type: JobType) -> Item | None:
    return _table().get_item(Key=_key(job_type, "HOLDER"), ConsistentRead=True).get("Item")


def _tickets(job_type: JobType, limit: int = 1000) -> Iterator[Item]:
    """The tickets, the oldest first, read ``limit`` at a time."""
    query: QueryInputTableQueryTypeDef = {
        "KeyConditionExpression": Key("pk").eq(f"TURN#{job_type}") & Key("sk").begins_with("TICKET#"),
        "ConsistentRead": True,
        "Limit": limit,
    }
    while True:
        page = _table().query(**query)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _key(job_type: JobType, sk: str) -> dict[str, str]:
    return {"pk": f"TURN#{job_type}", "sk": sk}


def _table() -> "Table":
    return dynamodb().Table(settings().runs_table)
