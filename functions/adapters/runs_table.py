"""The runs table: one item per run, one per part. Every write can be made twice."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError

from adapters.aws import dynamodb
from adapters.settings import settings
from compliance.runs import Part, PartRef, Run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

REFUSAL_SECONDS = 7 * 86_400
"""How long X's refusal of ``resumable`` is taken for lasting."""

_RESUMABLE_KEY = {"pk": "X", "sk": "RESUMABLE"}
_KEYS = ("pk", "sk", "listing")


def register(run: Run) -> Run:
    """Writes a new run, or returns the one that is there already."""
    item = {**run, **_run_key(run["run_id"]), "listing": "RUN"}
    return cast(Run, _put_once(item))


def get_run(run_id: str) -> Run:
    """The run's record; raises KeyError when there is none."""
    return cast(Run, _get(_run_key(run_id)))


def update_run(run_id: str, **attributes: Any) -> Run:
    """Sets attributes of a run and returns the whole record."""
    return cast(Run, _update(_run_key(run_id), attributes))


def plan(part: Part) -> Part:
    """Writes a new part, or returns the one that is there already."""
    item = {**part, **_part_key(part["run_id"], part["part"])}
    return cast(Part, _put_once(item))


def get_part(run_id: str, part: int) -> Part:
    """The part's record; raises KeyError when there is none."""
    return cast(Part, _get(_part_key(run_id, part)))


def update_part(ref: PartRef, **attributes: Any) -> Part:
    """Sets attributes of a part and returns the whole record; an attribute set to None is removed."""
    return cast(Part, _update(_part_key(ref.run_id, ref.part), attributes))


def list_parts(run_id: str) -> list[Part]:
    """All parts of a run, in their order."""
    condition = Key("pk").eq(f"RUN#{run_id}") & Key("sk").begins_with("PART#")
    parts: list[Part] = []
    start: dict[str, Any] = {}
    while True:
        page = _table().query(KeyConditionExpression=condition, ConsistentRead=True, **start)
        parts += [cast(Part, plain(item)) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return parts
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def resumable_was_refused(now: float) -> bool:
    """Whether X has refused ``resumable`` within the last REFUSAL_SECONDS before ``now`` (epoch seconds)."""
    item = _table().get_item(Key=_RESUMABLE_KEY).get("Item")
    return item is not None and now - float(str(item["refused_at"])) < REFUSAL_SECONDS


def remember_resumable_refused(now: float) -> None:
    """Writes down that X has just refused ``resumable``."""
    _table().put_item(Item={**_RESUMABLE_KEY, "refused_at": int(now)})


def _table() -> "Table":
    return dynamodb().Table(settings().runs_table)


def _run_key(run_id: str) -> dict[str, str]:
    return {"pk": f"RUN#{run_id}", "sk": "RUN"}


def _part_key(run_id: str, part: int) -> dict[str, str]:
    return {"pk": f"RUN#{run_id}", "sk": f"PART#{part:05}"}


def _put_once(item: dict[str, Any]) -> dict[str, Any]:
    try:
        _table().put_item(Item=item, ConditionExpression="attribute_not_exists(pk)")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return _get({"pk": item["pk"], "sk": item["sk"]})
    return plain(item)


def _get(key: dict[str, str]) -> dict[str, Any]:
    item = _table().get_item(Key=key, ConsistentRead=True).get("Item")
    if item is None:
        raise KeyError(f"the runs table has no {key['sk']} of {key['pk']}")
    return plain(item)


def _update(key: dict[str, str], attributes: dict[str, Any]) -> dict[str, Any]:
    """Sets attributes of an item that exists, at least one, and removes those that are None."""
    kept = {name: value for name, value in attributes.items() if value is not None}
    removed = [name for name, value in attributes.items() if value is None]
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
    if removed:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in removed)
    answer = _table().update_item(
        Key=key,
        UpdateExpression=expression,
        ExpressionAttributeNames={f"#{name}": name for name in attributes},
        ExpressionAttributeValues={f":{name}": value for name, value in kept.items()},
        ConditionExpression="attribute_exists(pk)",
        ReturnValues="ALL_NEW",
    )
    return plain(answer["Attributes"])


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """Python's own numbers for DynamoDB's, without the table's keys."""
    return {name: _number(value) for name, value in item.items() if name not in _KEYS}


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _number(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_number(item) for item in value]
    return value
