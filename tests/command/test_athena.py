from typing import Any

import pytest

from xcompliance.athena import query
from xcompliance.errors import OutcomeError
from xcompliance.stack import Stack


class Athena:
    """Answers after a look or two, in pages of one row."""

    def __init__(self, *states: str, kind: str = "DML") -> None:
        self.states = list(states)
        self.kind = kind
        self.asked: dict[str, Any] = {}

    def start_query_execution(self, **asked: Any) -> dict[str, str]:
        self.asked = asked
        return {"QueryExecutionId": "1"}

    def get_query_execution(self, **_: Any) -> dict[str, Any]:
        status = {"State": self.states.pop(0), "StateChangeReason": "a typo"}
        return {"QueryExecution": {"Status": status, "StatementType": self.kind}}

    def get_paginator(self, name: str) -> "Athena":
        assert name == "get_query_results"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        rows: list[list[dict[str, str]]] = [
            [{"VarCharValue": "reason"}, {"VarCharValue": "ids"}],
            [{"VarCharValue": "deleted"}, {"VarCharValue": "2"}],
            [{}, {"VarCharValue": "1"}],
        ]
        about = {"ColumnInfo": [{"Name": "reason", "Type": "varchar"}, {"Name": "ids", "Type": "bigint"}]}
        if self.kind != "DML":
            del rows[0]
        return [{"ResultSet": {"Rows": [{"Data": row}], "ResultSetMetadata": about}} for row in rows]


def with_athena(stack: Stack, athena: Athena) -> Stack:
    stack.__dict__["athena"] = athena
    return stack


def test_a_query_is_waited_for_and_read_over_all_pages(stack: Stack) -> None:
    athena = Athena("QUEUED", "RUNNING", "SUCCEEDED")
    answer = query(with_athena(stack, athena), "SELECT 1", pause=0)
    assert (answer.columns, answer.types) == (("reason", "ids"), ("varchar", "bigint"))
    assert answer.rows == (("deleted", "2"), (None, "1"))
    assert athena.asked["WorkGroup"] == "XCompliance"
    assert athena.asked["QueryExecutionContext"] == {"Database": "xcompliance"}


def test_an_answer_without_its_columns_names_loses_no_row(stack: Stack) -> None:
    """Athena repeats them before the rows of a SELECT, and not before those of a SHOW."""
    answer = query(with_athena(stack, Athena("SUCCEEDED", kind="UTILITY")), "SHOW TABLES", pause=0)
    assert answer.rows == (("deleted", "2"), (None, "1"))


def test_a_query_that_fails_says_why(stack: Stack) -> None:
    with pytest.raises(OutcomeError, match="a typo"):
        query(with_athena(stack, Athena("RUNNING", "FAILED")), "SELEKT 1", pause=0)
