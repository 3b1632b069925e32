"""The runs table: one item per run, one per part. Every write can be made twice."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.conditions import Attr, ConditionBase, Key
from botocore.exceptions import ClientError

from adapters import consumed
from adapters.aws import dynamodb
from adapters.settings import settings
from compliance.errors import JobNotFound, RunTakenOver
from compliance.retention import is_past_retry, ttl
from compliance.runs import ENDED, Part, PartRef, Run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

REFUSAL_SECONDS = 7 * 86_400
"""How long X's refusal of ``resumable`` is taken for lasting."""

_RESUMABLE_KEY = {"pk": "X", "sk": "RESUMABLE"}
_KEYS = ("pk", "sk", "listing", "ttl")


def register(run: Run, *, retry: bool) -> Run:
    """Writes a new run, or returns the one that is there already.

    One that has failed begins again when its own execution is back, redriven, or when ``retry`` asks for it while what
    it had prepared is kept. It waits for another run of its dataset then: being skipped is no end for what somebody
    wants to have done.
    """
    item = {**run, **_run_key(run["run_id"]), "listing": "RUN", **_ttl(run)}
    _put({"pk": f"EXECUTION#{run['execution_arn']}", "sk": "RUN", "run_id": run["run_id"], **_ttl(run)})
    known = cast(Run, _put_once(item))
    may_go_on = known["execution_arn"] == run["execution_arn"] or (
        retry and not is_past_retry(known, run["started_at"])
    )
    if known["status"] != "failed" or not may_go_on:
        return known
    owned_by_the_last = Attr("status").eq("failed") & Attr("execution_arn").eq(known["execution_arn"])
    renewed = dict.fromkeys(("ended_at", "report", "told_at", "error", "error_message")) | {
        "status": "registered",
        "execution_arn": run["execution_arn"],
    }
    if "dataset" in known:
        renewed["overlap"] = "wait"
    try:
        return cast(Run, update_item(_run_key(run["run_id"]), renewed, owned_by_the_last))
    except Refused:
        return get_run(run["run_id"])


def run_of(execution_arn: str) -> Run | None:
    """The run that an execution has registered and still owns."""
    pointer = find_item({"pk": f"EXECUTION#{execution_arn}", "sk": "RUN"})
    run = find_item(_run_key(pointer["run_id"])) if pointer else None
    return cast(Run, run) if run and run["execution_arn"] == execution_arn else None


def get_run(run_id: str) -> Run:
    """The run's record; raises KeyError when there is none."""
    return cast(Run, _get(_run_key(run_id)))


def get_ended_run(run_id: str, owner: str) -> Run:
    """The record of a run that has ended; raises RunTakenOver when it goes on, or is not ``owner``'s any more."""
    run = get_run(run_id)
    if run["execution_arn"] != owner or run["status"] not in ENDED:
        raise RunTakenOver("Another execution has taken the run over.")
    return run


def update_run(run_id: str, *, owner: str, **attributes: Any) -> Run:
    """Sets attributes of a run and returns the whole record.

    Raises RunTakenOver unless ``owner`` is the execution that the run belongs to.
    """
    try:
        return cast(Run, update_item(_run_key(run_id), attributes, Attr("execution_arn").eq(owner)))
    except Refused:
        raise RunTakenOver("Another execution has taken the run over.") from None


def fail_run(run_id: str, owner: str, failure: tuple[str, str], ended_at: str) -> Run:
    """Ends a run as failed, with the name and the words of its ``failure``."""
    error, message = failure
    ending = {"error": error, "error_message": message, "ended_at": ended_at, **consumed.bill(run_id)}
    return update_run(run_id, owner=owner, status="failed", **ending)


def plan(part: Part) -> Part:
    """Writes a new part, or returns the one that is there already."""
    item = {**part, **_part_key(part["run_id"], part["part"]), **_ttl(part)}
    return cast(Part, _put_once(item))


def get_part(run_id: str, part: int) -> Part:
    """The part's record; raises KeyError when there is none."""
    return cast(Part, _get(_part_key(run_id, part)))


def get_part_with_job(ref: PartRef) -> Part:
    """The part's record with X's job on it; raises JobNotFound when the job was given up."""
    part = get_part(ref.run_id, ref.part)
    if "job_id" not in part:
        raise JobNotFound("The job was given up in the meantime.")
    return part


def has_part(run_id: str, part: int) -> bool:
    """Whether there is such a part."""
    return find_item(_part_key(run_id, part)) is not None


def claim_part(ref: PartRef, execution_arn: str) -> None:
    """Makes a part an execution's, so that it has failed no more."""
    part = get_part(ref.run_id, ref.part)
    status = "prepared" if part["status"] == "failed" else part["status"]
    update_part(ref, status=status, execution_arn=execution_arn, error=None, error_message=None, told_at=None)


