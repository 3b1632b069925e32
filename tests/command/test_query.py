"""Questions to Athena: what is sent, to an account and to the sandbox, and what is made of the answer."""

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sqlglot

from cdk.queries import VIEWS, questions
from tests.command.conftest import OUTPUTS, Invoke
from tests.command.fake_athena import CATALOG, TABLES, Athena, view
from tests.infrastructure.sql.documentation import COMMANDS
from xcompliance.athena import Stream
from xcompliance.catalog import catalog_of
from xcompliance.errors import CommandError
from xcompliance.query import ask, narrowing_of, write
from xcompliance.stack import Stack
from xcompliance.views import EVERYTHING, Narrowing, for_athena, for_sandbox, parse

DOCUMENTED = [view(question.name, question.sql) for question in questions()]


@pytest.fixture
def sandbox(athena: Athena, stack: Stack) -> Stack:
    return Stack("sandbox", OUTPUTS, stack.session, {"endpoint_url": "https://localhost:1"})


def same(sql: str, other: str, dialect: str = "athena") -> bool:
    """Whether both are the same SQL, however they are set."""
    left, right = (sqlglot.parse_one(each, dialect=dialect).sql(dialect=dialect) for each in (sql, other))
    return left == right


def test_a_name_is_read_as_a_table_of_a_hundred_rows(invoke: Invoke, athena: Athena) -> None:
    result = invoke("query", "deleted")
    assert result.exit_code == 0, result.output
    assert athena.sql == ["SELECT * FROM deleted LIMIT 100"]
    assert "9223372036854775807" in result.stdout
    assert "[bold]x, \u201cy\u201d" in result.stdout


def test_a_file_has_all_rows_unless_a_limit_is_named(invoke: Invoke, athena: Athena, tmp_path: Path) -> None:
    file = tmp_path / "deleted.csv"
    assert invoke("query", "deleted", "--format", "csv", "-o", file).exit_code == 0
    assert invoke("query", "deleted", "--format", "jsonl", "--limit", "7").exit_code == 0
    assert athena.sql == ["SELECT * FROM deleted", "SELECT * FROM deleted LIMIT 7"]
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines == ["id,ids,known", "9223372036854775807,2,true", '"[bold]x, \u201cy\u201d",,false']


def test_a_line_of_json_has_numbers_and_booleans_and_ids_of_every_digit(invoke: Invoke, athena: Athena) -> None:
    result = invoke("query", "SELECT 1", "--format", "jsonl")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"id": "9223372036854775807", "ids": 2, "known": True},
        {"id": "[bold]x, \u201cy\u201d", "ids": None, "known": False},
    ]


def test_sql_goes_to_an_account_as_it_was_typed(invoke: Invoke, athena: Athena) -> None:
    assert invoke("query", "select  id from deleted -- mine").exit_code == 0
    assert athena.sql == ["select  id from deleted -- mine"]


def test_a_saved_query_is_run_by_its_name(invoke: Invoke, athena: Athena) -> None:
    assert invoke("query", "mine").exit_code == 0
    assert athena.sql == ["SELECT 1"]


def test_a_name_that_means_nothing_says_what_there_is(invoke: Invoke, athena: Athena) -> None:
    result = invoke("query", "delete")
    assert (result.exit_code, athena.sql) == (2, [])
    assert "Did you mean deleted?" in result.stderr
    assert "deleted, deleted_users, mine, results, runs" in invoke("query", "zzz").stderr


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "2026-11-01' OR '1'='1"])
def test_a_day_that_is_none_is_refused(since: str) -> None:
    with pytest.raises(CommandError, match="--since"):
        narrowing_of(None, since)


