"""A file that is inspected has the figures, the warnings and the error of its run."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from adapters.settings import settings
from compliance.errors import ComplianceError
from compliance.plausibility import latest_id
from compliance.runs import DATASETS, JobType, job_type_of
from tests.unit.conftest import EXECUTION, Functions
from tests.unit.test_cases import FILES, IDS, OTHERS, REFUSED
from tests.unit.test_hostile_input import plan
from xcompliance import inspection
from xcompliance.input_settings import InputSettings
from xcompliance.inspection import Look, inspect
from xcompliance.sources import Disk

CASES = {path.name: (path.name.replace("-", "/", 1), path.read_bytes()) for path in FILES.iterdir()}
WRITTEN = {name: case[:2] for name, case in {**OTHERS, **REFUSED}.items()}
PACKED = {
    f"{name}, packed": (f"{key}.gz", gzip.compress(content))
    for name, (key, content) in CASES.items()
    if content.count(b"\n") > 50
}
FIGURES = ("accepted", "duplicate", "rejected", "blank", "parts", "warnings")


def ran(functions: Functions, files: Mapping[str, bytes]) -> tuple[dict[str, Any], str | None, str | None]:
    """The record of the files' run, and the error that it ends with before X is asked."""
    for key, content in files.items():
        source = functions.drop(content, key)
    if key.startswith(DATASETS):
        source = functions.drop(b"", f"{key.rpartition('/')[0]}/_SUCCESS")
    event = {"source": source, "execution_arn": EXECUTION, "started_at": "2026-11-23T12:00:00Z"}
    run = functions.invoke("register_run", event)
    try:
        prepared = [functions.invoke("prepare_part", ref) for ref in plan(functions, run)]
        functions.invoke("accept_input", {"run_id": run["run_id"], "prepared": prepared})
    except ComplianceError as error:
        return {**functions.run(run)}, type(error).__name__, str(error)
    return {**functions.run(run)}, None, None


def looked_at(functions: Functions, files: Mapping[str, bytes], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    paths = {key: folder / str(number) for number, key in enumerate(files)}
    for key, content in files.items():
        paths[key].write_bytes(content)
    monkeypatch.setattr(inspection, "latest_id", lambda _: latest_id(functions.clock.now()))
    said = settings()
    used = InputSettings(said.part_size_mb, said.reject_limit_percent, said.id_column, said.rounded_ids, said.embedded)
    return inspect(Disk(paths), job_type_of(next(iter(files))), None, used, lambda _: None)


def compared(
    functions: Functions, files: Mapping[str, bytes], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, Any], dict[str, Any]]:
    run, error, message = ran(functions, files)
    result = looked_at(functions, files, folder, monkeypatch).result
    own = {"error": error, "message": message, "outcome": "refused" if error else "accepted"}
    if "accepted" not in run:
        run |= {"accepted": 0, "duplicate": 0, "rejected": 0, "blank": 0, "parts": 0, "warnings": []}
    return own | {name: run[name] for name in FIGURES}, {name: getattr(result, name) for name in (*own, *FIGURES)}


@pytest.mark.parametrize(("key", "content"), [*CASES.values(), *PACKED.values(), *WRITTEN.values()])
def test_an_inspection_says_what_the_run_says(
    functions: Functions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, content: bytes
) -> None:
    run, look = compared(functions, {key: content}, tmp_path, monkeypatch)
    assert look == run


