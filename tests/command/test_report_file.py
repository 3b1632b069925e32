"""`xcompliance show RUN --open`: the report as a file, and in the browser."""

import json
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from xcompliance.stack import Stack

from .conftest import Invoke
from .items import RUN_ID, part_item, run_item

Write = Callable[[Mapping[str, Any]], None]
KEY = f"reports/type=tweets/checked_on=2026-11-23/{RUN_ID}/report.html"
PAGE = "<!doctype html><title>posts – ✓</title>".encode()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What the browser was asked to open."""
    urls: list[str] = []

    def open_url(url: str) -> bool:
        urls.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", open_url)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return urls


@pytest.fixture
def reported(stack: Stack, write: Write) -> None:
    stack.s3.create_bucket(Bucket="results")
    stack.s3.put_object(Bucket="results", Key=KEY, Body=PAGE)
    write(run_item(report=KEY))
    write(part_item())


def file_of(url: str) -> Path:
    assert url.startswith("file://")
    return Path(url2pathname(urlsplit(url).path))


def test_a_run_says_where_its_report_is(reported: None, invoke: Invoke) -> None:
    assert f"s3://results/{KEY}" in invoke("show", RUN_ID).stdout
    assert json.loads(invoke("show", RUN_ID, "--json").stdout)["report"] == KEY


def test_the_report_is_opened_from_where_nobody_else_can_read_it(
    reported: None, invoke: Invoke, opened: list[str]
) -> None:
    result = invoke("show", RUN_ID, "--open")
    assert result.exit_code == 0, result.output
    (url,) = opened
    file = file_of(url)
    assert file.read_bytes() == PAGE
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert str(file) in result.stderr
    assert "accepted" in result.stdout


def test_the_report_is_saved_where_one_wants_it(
    reported: None, invoke: Invoke, opened: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "my report [1].html"
    result = invoke("show", RUN_ID, "-o", file, "--json")
    assert file.read_bytes() == PAGE
    assert str(file) in result.stderr
    assert json.loads(result.stdout)["run_id"] == RUN_ID
    assert opened == []
    assert invoke("show", RUN_ID, "--open", "--output", file).exit_code == 0
    assert [file_of(url) for url in opened] == [file]


def test_without_a_browser_it_says_where_the_report_is(
    reported: None, invoke: Invoke, opened: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    result = invoke("show", RUN_ID, "--open")
    assert result.exit_code == 2
    assert "There is no browser" in result.stderr
    (file,) = tmp_path.glob("xcompliance-*/*.html")
    assert str(file) in result.stderr


@pytest.mark.parametrize(
    ("status", "words"), [("checking", "has not ended yet"), ("complete", "log of the function write_report")]
)
def test_a_run_without_a_report_says_why(
    stack: Stack, write: Write, invoke: Invoke, opened: list[str], status: str, words: str
) -> None:
    write(run_item(status=status))
    result = invoke("show", RUN_ID, "--open")
    assert (result.exit_code, opened) == (2, [])
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_a_run_that_goes_on_is_not_said_to_lack_its_report(stack: Stack, write: Write, invoke: Invoke) -> None:
    write(run_item(status="checking"))
    assert "write_report" not in invoke("show", RUN_ID).stdout


def test_a_report_that_was_deleted_is_said_to_be_gone(
    reported: None, stack: Stack, invoke: Invoke, opened: list[str]
) -> None:
    stack.s3.delete_object(Bucket="results", Key=KEY)
    result = invoke("show", RUN_ID, "--open")
    assert (result.exit_code, opened) == (2, [])
    assert "is gone" in result.stderr


def test_a_place_that_cannot_be_written_is_named(reported: None, invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("show", RUN_ID, "-o", tmp_path / "missing" / "report.html")
    assert result.exit_code == 2
    assert "cannot be saved" in result.stderr
    assert "No such file or directory" in result.stderr