def test_what_is_not_asked_for_is_not_read(invoke: Invoke, athena: Athena) -> None:
    assert invoke("query", "deleted", "--type", "users", "--since", "2026-11-01", "--limit", "5").exit_code == 0
    (sql,) = athena.sql
    assert same(
        sql,
        "SELECT * FROM (SELECT id, type FROM (SELECT id, action, type, checked_on FROM results "
        "WHERE type = 'users' AND checked_on >= '2026-11-01') AS results WHERE action = 'delete') AS deleted LIMIT 5",
    )


def test_the_sandbox_is_asked_without_views_and_told_the_types_of_json(sandbox: Stack, athena: Athena) -> None:
    ask(sandbox, "SELECT id, r.accepted FROM deleted_users, runs AS r", None, EVERYTHING)
    (sql,) = athena.sql
    assert same(
        sql,
        "SELECT id, r.accepted FROM (SELECT id FROM (SELECT id, type FROM (SELECT id, action, type, checked_on "
        "FROM results) AS results WHERE action = 'delete') AS deleted WHERE type = 'users') AS deleted_users, "
        "(SELECT CAST(run_id AS TEXT) AS run_id, CAST(accepted AS BIGINT) AS accepted, "
        "CAST(warnings AS TEXT[]) AS warnings, CAST(type AS TEXT) AS type, CAST(checked_on AS TEXT) AS checked_on "
        "FROM runs) AS r",
        "duckdb",
    )


def test_a_query_s_own_with_goes_before_a_view_of_that_name() -> None:
    sql = for_sandbox("WITH deleted AS (SELECT id FROM results) SELECT * FROM deleted", CATALOG, "xcompliance")
    assert "'delete'" not in sql
    sql = for_sandbox("WITH deleted AS (SELECT id FROM deleted) SELECT * FROM deleted", CATALOG, "xcompliance")
    assert sql.count("'delete'") == 1


@pytest.mark.parametrize("name", ["deleted", "xcompliance.deleted", '"xcompliance"."deleted"'])
def test_a_view_may_be_named_with_its_database_joined_and_asked_in_a_condition(name: str) -> None:
    sql = f"SELECT * FROM results AS r JOIN {name} AS d(post, kind) ON post = r.id WHERE id IN (SELECT id FROM {name})"
    expanded = for_sandbox(sql, CATALOG, "xcompliance")
    assert expanded.count("action = 'delete'") == 2
    assert "AS d(post, kind)" in expanded


def test_a_table_of_another_database_is_left_alone() -> None:
    assert for_sandbox("SELECT * FROM other.deleted", CATALOG, "xcompliance") == "SELECT * FROM other.deleted"


@pytest.mark.parametrize("sql", ["SELEKT", "SELECT (", "SELECT 1; SELECT 2", ""])
def test_what_is_no_sql_is_said_to_be_none_by_the_sandbox(sandbox: Stack, athena: Athena, sql: str) -> None:
    with pytest.raises(CommandError):
        ask(sandbox, f"{sql} ", None, EVERYTHING)
    assert not athena.sql


def test_a_narrowed_question_is_still_athena_s_sql() -> None:
    for question in questions():
        parse(for_athena(question.sql, CATALOG, "xcompliance", Narrowing("tweets", "2026-11-01")))
    assert len(questions()) == len(VIEWS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_documentation_is_understood(
    invoke: Invoke, athena: Athena, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("xcompliance.query.read_catalog", lambda stack: catalog_of([*TABLES, *DOCUMENTED]))
    program, *arguments = shlex.split(command)
    assert program == "xcompliance"
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    assert len(athena.sql) == 1


def rows_that_break(_: Mapping[str, str]) -> Iterator[tuple[str | None, ...]]:
    yield ("1",)
    raise CommandError("the line is cut")


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "answer.csv"
    with pytest.raises(CommandError):
        write(Stream(("id",), ("varchar",), rows_that_break({})), "csv", file)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_a_mistake_and_no_traceback(invoke: Invoke, athena: Athena) -> None:
    result = invoke("query", "deleted", "-o", "/nowhere/at/all.csv")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
