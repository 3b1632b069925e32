"""Views and saved queries: written as Athena writes them, in SQL that Athena takes, and true about their columns."""

import base64
import json
from typing import Any

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from cdk.queries import FOLDER, VIEWS, Question, questions
from tests.infrastructure.deployment import Deployment
from xcompliance.catalog import Catalog, catalog_of
from xcompliance.views import EVERYTHING, for_athena

NAMES = sorted(file.stem for file in FOLDER.glob("*.sql"))
TRINO = {"string": "varchar", "int": "integer", "bigint": "bigint", "boolean": "boolean", "timestamp": "timestamp(3)"}
each_question = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def catalog(aws: Deployment) -> Catalog:
    return catalog_of(_tables(aws).values())


def _tables(deployment: Deployment) -> dict[str, dict[str, Any]]:
    inputs = [body["Properties"]["TableInput"] for body in deployment.resources("AWS::Glue::Table").values()]
    return {each["Name"]: each for each in inputs}


def test_each_file_is_a_question_that_is_deployed() -> None:
    assert sorted(VIEWS) == NAMES
    assert all(question.asks.endswith((".", "?")) for question in questions())


def test_a_file_without_its_question_is_refused(tmp_path: Any) -> None:
    file = tmp_path / "hasty.sql"
    file.write_text("SELECT 1\n")
    with pytest.raises(ValueError, match="comment"):
        Question.read(file)


@each_question
@pytest.mark.parametrize("target", ["aws", "sandbox"])
def test_a_view_is_written_as_athena_writes_it(name: str, target: str, request: pytest.FixtureRequest) -> None:
    view = _tables(request.getfixturevalue(target))[name]
    assert view["TableType"] == "VIRTUAL_VIEW"
    assert view["Parameters"] == {"presto_view": "true", "comment": "Presto View"}
    assert view["ViewExpandedText"] == "/* Presto View */"
    assert view["Description"] == (FOLDER / f"{name}.sql").read_text().splitlines()[0].removeprefix("-- ")
    text = view["ViewOriginalText"]
    assert text.startswith("/* Presto View: ")
    assert text.endswith(" */")
    definition = json.loads(base64.b64decode(text[16:-3], validate=True))
    assert (definition["catalog"], definition["schema"]) == ("awsdatacatalog", "xcompliance")
    assert definition["originalSql"] == "".join((FOLDER / f"{name}.sql").read_text().splitlines(True)[1:]).strip()
    columns = view["StorageDescriptor"]["Columns"]
    assert all(each["Comment"] for each in columns)
    assert definition["columns"] == [{"name": each["Name"], "type": TRINO[each["Type"]]} for each in columns]


@each_question
def test_a_query_is_saved_in_the_workgroup(aws: Deployment, name: str) -> None:
    saved = {
        body["Properties"]["Name"]: body["Properties"] for body in aws.resources("AWS::Athena::NamedQuery").values()
    }
    assert saved[name]["QueryString"] == _tables_sql(aws, name)
    assert (saved[name]["Database"], saved[name]["WorkGroup"]) == ("xcompliance", "XCompliance")
    assert len(saved[name]["Description"]) <= 1024


def _tables_sql(aws: Deployment, name: str) -> str:
    query = catalog_of(_tables(aws).values())[name].query
    assert query is not None
    return query


def test_a_query_is_saved_after_its_workgroup_and_the_database_made_before_its_views(aws: Deployment) -> None:
    (group,), (database,) = aws.resources("AWS::Athena::WorkGroup"), aws.resources("AWS::Glue::Database")
    assert all(group in body["DependsOn"] for body in aws.resources("AWS::Athena::NamedQuery").values())
    assert all(database in body["DependsOn"] for body in aws.resources("AWS::Glue::Table").values())


@each_question
def test_a_view_returns_the_columns_that_it_declares(catalog: Catalog, name: str) -> None:
    """Athena calls a view stale that does not, and refuses to read it."""
    schema: dict[str, object] = {
        relation.name: {
            column: exp.DataType.build(kind, dialect="hive").sql("trino") for column, kind in relation.columns.items()
        }
        for relation in catalog.values()
        if relation.query is None
    }
    expanded = sqlglot.parse_one(
        for_athena(catalog[name].query or "", catalog, "xcompliance", EVERYTHING), read="trino"
    )
    typed = annotate_types(qualify(expanded, schema=schema, dialect="trino"), schema=schema, dialect="trino")
    assert isinstance(typed, exp.Query)
    found = {each.alias_or_name: each.type.sql("trino").lower() for each in typed.selects if each.type}
    declared = catalog[name].columns
    assert list(found) == list(declared)
    names = {"string": "varchar", "int": "integer", "timestamp": "timestamp"}
    assert found == {column: names.get(kind, kind) for column, kind in declared.items()}


@each_question
def test_a_view_keeps_the_partitions_that_a_query_narrows_it_by(catalog: Catalog, name: str) -> None:
    assert list(catalog[name].columns)[-2:] == ["type", "checked_on"]
