"""One SQL query, from its start to its rows."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from xcompliance.errors import OutcomeError
from xcompliance.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import GetQueryResultsOutputTypeDef, QueryExecutionTypeDef

Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Answer:
    """A query's result; Athena gives every value as text, and None for null. ``types`` are Athena's, as the columns."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Stream:
    """A query's result of any length: its rows are fetched while they are read, once."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: Iterator[Row]


def query(stack: Stack, sql: str, pause: float = 0.2) -> Answer:
    """Runs a query as ``stream`` does, and reads all its rows."""
    answer = stream(stack, sql, pause)
    return Answer(answer.columns, answer.types, tuple(answer.rows))


def stream(stack: Stack, sql: str, pause: float = 0.2) -> Stream:
    """Runs a query in the deployment's workgroup and waits for it; raises OutcomeError when Athena refuses it.

    ``pause`` is the time between two looks, in seconds.
    """
    started = stack.athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": stack["GlueDatabaseName"]},
        WorkGroup=stack["AthenaWorkGroupName"],
    )["QueryExecutionId"]
    while True:
        execution = stack.athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
        status = execution["Status"]
        match status["State"]:
            case "SUCCEEDED":
                return _stream(stack, started, execution)
            case "FAILED" | "CANCELLED":
                raise OutcomeError(f"Athena did not answer: {status.get('StateChangeReason', status['State'])}")
        time.sleep(pause)


def _stream(stack: Stack, started: str, execution: "QueryExecutionTypeDef") -> Stream:
    pages = iter(stack.athena.get_paginator("get_query_results").paginate(QueryExecutionId=started))
    first = next(pages)
    about = first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    rows = _rows(chain([first], pages))
    if execution.get("StatementType") == "DML":
        next(rows)  # the columns' names
    return Stream(tuple(each["Name"] for each in about), tuple(each["Type"] for each in about), rows)


def _rows(pages: Iterable["GetQueryResultsOutputTypeDef"]) -> Iterator[Row]:
    for page in pages:
        for row in page["ResultSet"]["Rows"]:
            yield tuple(value.get("VarCharValue") for value in row["Data"])
