"""The views' answers, on data as awkward as it gets, and the examples of their documentation."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from cdk.queries import VIEWS, Question, questions
from tests.infrastructure.sql import awkward
from tests.infrastructure.sql.conftest import DATABASE, reading
from tests.infrastructure.sql.documentation import ELSEWHERE, QUERIES
from tests.infrastructure.sql.questions import CHECKS, Ask
from xcompliance.catalog import Catalog
from xcompliance.views import EVERYTHING, Narrowing, for_sandbox

_WORDS = (
    "alter and as between by case cast constraint create cross cube deallocate delete describe distinct drop else end "
    "escape except execute exists extract false for from full group grouping having in inner insert intersect into is "
    "join left like listagg natural normalize not null on or order outer prepare recursive right rollup select skip "
    "table then trim true uescape union unnest using values when where with current_date current_time "
    "current_timestamp current_user localtime localtimestamp"
)
RESERVED = set(_WORDS.split())
"""Trino's reserved words, which a name must not be."""


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_view_answers_what_it_must(ask: Ask, check: Callable[[Ask], None]) -> None:
    check(ask)


@pytest.mark.parametrize("sql", QUERIES, ids=lambda sql: " ".join(sql.split())[:60])
def test_an_example_of_the_documentation_finds_something(ask: Ask, sql: str) -> None:
    assert ask(sql)


@pytest.mark.parametrize("sql", ELSEWHERE, ids=lambda sql: " ".join(sql.split())[:60])
def test_an_example_of_another_document_finds_something(ask: Ask, sql: str) -> None:
    assert ask(re.sub(r"tweets-[0-9a-f]{16}", awkward.RUNS[0]["run_id"], sql))


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_has_an_example(view: str) -> None:
    assert any(re.search(rf"\b(FROM|JOIN) {view}\b", sql) for sql in QUERIES)


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_no_name_is_a_word_that_athena_keeps_for_itself(question: Question) -> None:
    names = {each.name.lower() for each in sqlglot.parse_one(question.sql, read="trino").find_all(exp.Identifier)}
    assert names
    assert not names & RESERVED


def _files_read(files: Path, catalog: Catalog, sql: str, narrowing: Narrowing = EVERYTHING) -> set[int]:
    """How many files each scan of a table has read; six are there of each table."""
    query = for_sandbox(sql, catalog, DATABASE, narrowing)
    with reading(files) as connection:
        ((_, plan),) = connection.execute(f"EXPLAIN ANALYZE {query}").fetchall()
    found = {int(number) for number in re.findall(r"Total Files Read: (\d+)", plan)}
    assert found, plan
    return found


@pytest.mark.parametrize("view", VIEWS)
def test_a_type_narrows_what_is_read_of_each_table(files: Path, catalog: Catalog, view: str) -> None:
    assert _files_read(files, catalog, f"SELECT * FROM {view} WHERE type = 'users'") == {1}


@pytest.mark.parametrize("view", ["checks", "audit"])
def test_days_narrow_what_is_read_of_a_check_and_of_the_audit(files: Path, catalog: Catalog, view: str) -> None:
    assert max(_files_read(files, catalog, f"SELECT * FROM {view} WHERE checked_on >= '2026-01-19'")) <= 2


@pytest.mark.parametrize("view", ["compliance_status", "to_delete", "changes"])
def test_days_do_not_narrow_what_the_latest_verdict_is_taken_from(files: Path, catalog: Catalog, view: str) -> None:
    sql = f"SELECT * FROM {view} WHERE checked_on >= '2026-01-19'"
    assert _files_read(files, catalog, sql) == {6}
    assert _files_read(files, catalog, sql, Narrowing(since="2026-01-19")) == {1}
