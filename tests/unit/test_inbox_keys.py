"""Which objects of the inbox start runs, which are ignored, and of which somebody must hear."""

from typing import Any

import pytest
from boto3.dynamodb.conditions import Key

from adapters import items
from compliance.inbox_keys import is_ignored, is_misplaced
from tests.emf import metrics_in
from tests.unit.conftest import EXECUTION, INBOX, Functions

MISPLACED = [
    *("x.txt", "tweets", "/tweets/x.txt", "Tweets/x.txt", "TWEETS/x.txt", "tweet/x.txt", "user/x.txt", "posts/x.txt"),
    *(" tweets/x.txt", "tweets /x.txt", "inbox/tweets/x.txt", "datasets/x.txt", "datasets/tweets/x.txt"),
    *("datasets/Tweets/night/x.txt", "dataset/tweets/night/x", "Datasets/tweets/night/x", "users\\x.txt"),
]
READ_SOMEWHERE = [
    *("tweets/x.txt", "users/a/b/x.txt", "tweets//x.txt", "tweets/ x .txt", "datasets/users/night/x.txt"),
    *("datasets/tweets/a/b/_SUCCESS", "unloaded/tweets-0123/20.csv", "tweets/line\nbreak.txt"),
]
IGNORED = [
    *("tweets/_SUCCESS", "tweets/.DS_Store", "users/export/_temporary/0/part-0.txt", "tweets/export/.part-0.txt.crc"),
    *("tweets/export/part-0.txt.crc", "tweets/export_$folder$", "tweets/_x.txt", "users/.x/ids.txt"),
    *("tweets/__MACOSX/ids.txt", "datasets/tweets/night/_temporary/0/_SUCCESS"),
]


@pytest.mark.parametrize("key", MISPLACED)
def test_somebody_hears_of_what_nobody_reads(key: str) -> None:
    assert is_misplaced(key, 9)


@pytest.mark.parametrize("key", [*READ_SOMEWHERE, *IGNORED, ".DS_Store", "Tweets/_SUCCESS"])
def test_nobody_hears_of_what_is_read_or_holds_no_ids(key: str) -> None:
    assert not is_misplaced(key, 9)


def test_a_folder_of_the_console_is_no_file() -> None:
    assert not is_misplaced("Tweets/", 0)
    assert is_misplaced("Tweets/", 9)


@pytest.mark.parametrize("key", IGNORED)
def test_temporary_and_marker_files_start_no_run_even_if_they_are_gone_already(functions: Functions, key: str) -> None:
    source = {"bucket": {"name": INBOX}, "object": {"key": key, "size": 9}}
    answer = register(functions, source)
    assert (answer["folder"], answer["duplicate"]) == (True, False)
    assert answer["type"] in key


@pytest.mark.parametrize("key", READ_SOMEWHERE)
def test_other_files_are_not_ignored(key: str) -> None:
    assert not is_ignored(key, 9)


def test_a_commit_as_hadoop_makes_it_is_one_run(functions: Functions) -> None:
    keys = [
        "tweets/export/_temporary/0/_temporary/attempt_1/part-0.txt",
        "tweets/export/.part-0.txt.crc",
        "tweets/export/part-0.txt",
        "tweets/export/_SUCCESS",
    ]
    answers = []
    for key in keys:
        functions.drop(b"18\n", key)
        answers.append(register(functions, {"bucket": {"name": INBOX}, "object": {"key": key, "size": 3}}))
    assert [answer["folder"] for answer in answers] == [True, True, False, True]


def register(functions: Functions, source: dict[str, Any]) -> dict[str, Any]:
    event = {"source": source, "execution_arn": EXECUTION, "started_at": "2026-11-23T12:00:00Z"}
    return functions.invoke("register_run", event)


def tell(functions: Functions, key: str, kind: str = "Object Created") -> None:
    event = functions.recorded("object_created.json", object={"key": key, "size": 9})
    functions.invoke("note_misplaced", event | {"detail-type": kind})


def noted(functions: Functions) -> list[str]:
    return [item["sk"] for item in items.where(Key("pk").eq("MISPLACED"))]


def test_each_misplaced_object_is_noted_and_counted_once_however_often_it_is_announced(functions: Functions) -> None:
    for key in ("x.txt", "Tweets/x.txt", "x.txt", "x.txt"):
        tell(functions, key)
    assert noted(functions) == ["Tweets/x.txt", "x.txt"]
    (values,) = (each for name, each in metrics_in(functions.log.getvalue().splitlines()).items())
    assert values == [1, 1]
    assert "x.txt" not in functions.log.getvalue()


def test_an_object_that_was_moved_or_deleted_is_forgotten(functions: Functions) -> None:
    for _ in range(2):
        tell(functions, "x.txt")
        tell(functions, "x.txt", "Object Deleted")
        tell(functions, "x.txt", "Object Deleted")
        assert noted(functions) == []


def test_markers_and_folders_are_not_noted(functions: Functions) -> None:
    tell(functions, ".DS_Store")
    tell(functions, "datasets/Tweets/_temporary/0/part-0")
    assert noted(functions) == []
