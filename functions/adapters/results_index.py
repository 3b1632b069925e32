"""The results table: one item per affected ID, for the question "what happened to tweet 123?"."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

from adapters.aws import dynamodb
from adapters.settings import settings
from compliance.results import ResultRecord, rank_of
from compliance.runs import Part

Item = dict[str, Any]

BATCH = 100
"""Items that DynamoDB reads in one request at most."""


def write(part: Part, records: Iterable[ResultRecord]) -> None:
    """Writes the item of each record's ID, unless a later check, or a word that outranks it, is there already.

    A run that failed may be taken up again after a later one, so the last one written need not be the last one checked.
    Only the holder of the turn writes items of a type: nobody else writes between the reading and the writing.
    """
    items = (_item(part, record) for record in records)
    with dynamodb().Table(settings().results_table).batch_writer() as batch:
        while new := list(islice(items, BATCH)):
            known = {item["subject"]: item for item in _known([item["subject"] for item in new])}
            for item in new:
                if _precedence(item) >= _precedence(known.get(item["subject"], {})):
                    batch.put_item(Item=item)


def _precedence(item: Item) -> tuple[str, int]:
    return item.get("checked_at", ""), rank_of(item.get("action"))


def _item(part: Part, record: ResultRecord) -> Item:
    item = {
        "subject": f"{part['type']}#{record.id}",
        "id": record.id,
        "type": part["type"],
        "action": record.action,
        "reason": record.reason,
        "created_at": record.created_at and record.created_at.isoformat(),
        "redacted_at": record.redacted_at and record.redacted_at.isoformat(),
        "checked_at": part["completed_at"],
        "run_id": part["run_id"],
        "part": part["part"],
        "job_id": part["job_id"],
    }
    return {name: value for name, value in item.items() if value is not None}


def _known(subjects: Collection[str]) -> Iterator[Item]:
    """What the table says of the subjects, at most BATCH of them."""
    table = settings().results_table
    wanted: dict[str, Any] = {
        table: {
            "Keys": [{"subject": subject} for subject in subjects],
            "ProjectionExpression": "subject, checked_at, #action",
            "ExpressionAttributeNames": {"#action": "action"},
            "ConsistentRead": True,
        }
    }
    while wanted:
        answer = dynamodb().batch_get_item(RequestItems=wanted)
        yield from answer["Responses"].get(table, [])
        wanted = dict(answer["UnprocessedKeys"])
