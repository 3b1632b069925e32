"""The results table: one item per affected ID, for the question "what happened to tweet 123?"."""

from collections.abc import Iterable

from adapters.aws import dynamodb
from adapters.settings import settings
from compliance.results import ResultRecord
from compliance.runs import Part


def write(part: Part, records: Iterable[ResultRecord]) -> None:
    """Writes the item of each record's ID, in place of what an earlier check said of it.

    Jobs of a type run one after the other, so the last one written is the last one checked.
    """
    with dynamodb().Table(settings().results_table).batch_writer(overwrite_by_pkeys=["subject"]) as batch:
        for record in records:
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
            batch.put_item(Item={name: value for name, value in item.items() if value is not None})
