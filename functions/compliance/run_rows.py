"""A run as one row of the table ``runs``: the columns, and the JSON line that Athena reads them from."""

import json
from typing import Any, Final, NamedTuple

from compliance.clock import parse_time
from compliance.runs import Run, dataset_of


class Column(NamedTuple):
    """A column of a table, its type in the words of Glue, and the sentence that a query's author sees."""

    name: str
    type: str
    comment: str


RUNS: Final = (
    Column("run_id", "string", "The run"),
    Column("dataset", "string", "What was checked: the folder below datasets/<type>/, or the object's key"),
    Column("bucket", "string", "Where the IDs were read from"),
    Column("key", "string", "The file of IDs, the _SUCCESS of a folder, or the folder that a schedule had read"),
    Column("version_id", "string", "The file's version; null where a schedule started the run"),
    Column("scheduled_at", "timestamp", "When a schedule was to start the run, UTC; null where it was a dropped file"),
    Column("status", "string", "complete, failed, or skipped: another run of the dataset was still going on"),
    Column("started_at", "timestamp", "When the run began, UTC"),
    Column("prepared_at", "timestamp", "When every line was read and accounted for, UTC"),
    Column("ended_at", "timestamp", "When the run ended, UTC"),
    Column("files", "bigint", "How many objects were read"),
    Column("bytes", "bigint", "How long they are, as they are stored"),
    Column("parts", "bigint", "How many uploads to X the IDs were packed into"),
    Column("parts_complete", "bigint", "How many of those that hold an ID are checked"),
    Column("parts_failed", "bigint", "How many of those that hold an ID are not"),
    Column("parts_unverified", "bigint", "How many of those that are checked lack a checksum from Google"),
    Column("lines", "bigint", "Lines read: blank + notice + accepted + duplicate + rejected - embedded"),
    Column("blank", "bigint", "Lines without anything on them"),
    Column("notice", "bigint", "Notices in a recorded stream, such as that a post was deleted: not posts"),
    Column("embedded", "bigint", "IDs of posts or users stored within the records on these lines"),
    Column("accepted", "bigint", "IDs to be checked"),
    Column("duplicate", "bigint", "IDs that were there already"),
    Column("duplicate_across_parts", "bigint", "Those of them in a lower part; null where parts are not compared"),
    Column("rejected", "bigint", "Lines that are no ID; the table rejects has them"),
    Column("records", "bigint", "Records in X's answers"),
    Column("affected", "bigint", "Those of them with an action"),
    Column("result_errors", "bigint", "Those of them without one"),
    Column("by_action", "string", 'Records by action, as JSON: {"delete": 3}'),
    Column("by_reason", "string", 'Records by reason, as JSON: {"deleted": 3}'),
    Column("indexed", "bigint", "Records written to the index in DynamoDB; null where it is turned off"),
    Column("unchanged", "bigint", "Records that the index held already"),
    Column("outranked", "bigint", "Records that the index has a newer or a weightier word for"),
    Column("consumed", "string", 'What the run took of AWS and X, as JSON: {"x_creates": 1}'),
    Column("cost_aws_usd", "double", "What that costs at AWS, estimated, in US dollars"),
    Column("cost_x_usd", "double", "What that costs at X"),
    Column("prices_of", "string", "The date of the prices, YYYY-MM-DD"),
    Column("warnings", "array<string>", "What is odd about the input, and whether a checksum was missing"),
    Column("error", "string", "The name of the error that a failed run ended with"),
    Column("error_message", "string", "What it says"),
)
"""What the run's record says, by the names of its attributes: a new one is a line here."""


def run_row(run: Run) -> bytes:
    """The row of a run that has ended: every column, also where the record says nothing."""
    said: dict[str, Any] = {**run, "dataset": dataset_of(run)}
    row = {column.name: _cell(column.type, said.get(column.name)) for column in RUNS}
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _cell(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "timestamp":
        # Athena takes no T and no Z in the JSON of a timestamp.
        return parse_time(value).replace(tzinfo=None).isoformat(" ", "milliseconds")
    if kind == "string" and not isinstance(value, str):
        return json.dumps(value, sort_keys=True)
    return value
