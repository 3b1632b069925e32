"""Look before you send: what ``inspect`` shows, and what ``submit`` does with it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cdk.config import Settings
from cdk.pipeline_stack import SETTINGS_OF_INPUT
from tests.unit.test_cases import FILES
from xcompliance.input_settings import InputSettings
from xcompliance.stack import Stack

from .conftest import DESCRIBED, Invoke, json_of
from .items import RUN_ID, run_item

KEYS = {
    *("outcome", "error", "message", "format", "column", "accepted", "embedded", "duplicate", "rejected", "blank"),
    *("warnings", "first_ids", "parts", "cost_x_usd", "cost_aws_usd"),
}
POST = "1460323737035677698"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "posts.csv"
    file.write_text(f"text,conversation_id,tweet_id\nx,1,{POST}\ny,2,{POST}\n")
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "bad.txt"
    file.write_text(f"{POST}\n# not\x1b[2J an ID\n")
    return file


def say(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
    """Has the stack say its settings."""
    output = {"OutputKey": "InputSettings", "OutputValue": json.dumps(settings)}
    outputs = {"Outputs": [*DESCRIBED["Outputs"], output]}
    monkeypatch.setattr("xcompliance.stack.describe_stack", lambda account, name: outputs)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever speaks to AWS, fails."""

    def fails(*_: Any, **__: Any) -> None:
        raise AssertionError("AWS was asked")

    monkeypatch.setattr("boto3.Session", fails)


@pytest.mark.usefixtures("offline")
def test_a_file_is_read_without_aws(table: Path, invoke: Invoke) -> None:
    said = json_of(invoke("inspect", table, "--type", "tweets", "--json"))
    assert said.keys() == KEYS
    assert (said["outcome"], said["error"], said["format"], said["column"]) == ("accepted", None, "csv", "tweet_id")
    assert (said["accepted"], said["duplicate"], said["first_ids"], said["parts"]) == (1, 1, [POST], 1)
    assert said["cost_x_usd"] == 0.035


@pytest.mark.usefixtures("offline")
def test_a_file_whose_run_would_fail_is_refused_by_the_exit_status_too(bad: Path, invoke: Invoke) -> None:
    result = invoke("inspect", bad, "--type", "tweets", "--json")
    said = json.loads(result.stdout)
    assert result.exit_code == 1
    assert said.keys() == KEYS
    assert (said["outcome"], said["error"], said["rejected"], said["cost_x_usd"]) == ("refused", "InputRejected", 1, 0)


def test_a_column_can_be_named(table: Path, invoke: Invoke) -> None:
    said = json_of(invoke("inspect", table, "--type", "tweets", "--column", "conversation_id", "--json"))
    assert (said["column"], said["accepted"]) == ("conversation_id", 2)
    result = invoke("inspect", table, "--type", "tweets", "--column", "missing")
    assert result.exit_code == 1
    assert "There is no column named missing." in result.stdout


