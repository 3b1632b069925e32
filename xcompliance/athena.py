"""One SQL query, from its start to its rows."""

import time
from dataclasses import dataclass

from xcompliance.errors import OutcomeError
from xcompliance.stack import Stack

Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Answer:
    """A query's result; Athena gives every value as text, and None for null."""

    columns: Row
    rows: tuple[Row, ...]


def query(stack: Stack, sql: str, pause: float = 0.2) -> Answer:
    """Runs a query in the deployment's workgroup and waits for it; raises OutcomeError when Athena refuses it.

    ``pause`` is the time between two looks, in seconds.
    """
    execution = stack.athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": stack["GlueDatabaseName"]},
        WorkGroup=stack["AthenaWorkGroupName"],
    )["QueryExecutionId"]
    while True:
        status = stack.athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]
        match status["State"]:
            case "SUCCEEDED":
                return _rows(stack, execution)
            case "FAILED" | "CANCELLED":
                raise OutcomeError(f"Athena did not answer: {status.get('StateChangeReason', status['State'])}")
        time.sleep(pause)


def _rows(stack: Stack, execution: str) -> Answer:
    """All pages; the first row holds the columns' names."""
    pages = stack.athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution)
    columns, *rows = [
        tuple(value.get("VarCharValue") for value in row["Data"]) for page in pages for row in page["ResultSet"]["Rows"]
    ]
    return Answer(columns, tuple(rows))
