"""The deployed views, asked of a DuckDB that reads the tables as the emulator's Athena does."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from tests.infrastructure.deployment import Deployment
from tests.infrastructure.sql import awkward
from tests.infrastructure.sql.questions import Ask, Row, text
from xcompliance.catalog import Catalog, catalog_of
from xcompliance.views import for_sandbox

DATABASE = "xcompliance"


@pytest.fixture(scope="session")
def catalog(aws: Deployment) -> Catalog:
    """Tables and views as the template deploys them on AWS."""
    return catalog_of(body["Properties"]["TableInput"] for body in aws.resources("AWS::Glue::Table").values())


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    awkward.write(folder)
    return folder


@contextmanager
def reading(files: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database whose tables are the files."""
    keys = "union_by_name = true, hive_partitioning = true, hive_types = {'type': VARCHAR, 'checked_on': VARCHAR}"
    with duckdb.connect() as connection:
        for table, reader in (
            ("results", "read_parquet('{}/**/*.parquet', {})"),
            ("checked_ids", "read_parquet('{}/**/*.parquet', {})"),
            ("runs", "read_json_auto('{}/**/*.json', {})"),
            ("segments", "read_json_auto('{}/**/*.ndjson', {})"),
        ):
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {reader.format(files / table, keys)}")
        yield connection


@pytest.fixture(scope="session")
def ask(files: Path, catalog: Catalog) -> Ask:
    def asked(sql: str) -> Sequence[Row]:
        with reading(files) as connection:
            answer = connection.execute(for_sandbox(sql, catalog, DATABASE))
            names = [column[0] for column in answer.description or []]
            return [dict(zip(names, map(text, row), strict=True)) for row in answer.fetchall()]

    return asked
