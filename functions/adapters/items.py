"""Items of the runs table. Every write goes through here, under a condition that keeps newer state."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from boto3.dynamodb.conditions import Attr, ConditionBase, ConditionExpressionBuilder
from botocore.exceptions import ClientError

from adapters.aws import dynamodb
from adapters.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

Item = dict[str, Any]
Key = dict[str, str]
Write = dict[Literal["Put", "Update", "Delete"], dict[str, Any]]
"""A write as a transaction takes it."""

Answer = TypeVar("Answer")

_KEYS = ("pk", "sk", "listing", "ttl")


def table() -> "Table":
    """Return the runs table."""
    return dynamodb().Table(settings().runs_table)


def find(key: Key) -> Item | None:
    """Return an item as it stands now, or None."""
    item = table().get_item(Key=key, ConsistentRead=True).get("Item")
    return plain(item) if item else None


def get(key: Key) -> Item:
    """Return an item as it stands now; raise KeyError if there is none."""
    item = find(key)
    if item is None:
        raise KeyError(f"the runs table has no {key['sk']} of {key['pk']}")
    return item


def where(condition: ConditionBase, *, is_consistent: bool = True) -> Iterator[Item]:
    """Yield the items of all pages of a query, ordered by their sort keys, with DynamoDB's numbers and all keys."""
    start: dict[str, Any] = {}
    while True:
        page = table().query(KeyConditionExpression=condition, ConsistentRead=is_consistent, **start)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def put(item: Item, condition: ConditionBase | None) -> bool:
    """Write a whole item; return False if the ``condition`` is not met."""
    return answered(dynamodb().meta.client.put_item, **put_of(item, condition)["Put"]) is not None


def put_once(item: Item) -> Item:
    """Write a new item, or return the one that is there already."""
    is_new = put(item, Attr("pk").not_exists())
    return plain(item) if is_new else get({"pk": item["pk"], "sk": item["sk"]})


def update(key: Key, attributes: Mapping[str, Any], condition: ConditionBase) -> Item | None:
    """Set attributes, at least one, and remove those that are None.

    Returns the whole item, or None if the ``condition`` is not met.
    """
    write = update_of(key, attributes, condition)["Update"]
    answer = answered(dynamodb().meta.client.update_item, **write, ReturnValues="ALL_NEW")
    return None if answer is None else plain(answer["Attributes"])


def add(key: Key, amounts: Mapping[str, Decimal], attributes: Mapping[str, Any]) -> None:
    """Add amounts to an item's, and set other attributes."""
    expression = "ADD " + ", ".join(f"#{name} :{name}" for name in amounts)
    if attributes:
        expression += " SET " + ", ".join(f"#{name} = :{name}" for name in attributes)
    both = {**amounts, **attributes}
    table().update_item(
        Key=key,
        UpdateExpression=expression,
        ExpressionAttributeNames={f"#{name}": name for name in both},
        ExpressionAttributeValues={f":{name}": value for name, value in both.items()},
    )


def delete(key: Key, condition: ConditionBase | None) -> bool:
    """Delete an item; return False if the ``condition`` is not met."""
    return answered(dynamodb().meta.client.delete_item, **delete_of(key, condition)["Delete"]) is not None


def transact(*writes: Write) -> bool:
    """Make all writes or none.

    Returns False if a condition is not met, or if somebody else is writing one of the items at this moment.
    """
    try:
        dynamodb().meta.client.transact_write_items(TransactItems=[*writes])  # type: ignore[list-item]
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise
        return False
    return True


def put_of(item: Item, condition: ConditionBase | None) -> Write:
    """Return the write of a whole item."""
    return {"Put": {"TableName": settings().runs_table, "Item": item, **_expression(condition)}}


def update_of(key: Key, attributes: Mapping[str, Any], condition: ConditionBase | None) -> Write:
    """Return the write that sets attributes and removes those that are None."""
    kept = {name: value for name, value in attributes.items() if value is not None}
    removed = [name for name, value in attributes.items() if value is None]
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
    if removed:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in removed)
    conditional = _expression(condition)
    names = conditional.get("ExpressionAttributeNames", {}) | {f"#{name}": name for name in attributes}
    values = conditional.get("ExpressionAttributeValues", {}) | {f":{name}": value for name, value in kept.items()}
    about = {"TableName": settings().runs_table, "Key": key, "UpdateExpression": expression}
    return {"Update": about | conditional | {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}}


def delete_of(key: Key, condition: ConditionBase | None) -> Write:
    """Return the write that deletes an item."""
    return {"Delete": {"TableName": settings().runs_table, "Key": key, **_expression(condition)}}


def unchanged(item: Mapping[str, Any], *names: str) -> ConditionBase:
    """Return the condition that attributes are as they were read."""
    first, *others = (Attr(name).eq(item[name]) if name in item else Attr(name).not_exists() for name in names)
    condition: ConditionBase = first
    for other in others:
        condition &= other
    return condition


def answered(write: Callable[..., Answer], **arguments: Any) -> Answer | None:
    """Make a write; return DynamoDB's answer, or None if the write's condition is not met."""
    try:
        return write(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return None


def plain(item: Item) -> Item:
    """Return an item with Python's own numbers, without the table's keys."""
    return {name: _number(value) for name, value in item.items() if name not in _KEYS}


def _expression(condition: ConditionBase | None) -> dict[str, Any]:
    if condition is None:
        return {}
    built = ConditionExpressionBuilder().build_expression(condition)
    placeholders = {
        "ExpressionAttributeNames": built.attribute_name_placeholders,
        "ExpressionAttributeValues": built.attribute_value_placeholders,
    }
    return {"ConditionExpression": built.condition_expression} | {
        name: values for name, values in placeholders.items() if values
    }


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _number(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_number(item) for item in value]
    return value
