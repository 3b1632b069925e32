"""What Glue says of the database's tables and views."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from xcompliance.stack import Stack

_VIEW = re.compile(r"/\* Presto View: (\S+) \*/")


@dataclass(frozen=True)
class Relation:
    """A table, or a view with its ``query``. Types are Hive's; ``partitions`` are the names of columns too."""

    name: str
    description: str
    columns: Mapping[str, str]
    partitions: tuple[str, ...]
    is_json: bool
    query: str | None

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> "Relation":
        """Reads a table as Glue describes it."""
        storage, keys = table["StorageDescriptor"], table.get("PartitionKeys", [])
        view = _VIEW.fullmatch(table.get("ViewOriginalText") or "")
        return cls(
            name=table["Name"],
            description=table.get("Description", ""),
            columns={column["Name"]: column["Type"] for column in [*storage["Columns"], *keys]},
            partitions=tuple(key["Name"] for key in keys),
            is_json="json" in storage.get("SerdeInfo", {}).get("SerializationLibrary", "").lower(),
            query=json.loads(base64.b64decode(view[1]))["originalSql"] if view else None,
        )


Catalog = Mapping[str, Relation]


def catalog_of(tables: Iterable[Mapping[str, Any]]) -> Catalog:
    """Relations by their names."""
    return {relation.name: relation for relation in map(Relation.of, tables)}


def read_catalog(stack: Stack) -> Catalog:
    """What the deployment's database holds."""
    pages = stack.glue.get_paginator("get_tables").paginate(DatabaseName=stack["GlueDatabaseName"])
    return catalog_of(table for page in pages for table in page["TableList"])