def update_part(ref: PartRef, *, job: str | None = None, **attributes: Any) -> Part:
    """Sets attributes of a part and returns the whole record; an attribute set to None is removed.

    With ``job``, the name of X's job that they are about, JobNotFound is raised once the part has another one or none:
    what a function writes that has outlived its execution would be wrong.
    """
    condition = Attr("job_name").eq(job) if job else Attr("pk").exists()
    try:
        return cast(Part, update_item(_part_key(ref.run_id, ref.part), attributes, condition))
    except Refused:
        raise JobNotFound("The job was given up in the meantime.") from None


def prepare_part(part: Part, **attributes: Any) -> bool:
    """Writes down that a part was prepared, once: whoever comes later has prepared the same. Returns whether it did."""
    try:
        update_item(_part_key(part["run_id"], part["part"]), attributes, Attr("prepared_at").not_exists())
    except Refused:
        return False
    return True


def deduplicate_part(part: Part, **attributes: Any) -> None:
    """Writes down what a part is without the IDs of lower parts: once, and not when a job has begun with it."""
    condition = Attr("deduplicated_at").not_exists() & Attr("execution_arn").not_exists()
    with suppress(Refused):
        update_item(_part_key(part["run_id"], part["part"]), attributes, condition)


def list_parts(run_id: str) -> list[Part]:
    """All parts of a run, in their order."""
    condition = Key("pk").eq(f"RUN#{run_id}") & Key("sk").begins_with("PART#")
    return [cast(Part, plain(item)) for item in items_where(condition)]


def resumable_was_refused(now: float) -> bool:
    """Whether X has refused ``resumable`` within the last REFUSAL_SECONDS before ``now`` (epoch seconds)."""
    item = _table().get_item(Key=_RESUMABLE_KEY).get("Item")
    return item is not None and now - float(str(item["refused_at"])) < REFUSAL_SECONDS


def remember_resumable_refused(now: float) -> None:
    """Writes down that X has just refused ``resumable``."""
    _table().put_item(Item={**_RESUMABLE_KEY, "refused_at": int(now)})


def _table() -> "Table":
    return dynamodb().Table(settings().runs_table)


def _ttl(of: Run | Part) -> dict[str, int]:
    return ttl(of["checked_on"], settings().proof_days)


def _run_key(run_id: str) -> dict[str, str]:
    return {"pk": f"RUN#{run_id}", "sk": "RUN"}


def _part_key(run_id: str, part: int) -> dict[str, str]:
    return {"pk": f"RUN#{run_id}", "sk": f"PART#{part:05}"}


class Refused(Exception):
    """The item is not as the condition says."""


def _put(item: dict[str, Any]) -> None:
    _table().put_item(Item=item)


def _put_once(item: dict[str, Any]) -> dict[str, Any]:
    try:
        _table().put_item(Item=item, ConditionExpression=Attr("pk").not_exists())
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return _get({"pk": item["pk"], "sk": item["sk"]})
    return plain(item)


def _get(key: dict[str, str]) -> dict[str, Any]:
    item = find_item(key)
    if item is None:
        raise KeyError(f"the runs table has no {key['sk']} of {key['pk']}")
    return item


def find_item(key: dict[str, str]) -> dict[str, Any] | None:
    """An item of the table by its key, as it stands now; None when there is none."""
    item = _table().get_item(Key=key, ConsistentRead=True).get("Item")
    return plain(item) if item else None


def items_where(condition: ConditionBase, *, is_consistent: bool = True) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages of a query, ordered by their sort keys, with DynamoDB's numbers and all keys."""
    start: dict[str, Any] = {}
    while True:
        page = _table().query(KeyConditionExpression=condition, ConsistentRead=is_consistent, **start)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def update_item(
    key: dict[str, str], attributes: Mapping[str, Any], condition: ConditionBase | None = None
) -> dict[str, Any]:
    """Sets attributes of an item, at least one, and removes those that are None; raises Refused by ``condition``.

    Without a condition the item is made where there is none.
    """
    kept = {name: value for name, value in attributes.items() if value is not None}
    removed = [name for name, value in attributes.items() if value is None]
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
    if removed:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in removed)
    conditional: dict[str, Any] = {} if condition is None else {"ConditionExpression": condition}
    try:
        answer = _table().update_item(
            Key=key,
            UpdateExpression=expression,
            ExpressionAttributeNames={f"#{name}": name for name in attributes},
            ExpressionAttributeValues={f":{name}": value for name, value in kept.items()},
            ReturnValues="ALL_NEW",
            **conditional,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        raise Refused from None
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