@pytest.mark.parametrize("column", ["3", "nothing", "id"])
def test_the_setting_id_column_counts_as_in_a_run(
    functions: Functions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    functions.configure(id_column=column)
    for key, content in CASES.values():
        if key.endswith(".csv"):
            run, look = compared(functions, {key: content}, tmp_path, monkeypatch)
            assert look == run


def test_rounded_ids_are_accepted_as_in_a_run(
    functions: Functions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions.configure(rounded_ids="warn")
    run, look = compared(functions, {"tweets/a.txt": CASES["tweets-a1-excel15.txt"][1]}, tmp_path, monkeypatch)
    assert look == run
    assert (look["outcome"], len(look["warnings"])) == ("accepted", 1)


def test_several_parts_are_counted_as_in_a_run(
    functions: Functions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions.configure(part_size_mb=1)
    content = "".join(f"{10**17 + number % 150_000}\n" for number in range(200_000)).encode()
    for key in ("tweets/a.txt", "tweets/a.csv.gz"):
        run, look = compared(
            functions,
            {key: content if key.endswith("txt") else gzip.compress(b"id\n" + content)},
            tmp_path,
            monkeypatch,
        )
        assert look == run
        assert look["parts"] > 2


def test_a_folder_is_one_run(functions: Functions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = "datasets/tweets/night/"
    files = {
        f"{folder}a.txt": b"18\n19\n",
        f"{folder}b/c.csv": b"text,tweet_id\nx,18\n",
        f"{folder}d.jsonl": b'{"id_str":"7"}\n',
    }
    run, look = compared(functions, files, tmp_path, monkeypatch)
    assert look == run
    result = looked_at(functions, files, tmp_path, monkeypatch).result
    assert (result.format, result.column) == ("lines, csv, jsonl", "tweet_id, id_str")
    run, look = compared(functions, {**files, f"{folder}e.csv": b"text,conversation_id\nx,18\n"}, tmp_path, monkeypatch)
    assert look == run
    assert look["message"].startswith(f"{folder}e.csv: ")


@pytest.mark.parametrize("compression", ["zstd", "snappy"])
def test_parquet_is_read_as_in_a_run(
    functions: Functions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression: str
) -> None:
    path = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        values = ", ".join(f"({each}, 'x')" for each in IDS)
        connection.sql(f"SELECT * FROM (VALUES {values}) AS t(tweet_id, text)").write_parquet(
            str(path), compression=compression
        )
    run, look = compared(functions, {"tweets/a.parquet": path.read_bytes()}, tmp_path, monkeypatch)
    assert look == run
    result = looked_at(functions, {"tweets/a.parquet": path.read_bytes()}, tmp_path, monkeypatch).result
    assert (result.format, result.column, result.first_ids) == ("parquet", "tweet_id", [str(each) for each in IDS[:5]])


COLUMNS = {
    "tweets-a4": "id_str",
    "users-b1": "from_user_id_str",
    "users-b2": "user_id_str",
    "users-b4": "userId",
    "users-b5": "user_id_str",
    "tweets-c3": "tweetId",
    "tweets-c4": "tweet_id",
    "tweets-e1": "id",
    "tweets-e2": "id_str",
}


@pytest.mark.parametrize(("name", "column"), COLUMNS.items())
def test_the_column_or_field_that_is_read_is_named(
    functions: Functions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, column: str
) -> None:
    (case,) = (case for each, case in CASES.items() if each.startswith(name))
    assert looked_at(functions, dict([case]), tmp_path, monkeypatch).result.column == column


PAGE = b'{"data": [{"id": "18", "text": "x", "author_id": "7"}], "meta": {}}\n'
FIELDS: dict[str, tuple[JobType, bytes, str | None]] = {
    "a page": ("tweets", PAGE, "id"),
    "authors of a page": (
        "users",
        b'{"data": [{"id": "18", "text": "x", "author_id": "7"}], "meta": {}}\n',
        "author_id",
    ),
    "authors within": ("users", b'{"id_str": "18", "full_text": "x", "user": {"id_str": "7"}}\n', "user.id_str"),
    "an array": ("tweets", b'[{"id": "18", "text": "x"},\n {"id": "19", "text": "x"}]', "id"),
    "bare IDs": ("tweets", b"18\n19\n", None),
}


@pytest.mark.parametrize(("job_type", "content", "field"), FIELDS.values(), ids=FIELDS)
def test_the_field_is_named_wherever_it_stands(
    functions: Functions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    job_type: JobType,
    content: bytes,
    field: str | None,
) -> None:
    key = f"{job_type}/a.{'txt' if field is None else 'json'}"
    assert looked_at(functions, {key: content}, tmp_path, monkeypatch).result.column == field
