"""The turn of each job type: who holds it, and who waits for it, first come first served.

X allows one active job per type. A waiting execution hands in a task token and costs nothing until it is called.
Holder and tickets are items of the runs table, moved by conditional writes, so two holders never exist; calling a
holder twice is harmless, so a call that was lost is repeated by whoever comes next.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from adapters.aws import dynamodb, step_functions
from adapters.settings import settings
from compliance.runs import JobType

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_dynamodb.type_defs import DeleteTypeDef, PutTypeDef

_DEAD_TOKEN = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")


def take(job_type: JobType, execution_arn: str, entered_at: str, task_token: str) -> None:
    """Queues an execution, by the time at which it entered its state, and calls it when the turn is free.

    A second call for the same execution replaces its token, also when it has become the holder in between.
    """
    ticket = _key(job_type, f"TICKET#{entered_at}#{execution_arn}")
    _table().put_item(Item={**ticket, "execution_arn": execution_arn, "task_token": task_token})
    holder = _holder(job_type)
    if holder is not None and holder["execution_arn"] == execution_arn:
        _renew_holder(job_type, execution_arn, task_token)
        _table().delete_item(Key=ticket)
    _call_next(job_type)


def release(job_type: JobType, execution_arn: str) -> None:
    """Takes an execution out of the queue, wherever it stands in it, and calls the next.

    The tickets go first: without one it cannot become the holder any more.
    """
    for ticket in _tickets(job_type):
        if ticket["execution_arn"] == execution_arn:
            _table().delete_item(Key={"pk": ticket["pk"], "sk": ticket["sk"]})
    holder = _holder(job_type)
    if holder is not None and holder["execution_arn"] == execution_arn:
        _delete_holder(job_type, execution_arn)
    _call_next(job_type)


def _call_next(job_type: JobType) -> None:
    """Gives a free turn to the oldest ticket, and calls the holder."""
    holder = _holder(job_type)
    while holder is None:
        tickets = _tickets(job_type, limit=1)
        if not tickets:
            return
        _promote(job_type, tickets[0])
        holder = _holder(job_type)
    try:
        step_functions().send_task_success(taskToken=holder["task_token"], output="{}")
    except ClientError as error:
        if error.response["Error"]["Code"] not in _DEAD_TOKEN:
            raise


def _promote(job_type: JobType, ticket: dict[str, Any]) -> None:
    """Makes a ticket the holder, unless somebody else was faster or the ticket has another token by now."""
    name = settings().runs_table
    place = {"pk": ticket["pk"], "sk": ticket["sk"]}
    holder = {
        **_key(job_type, "HOLDER"),
        "execution_arn": ticket["execution_arn"],
        "task_token": ticket["task_token"],
    }
    put: PutTypeDef = {"TableName": name, "Item": holder, "ConditionExpression": "attribute_not_exists(pk)"}
    delete: DeleteTypeDef = {
        "TableName": name,
        "Key": place,
        "ConditionExpression": "task_token = :token",
        "ExpressionAttributeValues": {":token": ticket["task_token"]},
    }
    try:
        dynamodb().meta.client.transact_write_items(TransactItems=[{"Put": put}, {"Delete": delete}])
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise


def _renew_holder(job_type: JobType, execution_arn: str, task_token: str) -> None:
    with _unless_another_holds():
        _table().update_item(
            Key=_key(job_type, "HOLDER"),
            UpdateExpression="SET task_token = :token",
            ConditionExpression=Attr("execution_arn").eq(execution_arn),
            ExpressionAttributeValues={":token": task_token},
        )


def _delete_holder(job_type: JobType, execution_arn: str) -> None:
    with _unless_another_holds():
        _table().delete_item(Key=_key(job_type, "HOLDER"), ConditionExpression=Attr("execution_arn").eq(execution_arn))


@contextmanager
def _unless_another_holds() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise


def _holder(job_type: JobType) -> dict[str, Any] | None:
    return _table().get_item(Key=_key(job_type, "HOLDER"), ConsistentRead=True).get("Item")


def _tickets(job_type: JobType, limit: int = 1000) -> list[dict[str, Any]]:
    condition = Key("pk").eq(f"TURN#{job_type}") & Key("sk").begins_with("TICKET#")
    return _table().query(KeyConditionExpression=condition, ConsistentRead=True, Limit=limit)["Items"]


def _key(job_type: JobType, sk: str) -> dict[str, str]:
    return {"pk": f"TURN#{job_type}", "sk": sk}


def _table() -> "Table":
    return dynamodb().Table(settings().runs_table)