@pytest.mark.parametrize("path", sorted(FILES.iterdir()), ids=lambda path: path.name)
def test_people_are_shown_the_same_on_a_narrow_terminal(
    path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    result = invoke("inspect", path, "--type", path.name.partition("-")[0])
    shown = result.stdout.splitlines()[1:]
    assert max(map(len, shown)) <= 80
    document = json.loads(invoke("inspect", path, "--type", path.name.partition("-")[0], "--json").stdout)
    text = " ".join(result.stdout.split())
    for word in (document["outcome"], document["error"], document["column"], *document["first_ids"][:1]):
        assert word is None or word in text


def test_a_rejected_line_moves_no_cursor(bad: Path, invoke: Invoke) -> None:
    result = invoke("inspect", bad, "--type", "tweets")
    assert r"# not\x1b[2J an ID" in result.stdout
    assert "\x1b[2J" not in result.stdout


def test_one_file_at_a_time(table: Path, bad: Path, invoke: Invoke) -> None:
    result = invoke("inspect", table, bad, "--type", "tweets")
    assert result.exit_code == 2
    assert "one file at a time" in result.stderr


def test_a_folder_is_inspected_as_the_run_that_it_becomes(tmp_path: Path, invoke: Invoke) -> None:
    (tmp_path / "a.txt").write_text("18\n")
    (tmp_path / "b.txt").write_text("19\n")
    (tmp_path / "_SUCCESS").touch()
    said = json_of(invoke("inspect", tmp_path, "--type", "users", "--json"))
    assert (said["accepted"], said["parts"], said["format"]) == (2, 1, "lines")


@pytest.mark.parametrize(("metadata", "tags"), [({"id-column": "conversation_id"}, ""), ({}, "id-column=1")])
def test_an_object_is_read_as_its_owner_says(
    stack: Stack, table: Path, invoke: Invoke, metadata: dict[str, str], tags: str
) -> None:
    content = table.read_bytes().replace(b"x,1", b"7,1").replace(b"y,2", b"8,2")
    stack.s3.create_bucket(Bucket="elsewhere")
    stack.s3.put_object(Bucket="elsewhere", Key="my posts.csv", Body=content, Metadata=metadata, Tagging=tags)
    said = json_of(invoke("inspect", "s3://elsewhere/my posts.csv", "--type", "tweets", "--json"))
    assert (said["column"], said["accepted"]) == ("conversation_id" if metadata else "text", 2)
    said = json_of(invoke("inspect", "s3://elsewhere/my posts.csv", "--type", "tweets", "--column", "3", "--json"))
    assert (said["column"], said["duplicate"]) == ("tweet_id", 1)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("s3://elsewhere/", "names no object"),
        ("s3://elsewhere/gone.txt", "There is no object s3://elsewhere/gone.txt."),
        ("gone.txt", "cannot"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(stack: Stack, invoke: Invoke, place: str, words: str) -> None:
    stack.s3.create_bucket(Bucket="elsewhere")
    result = invoke("inspect", place, "--type", "tweets")
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_the_settings_are_the_deployment_s_if_it_is_named(
    stack: Stack, bad: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(monkeypatch, part_size_mb=64, reject_limit_percent=60, id_column="", rounded_ids="warn")
    assert invoke("inspect", bad, "--type", "tweets").exit_code == 1
    result = invoke("inspect", bad, "--type", "tweets", "--prefix", "XCompliance")
    assert result.exit_code == 0
    assert "the settings of XCompliance: up to 60% rejected lines" in result.stdout


def test_the_default_settings_are_those_of_a_deployment() -> None:
    ours, theirs = InputSettings(), Settings()
    assert {name: getattr(ours, name) for name in SETTINGS_OF_INPUT} == {
        name: getattr(theirs, name) for name in SETTINGS_OF_INPUT
    }


def test_submit_stops_if_the_run_would_fail(
    stack: Stack, bad: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = invoke("submit", bad, "--type", "tweets")
    assert result.exit_code == 2
    assert "the run would fail with InputRejected: 1 of 2 lines are no IDs" in result.stderr
    assert "line 2" in result.stderr
    assert "the default settings" in result.stderr
    assert "Contents" not in stack.s3.list_objects_v2(Bucket="inbox")
    assert json_of(invoke("submit", bad, "--type", "tweets", "--no-inspect", "--json"))["key"] == "tweets/bad.txt"
    say(monkeypatch, part_size_mb=128, reject_limit_percent=60, id_column="")
    assert json_of(invoke("submit", bad, "--type", "tweets", "--json"))["key"] == "tweets/bad.txt"


def test_submit_shows_the_warnings_of_the_run(stack: Stack, tmp_path: Path, invoke: Invoke) -> None:
    (tmp_path / "a.txt").write_text("18\n19\n")
    result = invoke("submit", tmp_path / "a.txt", "--type", "tweets")
    assert result.exit_code == 0
    assert "2 of 2 IDs are small numbers" in result.stderr


def test_submit_names_the_column_in_the_object_s_metadata(stack: Stack, table: Path, invoke: Invoke) -> None:
    json_of(invoke("submit", table, "--type", "tweets", "--column", "conversation_id", "--json"))
    assert stack.s3.head_object(Bucket="inbox", Key="tweets/posts.csv")["Metadata"] == {"id-column": "conversation_id"}
    json_of(invoke("submit", table.parent, "--name", "night", "--type", "tweets", "--column", "2", "--json"))
    head = stack.s3.head_object(Bucket="inbox", Key="datasets/tweets/night/posts.csv")
    assert head["Metadata"] == {"id-column": "2"}


def test_a_column_that_s3_cannot_keep_is_refused(stack: Stack, tmp_path: Path, invoke: Invoke) -> None:
    (tmp_path / "a.csv").write_text("größe,text\n18,x\n")
    result = invoke("submit", tmp_path / "a.csv", "--type", "tweets", "--column", "größe")
    assert result.exit_code == 2
    assert "give the column's number" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("s3://b/a.txt",), "aws s3 cp s3://b/a.txt s3://<InboxBucketName>/tweets/"),
        (("a.txt", "b.txt"), "one file at a time"),
        ((".ids.txt",), "named like a temporary file"),
        (("a.txt", "--name", "_tmp/a.txt"), "named like a temporary file"),
    ],
)
def test_what_submit_does_not_take_is_said_with_the_way_out(
    stack: Stack, tmp_path: Path, invoke: Invoke, arguments: tuple[str, ...], words: str
) -> None:
    for name in ("a.txt", "b.txt", ".ids.txt"):
        (tmp_path / name).write_text(f"{POST}\n")
    arguments = tuple(str(tmp_path / each) if (tmp_path / each).is_file() else each for each in arguments)
    result = invoke("submit", *arguments, "--type", "tweets")
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_rejected_run_shows_its_first_rejected_lines(
    stack: Stack, write: Callable[[Mapping[str, Any]], None], invoke: Invoke
) -> None:
    write(run_item(status="failed", error="InputRejected", error_message="9 of 9 lines are no IDs."))
    stack.s3.create_bucket(Bucket="results")
    assert invoke("show", RUN_ID).exit_code == 0
    place = f"rejects/type=tweets/checked_on=2026-11-23/{RUN_ID}-"
    for part in (1, 2):
        rows = [
            {
                "key": "tweets/posts.txt",
                "range_start": 0,
                "line": line,
                "reason": "not_digits",
                "text": f"line {part}{line}",
            }
            for line in range(1, 5)
        ]
        body = "".join(json.dumps(row | {"run_id": RUN_ID, "part": part}) + "\n" for row in rows)
        stack.s3.put_object(Bucket="results", Key=f"{place}{part:05}.ndjson", Body=body.encode())
    shown = invoke("show", RUN_ID).stdout
    assert "The first rejected lines:" in shown
    for text in ("line 11", "line 14", "line 21", "is no whole number"):
        assert text in shown
    assert "line 22" not in shown
