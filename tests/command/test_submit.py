from pathlib import Path

import pytest

from compliance.runs import run_id
from xcompliance.stack import Stack

from .conftest import Invoke, json_of
from .items import run_item


@pytest.fixture
def ids(tmp_path: Path) -> Path:
    file = tmp_path / "ids.txt"
    file.write_text("1460323737035677698\n")
    return file


def test_a_file_goes_to_the_inbox_and_names_its_run(stack: Stack, invoke: Invoke, ids: Path) -> None:
    said = json_of(invoke("submit", ids, "--type", "tweets", "--json"))
    stored = stack.s3.get_object(Bucket="inbox", Key="tweets/ids.txt")
    assert stored["Body"].read() == ids.read_bytes()
    assert said == {
        "run_id": run_id("tweets", "inbox", "tweets/ids.txt", stored["VersionId"]),
        "bucket": "inbox",
        "key": "tweets/ids.txt",
        "version_id": stored["VersionId"],
    }


def test_a_file_can_get_another_name(stack: Stack, invoke: Invoke, ids: Path) -> None:
    said = json_of(invoke("submit", ids, "--type", "users", "--name", "2026/all users.txt", "--json"))
    assert said["key"] == "users/2026/all users.txt"


def test_submitting_again_is_another_run(stack: Stack, invoke: Invoke, ids: Path) -> None:
    first, second = (json_of(invoke("submit", ids, "--type", "tweets", "--json")) for _ in range(2))
    assert first["run_id"] != second["run_id"]


def test_progress_goes_to_stderr_and_says_how_much_is_sent(stack: Stack, invoke: Invoke, ids: Path) -> None:
    result = invoke("submit", ids, "--type", "tweets")
    assert "inbox: sending, 1 kB of 1 kB" in result.stderr
    assert result.stdout.startswith("The run is tweets-")


@pytest.mark.parametrize(("status", "exit_code"), [("complete", 0), ("failed", 1)])
def test_waiting_ends_as_the_run_does(
    stack: Stack, invoke: Invoke, ids: Path, monkeypatch: pytest.MonkeyPatch, status: str, exit_code: int
) -> None:
    def ended(job_type: str, bucket: str, key: str, version_id: str) -> str:
        name = run_id(job_type, bucket, key, version_id)
        stack.runs_table.put_item(Item=run_item(name, status=status, error_message="X was not amused."))
        return name

    monkeypatch.setattr("xcompliance.submit.run_id", ended)
    result = invoke("submit", ids, "--type", "tweets", "--wait")
    assert result.exit_code == exit_code
    assert status in result.stdout
    assert ("X was not amused." in result.stderr) == bool(exit_code)


@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot be read: No such file or directory."), (b"", "is empty")]
)
def test_what_is_no_file_of_ids_is_not_submitted(
    stack: Stack, invoke: Invoke, tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / "ids.txt"
    if content is not None:
        file.write_bytes(content)
    result = invoke("submit", file, "--type", "tweets")
    assert result.exit_code == 2
    assert message in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.output
    assert "Contents" not in stack.s3.list_objects_v2(Bucket="inbox")


def test_a_folder_goes_to_the_datasets_and_its_marker_last(stack: Stack, invoke: Invoke, tmp_path: Path) -> None:
    for name, content in {"a.txt": "18\n", "day=1/b.csv": "id\n19\n", ".hidden": "x", "_tmp/c": "x", "d": ""}.items():
        (tmp_path / "night" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "night" / name).write_text(content)
    said = json_of(invoke("submit", tmp_path / "night", "--type", "users", "--json"))
    listed = stack.s3.list_objects_v2(Bucket="inbox")["Contents"]
    folder = "datasets/users/night/"
    assert {each["Key"]: each["Size"] for each in listed} == {
        folder + "_SUCCESS": 0,
        folder + "a.txt": 3,
        folder + "day=1/b.csv": 6,
    }
    assert said["run_id"] == run_id("users", "inbox", folder + "_SUCCESS", said["version_id"])


@pytest.mark.parametrize("is_folder", [False, True])
def test_rounded_ids_are_sent_only_if_they_are_accepted(
    stack: Stack, invoke: Invoke, tmp_path: Path, is_folder: bool
) -> None:
    file = tmp_path / "export" / "ids.txt"
    file.parent.mkdir()
    file.write_text("".join(f"{(10**18 + number * 10**14)}\n" for number in range(1, 101)))
    source = file.parent if is_folder else file
    refused = invoke("submit", source, "--type", "tweets")
    assert refused.exit_code != 0
    assert "RoundedIds" in refused.stderr
    assert "Contents" not in stack.s3.list_objects_v2(Bucket="inbox")
    said = json_of(invoke("submit", source, "--type", "tweets", "--accept-rounded", "--json"))
    assert stack.s3.head_object(Bucket="inbox", Key=said["key"])["Metadata"] == {"rounded-ids": "warn"}


def test_a_folder_with_nothing_in_it_is_not_submitted(stack: Stack, invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    result = invoke("submit", tmp_path, "--type", "tweets")
    assert result.exit_code == 2
    assert "holds no file" in result.stderr
    assert "Contents" not in stack.s3.list_objects_v2(Bucket="inbox")


@pytest.mark.parametrize("arguments", [("--type", "posts"), ()])
def test_the_type_is_asked_for(stack: Stack, invoke: Invoke, ids: Path, arguments: tuple[str, ...]) -> None:
    result = invoke("submit", ids, *arguments)
    assert result.exit_code == 2
    assert "--type" in result.stderr
