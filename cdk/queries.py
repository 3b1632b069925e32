"""The questions in `sql/`, as views of the database and as saved queries of the workgroup."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aws_cdk import Aws
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from constructs import Construct

from cdk.bundling import ROOT
from cdk.config import Settings
from compliance.run_rows import RUNS, Column

FOLDER: Final = ROOT / "sql"

_VERDICT: Final = {
    column.name: column
    for column in (
        Column("id", "string", "The post or user ID"),
        Column("verdict", "string", "compliant; else X's action: delete, rehydrate, scrub_geo; error if X gave none"),
        Column("reason", "string", "Why, in X's words"),
        Column("created_at", "timestamp", "When the post or user was created, UTC"),
        Column("redacted_at", "timestamp", "When it was deleted or changed, UTC, where X says so"),
        Column("since", "timestamp", "When X first answered so without saying anything else since, UTC"),
        Column("was", "string", "The verdict of the check before; null at the first check"),
        Column("was_reason", "string", "The reason of the check before"),
        Column("was_checked_at", "timestamp", "When X answered the check before, UTC"),
        Column("checked_at", "timestamp", "When X answered, UTC"),
        Column("is_last_check", "boolean", "Whether the ID was not checked again since"),
        Column("run_id", "string", "The run that asked"),
        Column("part", "int", "The part of the run, counted from 1"),
        Column("job_id", "string", "X's compliance job"),
        Column("type", "string", "tweets or users"),
        Column("checked_on", "string", "The day on which that run began, YYYY-MM-DD, UTC"),
    )
}
_AUDIT: Final = {
    column.name: column
    for column in (
        *RUNS,
        Column("checked", "bigint", "IDs that X has answered for"),
        Column("unchecked", "bigint", "IDs that were accepted and that X has not answered for"),
        Column("compliant", "bigint", "IDs that X had no word about"),
        Column("to_delete", "bigint", "IDs whose verdict was delete"),
        Column("to_rehydrate", "bigint", "IDs whose verdict was rehydrate"),
        Column("to_scrub_geo", "bigint", "IDs whose verdict was scrub_geo"),
        Column("other", "bigint", "IDs whose verdict was a word that is not X's as we know it"),
        Column("errors", "bigint", "IDs that X answered for without a verdict"),
        _VERDICT["type"],
        _VERDICT["checked_on"],
    )
}


def _columns(known: dict[str, Column], names: str) -> tuple[Column, ...]:
    return tuple(known[name] for name in names.split())


_CHECK: Final = _columns(
    _VERDICT, "id verdict reason created_at redacted_at checked_at run_id part job_id type checked_on"
)
_TO_DO: Final = _columns(_VERDICT, "id reason created_at redacted_at since checked_at run_id type checked_on")
_STEP: Final = "id was was_reason verdict reason created_at redacted_at was_checked_at checked_at"

VIEWS: Final = {
    "checks": _CHECK,
    "compliance_status": _CHECK,
    "to_delete": _TO_DO,
    "to_rehydrate": _TO_DO,
    "to_scrub_geo": _TO_DO,
    "changes": _columns(_VERDICT, f"{_STEP} is_last_check run_id type checked_on"),
    "changes_since_last_check": _columns(_VERDICT, f"{_STEP} run_id type checked_on"),
    "audit": _columns(
        _AUDIT,
        "dataset run_id status started_at ended_at files lines embedded blank notice rejected duplicate accepted "
        "checked unchecked compliant to_delete to_rehydrate to_scrub_geo other errors error error_message bucket key "
        "version_id type checked_on",
    ),
}
"""What each view returns, in the order of its query."""

_TRINO: Final = {
    "string": "varchar",
    "int": "integer",
    "bigint": "bigint",
    "boolean": "boolean",
    "timestamp": "timestamp(3)",
}


@dataclass(frozen=True)
class Question:
    """A file in `sql/`: its first line asks, the others answer."""

    name: str
    asks: str
    sql: str

    @classmethod
    def read(cls, file: Path) -> "Question":
        """Reads a file; raises ValueError unless it begins with a comment."""
        asks, _, sql = file.read_text(encoding="utf-8").partition("\n")
        if not asks.startswith("-- "):
            raise ValueError(f"{file} must begin with a comment that says what it answers")
        return cls(file.stem, asks.removeprefix("-- "), sql.strip())


def questions() -> tuple[Question, ...]:
    """All of them, in the order of `VIEWS`."""
    return tuple(Question.read(FOLDER / f"{name}.sql") for name in VIEWS)


class Queries(Construct):
    """A view for each question and, outside the sandbox, whose CloudFormation knows none, a saved query."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        database: glue.CfnDatabase,
        database_name: str,
        work_group: athena.CfnWorkGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        for question in questions():
            self._view(question, database_name).add_resource_dependency(database)
            if not settings.sandbox:
                self._saved_query(question, database_name, work_group.name).add_resource_dependency(work_group)

    def _view(self, question: Question, database_name: str) -> glue.CfnTable:
        columns = VIEWS[question.name]
        return glue.CfnTable(
            self,
            f"{question.name}View",
            catalog_id=Aws.ACCOUNT_ID,
            database_name=database_name,
            table_input=glue.CfnTable.TableInputProperty(
                name=question.name,
                description=question.asks,
                table_type="VIRTUAL_VIEW",
                parameters={"presto_view": "true", "comment": "Presto View"},
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=glue_columns(columns), location="", serde_info=glue.CfnTable.SerdeInfoProperty()
                ),
                view_original_text=view_text(question.sql, database_name, columns),
                view_expanded_text="/* Presto View */",
            ),
        )

    def _saved_query(self, question: Question, database_name: str, work_group: str) -> athena.CfnNamedQuery:
        return athena.CfnNamedQuery(
            self,
            f"{question.name}Query",
            name=question.name,
            description=question.asks,
            database=database_name,
            work_group=work_group,
            query_string=question.sql,
        )


def view_text(sql: str, database_name: str, columns: tuple[Column, ...]) -> str:
    """A view as Athena itself writes it: Trino's `ConnectorViewDefinition`, as JSON in base64 in a comment."""
    definition = {
        "originalSql": sql,
        "catalog": "awsdatacatalog",
        "schema": database_name,
        "columns": [{"name": column.name, "type": _TRINO[column.type]} for column in columns],
    }
    return f"/* Presto View: {base64.b64encode(json.dumps(definition).encode()).decode()} */"


def glue_columns(columns: tuple[Column, ...]) -> list[glue.CfnTable.ColumnProperty]:
    """Columns as Glue takes them."""
    return [glue.CfnTable.ColumnProperty(name=each.name, type=each.type, comment=each.comment) for each in columns]
