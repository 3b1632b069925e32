"""A run's records, fetched from files as Write Results has written them."""

import csv
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from adapters import parquet
from compliance.results import ResultRecord
from compliance.runs import Part, results_key
from xcompliance.stack import Stack

from .conftest import Invoke, json_of
from .items import RUN_ID, part_item, run_item, without

Write = Callable[[Mapping[str, Any]], None]
Put = Callable[..., None]
DAY = "2026-11-23"
CREATED = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
PARSED = ResultRecord(
    id="9223372036854775807",
    action="delete",
    reason="deleted",
    created_at=CREATED,
    redacted_at=None,
    error=None,
    raw=None,
)
EDITED = ResultRecord(
    id="20",
    action="rehydrate",
    reason="[tweet]_edited",
    created_at=None,
    redacted_at=CREATED,
    error=None,
    raw='{"a": 1}',
)
STRANGE = ResultRecord(
    id=None, action=None, reason=None, created_at=None, redacted_at=None, error='no ID, "x"', raw='{"b": "–"}'
)


def part_of(number: int, run_id: str = RUN_ID) -> Part:
    item: Any = part_item(number, run_id, checked_on=DAY)
    return item  # type: ignore[no-any-return]


@pytest.fixture
def put(stack: Stack, tmp_path: Path) -> Put:
    """Puts a file of records into the bucket, by what writes them in the pipeline."""
    stack.s3.create_bucket(Bucket="results")

    def put_file(part: int, number: int, *records: ResultRecord, run_id: str = RUN_ID) -> None:
        folder = tmp_path / f"{part}-{number}"
        folder.mkdir()
        with parquet.connected(folder, threads=1) as connection:
            parquet.write_odd_results(connection, folder / "file", part=part_of(part), records=records)
        key = results_key(part_of(part, run_id), number)
        stack.s3.upload_file(str(folder / "file"), "results", key)

    return put_file


@pytest.fixture
def run(write: Write, put: Put) -> None:
    """A run of two parts and three files, and another run of the same day."""
    write(run_item(records=4, parts=2))
    put(1, 0, PARSED, EDITED)
    put(1, 1, STRANGE)
    put(2, 0, PARSED)
    put(3, 0, EDITED, run_id="tweets-fedcba9876543210")


def test_a_table_has_a_row_per_record(run: None, invoke: Invoke) -> None:
    result = invoke("results", RUN_ID)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["id", "action", "reason", "created_at", "redacted_at", "error", "part", "checked_at"]
    assert [line.split()[0] for line in lines[1:]] == ["9223372036854775807", "20", "-", "9223372036854775807"]
    assert "[tweet]_edited" in lines[2]
    assert "2026-01-02 03:04:05.678" in lines[1]
    assert result.stderr == ""


def test_csv_has_all_columns(run: None, invoke: Invoke) -> None:
    result = invoke("results", RUN_ID, "--format", "csv")
    assert result.exit_code == 0, result.output
    first, second, third, _ = csv.DictReader(result.stdout.splitlines())
    assert first == {
        "id": "9223372036854775807",
        "action": "delete",
        "reason": "deleted",
        "created_at": "2026-01-02 03:04:05.678",
        "redacted_at": "",
        "error": "",
        "run_id": RUN_ID,
        "part": "1",
        "job_id": "2124861874754289664",
        "checked_at": "2026-11-23 13:46:02.000",
        "raw": "",
    }
    assert second["raw"] == '{"a": 1}'
    assert third["error"] == 'no ID, "x"'


def test_json_lines_have_ids_as_text_and_numbers_as_numbers(run: None, invoke: Invoke) -> None:
    lines = [json.loads(line) for line in invoke("results", RUN_ID, "--format", "jsonl").stdout.splitlines()]
    assert [(line["id"], line["part"]) for line in lines] == [
        ("9223372036854775807", 1),
        ("20", 1),
        (None, 1),
        ("9223372036854775807", 2),
    ]
    assert lines[2]["raw"] == '{"b": "–"}'


def test_one_document_has_them_all(run: None, invoke: Invoke) -> None:
    records = json_of(invoke("results", RUN_ID, "--json"))
    lines = invoke("results", RUN_ID, "--format", "jsonl").stdout.splitlines()
    assert records == [json.loads(line) for line in lines]
    assert records == json_of(invoke("results", RUN_ID, "--format", "json"))


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (("--action", "rehydrate"), ["20"]),
        (("--reason", "deleted"), ["9223372036854775807"] * 2),
        (("--action", "rehydrate", "--reason", "deleted"), []),
        (("--action", "'; DROP TABLE x"), []),
    ],
)
def test_records_of_an_action_or_a_reason(
    run: None, invoke: Invoke, arguments: tuple[str, ...], ids: list[str]
) -> None:
    result = invoke("results", RUN_ID, "--format", "jsonl", *arguments)
    assert result.exit_code == 0, result.output
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ids
    assert ("There are no such records. The run has: delete" in result.stderr) == (not ids)


