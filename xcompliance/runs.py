"""Reads runs and their parts from the runs table."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import Any

from boto3.dynamodb.conditions import ConditionBase, Key

from compliance.segments import Segment, segment_of
from xcompliance.errors import CommandError
from xcompliance.records import PartRecord, RunRecord
from xcompliance.stack import Stack


def latest_runs(stack: Stack, limit: int) -> list[RunRecord]:
    """The last runs that were started, the newest first, without their parts."""
    by_start = {"IndexName": "RunsByStart", "ScanIndexForward": False, "Limit": limit}
    items = items_where(stack, Key("listing").eq("RUN"), **by_start)
    return [RunRecord.of(item) for item in islice(items, limit)]


def find_run(stack: Stack, run_id: str) -> RunRecord | None:
    """A run with its parts, as they stand now; None when the table does not know it (yet)."""
    run: RunRecord | None = None
    parts: list[PartRecord] = []
    for item in items_where(stack, Key("pk").eq(f"RUN#{run_id}"), ConsistentRead=True):
        if item["sk"] == "RUN":
            run = RunRecord.of(item)
        else:
            parts.append(PartRecord.of(item))
    return run and replace(run, part_records=tuple(parts))


def get_run(stack: Stack, run_id: str) -> RunRecord:
    """A run with its parts; raises CommandError when there is no such run."""
    run = find_run(stack, run_id)
    if run is None:
        raise CommandError(f"There is no run {run_id}. The last ones are listed by: xcompliance runs")
    return run


def segments_of(stack: Stack, run: RunRecord) -> list[Segment]:
    """What a run reads, as it was planned."""
    key = f"segments/type={run.type}/checked_on={run.checked_on}/{run.run_id}.ndjson"
    with closing(stack.s3.get_object(Bucket=stack["ResultsBucketName"], Key=key)["Body"]) as body:
        return [segment_of(line) for line in body.read().splitlines()]


def misplaced(stack: Stack, limit: int) -> list[str]:
    """Return the keys of the inbox's objects that nobody reads, those that were dropped last first, ``limit`` at most.

    Objects that were dropped before an upgrade began to note them are not among them.
    """
    by_start = {"IndexName": "RunsByStart", "ScanIndexForward": False, "Limit": limit}
    return [item["sk"] for item in islice(items_where(stack, Key("listing").eq("MISPLACED"), **by_start), limit)]


def items_where(stack: Stack, condition: ConditionBase, **options: Any) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages of a query of the runs table; ``options`` are boto3's."""
    start: dict[str, Any] = {}
    while True:
        page = stack.runs_table.query(KeyConditionExpression=condition, **options, **start)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
