"""The views on the sandbox's Athena: deployed as they are on AWS, read by way of the command, on awkward data."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from compliance.run_rows import RUNS
from tests.end_to_end.checks import moment
from tests.end_to_end.driver import Deployment
from tests.end_to_end.gcs.conftest import Checked
from tests.end_to_end.gcs.inbox import CHECKED
from tests.infrastructure.sql import awkward
from tests.infrastructure.sql.documentation import QUERIES
from tests.infrastructure.sql.questions import CHECKS, Ask, Row, text
from xcompliance.query import ask as ask_athena
from xcompliance.query import write
from xcompliance.stack import Stack
from xcompliance.views import EVERYTHING, Narrowing

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def stack(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The deployment, with five awkward weeks behind it."""
    stack = Stack.of_sandbox(deployment.box.as_json())
    folder = tmp_path_factory.mktemp("results")
    awkward.write(folder)
    for file in folder.rglob("*.*"):
        stack.s3.put_object(
            Bucket=stack["ResultsBucketName"], Key=file.relative_to(folder).as_posix(), Body=file.read_bytes()
        )
    return stack


@pytest.fixture(scope="module")
def ask(stack: Stack) -> Ask:
    def asked(sql: str) -> Sequence[Row]:
        answer = ask_athena(stack, sql, None, EVERYTHING)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]

    return asked


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_view_answers_what_it_must(ask: Ask, check: Callable[[Ask], None]) -> None:
    check(ask)


@pytest.mark.parametrize("sql", QUERIES, ids=lambda sql: " ".join(sql.split())[:60])
def test_an_example_of_the_documentation_finds_something(ask: Ask, sql: str) -> None:
    assert ask(sql)


@pytest.mark.parametrize("name", [*CHECKED, "refused", "empty", "blank"])
def test_a_run_that_has_ended_has_a_row_that_says_what_its_record_says(checked: Checked, ask: Ask, name: str) -> None:
    run = checked[name].run
    (row,) = ask(f"SELECT * FROM runs WHERE type = '{run['type']}' AND run_id = '{run['run_id']}'")
    assert row.keys() == {column.name for column in RUNS} | {"type", "checked_on"}
    times = [column.name for column in RUNS if column.type == "timestamp"]
    assert {each: moment(row[each]) for each in times} == {each: moment(run.get(each)) for each in times}
    plain = [
        column.name
        for column in RUNS
        if column.type == "bigint" or column.name in ("status", "key", "error", "prices_of")
    ]
    assert {each: row[each] for each in plain} == {each: text(run.get(each)) for each in plain}
    assert row["by_action"] == (json.dumps(run["by_action"], sort_keys=True) if "by_action" in run else None)
    costs = {each: float(row[each] or -1) for each in ("cost_aws_usd", "cost_x_usd")}
    assert costs == pytest.approx({each: float(run[each]) for each in costs})
    assert row["dataset"] == ("nightly" if name == "nightly" else run["key"])


@pytest.mark.parametrize("name", CHECKED)
def test_the_audit_of_a_complete_run_has_no_id_unchecked(checked: Checked, ask: Ask, name: str) -> None:
    run = checked[name].run
    (row,) = ask(f"SELECT checked, unchecked FROM audit WHERE run_id = '{run['run_id']}'")
    assert (row["checked"], row["unchecked"]) == (str(run["accepted"]), "0")


def test_a_view_is_asked_by_its_name_and_narrowed(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "users.jsonl"
    answer = ask_athena(stack, "to_delete", None, Narrowing(type="users"))
    assert write(answer, "jsonl", file) >= 1
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert {row["type"] for row in rows} == {"users"}
    assert ("2", "deactivated") in {(row["id"], row["reason"]) for row in rows}