def test_parquet_is_one_file_in_the_types_of_the_runs_own(run: None, invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "it's.parquet"
    result = invoke("results", RUN_ID, "--format", "parquet", "-o", file)
    assert result.exit_code == 0, result.output
    assert "4 records are in" in result.stderr
    rows = duckdb.read_parquet(str(file)).project("id, part, created_at, raw")
    assert rows.fetchall()[:2] == [
        ("9223372036854775807", 1, CREATED.replace(tzinfo=None), None),
        ("20", 1, None, '{"a": 1}'),
    ]


def test_parquet_of_an_action(run: None, invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "file.parquet"
    assert invoke("results", RUN_ID, "--format", "parquet", "-o", file, "--action", "delete").exit_code == 0
    assert duckdb.read_parquet(str(file)).fetchall()[0][:2] == ("9223372036854775807", "delete")
    assert len(duckdb.read_parquet(str(file)).fetchall()) == 2


def test_parquet_is_not_for_the_screen(stack: Stack, invoke: Invoke) -> None:
    result = invoke("results", RUN_ID, "--format", "parquet")
    assert result.exit_code == 2
    assert "-o FILE" in result.stderr


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "table"])
def test_a_run_without_records_has_an_answer_too(
    write: Write, put: Put, invoke: Invoke, tmp_path: Path, form: str
) -> None:
    write(run_item(records=0, by_action={}, by_reason={}))
    file = tmp_path / "file"
    result = invoke("results", RUN_ID, "--format", form, "-o", file)
    assert result.exit_code == 0, result.output
    assert "0 records are in" in result.stderr
    if form == "parquet":
        assert duckdb.read_parquet(str(file)).columns[:2] == ["id", "action"]
    else:
        assert len(file.read_text().splitlines()) == (form != "jsonl")


def test_a_screen_does_not_get_all_of_them(write: Write, put: Put, invoke: Invoke) -> None:
    write(run_item(records=101))
    put(1, 0, *[PARSED] * 101)
    result = invoke("results", RUN_ID)
    assert len(result.stdout.splitlines()) == 101
    assert "There are more than these 100" in result.stderr
    assert len(invoke("results", RUN_ID, "--format", "csv").stdout.splitlines()) == 102


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "table"])
def test_a_run_whose_files_are_gone_leaves_no_file(
    run: None, stack: Stack, invoke: Invoke, tmp_path: Path, form: str
) -> None:
    stack.s3.delete_object(Bucket="results", Key=results_key(part_of(2), 0))
    file = tmp_path / "mine"
    file.write_text("before")
    result = invoke("results", RUN_ID, "--format", form, "-o", file)
    assert result.exit_code == 1
    assert "The run found 4 records, and its files hold 3" in result.stderr
    assert file.read_text() == "before"
    assert not list(tmp_path.glob("*.part"))
    assert invoke("results", RUN_ID, "--format", form, "-o", file, "--partial").exit_code == 0
    assert file.read_bytes() != b"before"


def test_a_file_that_is_damaged_is_told(run: None, stack: Stack, invoke: Invoke, tmp_path: Path) -> None:
    stack.s3.put_object(Bucket="results", Key=results_key(part_of(2), 0), Body=b"no Parquet at all")
    result = invoke("results", RUN_ID, "--format", "csv", "-o", tmp_path / "mine")
    assert result.exit_code == 2
    assert f"error: The records of {RUN_ID} cannot be read or written" in result.stderr
    assert not list(tmp_path.glob("mine*"))


@pytest.mark.parametrize("status", ["checking", "failed"])
def test_an_incomplete_run_is_no_answer_unless_that_will_do(
    write: Write, put: Put, invoke: Invoke, status: str
) -> None:
    write(without(run_item(status=status, parts=2), "records"))
    write(part_item())
    write(part_item(2, status="in_progress"))
    put(1, 0, PARSED)
    result = invoke("results", RUN_ID, "--format", "csv")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"The run {RUN_ID} is {status}: 1 of 2 parts are checked." in result.stderr
    result = invoke("results", RUN_ID, "--format", "csv", "--partial")
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 2
    assert f"Not all: the run is {status}, and 1 of 2 parts are checked." in result.stderr


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_place_that_cannot_be_written_to_is_told(run: None, invoke: Invoke, tmp_path: Path, form: str) -> None:
    result = invoke("results", RUN_ID, "--format", form, "-o", tmp_path / "nowhere" / "file")
    assert result.exit_code == 2
    assert "cannot be written: No such file or directory" in result.stderr


def test_files_are_here_one_at_a_time(
    run: None, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    held: list[int] = []
    real = Path.unlink

    def unlink(file: Path, missing_ok: bool = False) -> None:
        held.append(len(list(place.rglob("*.parquet"))))
        real(file, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    assert invoke("results", RUN_ID, "--format", "csv").exit_code == 0
    assert held == [1, 1, 1]
    assert list(place.iterdir()) == []


def test_a_run_that_there_is_not_has_no_results(stack: Stack, invoke: Invoke) -> None:
    result = invoke("results", "tweets-nope")
    assert result.exit_code == 2
    assert "There is no run tweets-nope." in result.stderr
