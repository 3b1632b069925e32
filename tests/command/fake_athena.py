"""Glue and Athena, as far as questions need them: a catalog, and one answer to everything."""

from collections.abc import Iterator
from typing import Any

from cdk.queries import view_text
from xcompliance.catalog import catalog_of

PARTITIONS = [{"Name": "type", "Type": "string"}, {"Name": "checked_on", "Type": "string"}]
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
JSON = "org.openx.data.jsonserde.JsonSerDe"


def table(name: str, serde: str, **columns: str) -> dict[str, Any]:
    return {
        "Name": name,
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": kind} for column, kind in columns.items()],
            "SerdeInfo": {"SerializationLibrary": serde},
        },
        "PartitionKeys": PARTITIONS,
    }


def view(name: str, sql: str) -> dict[str, Any]:
    return {
        "Name": name,
        "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "string"}], "SerdeInfo": {}},
        "ViewOriginalText": view_text(sql, "xcompliance", ()),
    }


TABLES = [
    table("results", PARQUET, id="string", action="string"),
    table("runs", JSON, run_id="string", accepted="bigint", warnings="array<string>"),
    view("deleted", "SELECT id, type FROM results WHERE action = 'delete'"),
    view("deleted_users", "SELECT id FROM deleted WHERE type = 'users'"),
]
CATALOG = catalog_of(TABLES)


class Pages:
    """Pages, and what they were asked for."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = pages

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        return iter(self.pages)


class Glue:
    def get_paginator(self, name: str) -> Pages:
        assert name == "get_tables"
        return Pages({"TableList": TABLES[:2]}, {"TableList": TABLES[2:]})


class Athena:
    """Answers whatever it is asked with two rows, and has one saved query."""

    def __init__(self) -> None:
        self.sql: list[str] = []

    def start_query_execution(self, **asked: Any) -> dict[str, str]:
        self.sql.append(asked["QueryString"])
        return {"QueryExecutionId": "1"}

    def get_query_execution(self, **_: Any) -> dict[str, Any]:
        return {"QueryExecution": {"Status": {"State": "SUCCEEDED"}, "StatementType": "DML"}}

    def get_paginator(self, name: str) -> Pages:
        if name == "list_named_queries":
            return Pages({"NamedQueryIds": ["q1"]}, {"NamedQueryIds": []})
        kinds = {"id": "varchar", "ids": "bigint", "known": "boolean"}
        rows = [tuple(kinds), ("9223372036854775807", "2", "true"), ("[bold]x, \u201cy\u201d", None, "false")]
        about = {"ColumnInfo": [{"Name": column, "Type": kind} for column, kind in kinds.items()]}
        data = [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in rows]
        return Pages({"ResultSet": {"Rows": data, "ResultSetMetadata": about}})

    def batch_get_named_query(self, NamedQueryIds: list[str]) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
        assert NamedQueryIds == ["q1"]
        return {"NamedQueries": [{"Name": "mine", "QueryString": "SELECT 1"}]}
