"""curl, wget and aria2c fetch results, and go on with a download that was interrupted."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import tools
from tests.conformance.conftest import Download

Start = Callable[..., Download]

WORLDS: dict[str, dict[str, Any]] = {
    "google": {"generation": "gcs"},
    "composite": {"generation": "gcs", "composite_results": True},
    "x": {"generation": "x-hosted"},
}
RESUMES = {
    "curl": ("--silent", "--show-error", "--fail", "--continue-at", "-", "--output", "results"),
    "wget": ("--no-config", "--no-verbose", "--tries=1", "--continue", "--output-document=results"),
    "aria2c": ("--quiet", "--continue=true", "--max-tries=1", "--file-allocation=none", "--out=results"),
}


def _fetch(tool: str, download: Download, folder: Path, *more: str) -> int:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not on the PATH")
    headers = [f"--header={name}: {value}" for name, value in download.headers.items()]
    if tool == "curl":
        headers = [word for name, value in download.headers.items() for word in ("--header", f"{name}: {value}")]
    return tools.run(tool, *RESUMES[tool], *headers, *more, download.url, cwd=folder).returncode


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("tool", RESUMES)
def test_an_interrupted_download_is_resumed_from_where_it_broke_off(
    download: Start, tmp_path: Path, tool: str, world: str
) -> None:
    results = download(**WORLDS[world])
    results.interrupt(len(results.content) // 3)
    assert _fetch(tool, results, tmp_path) != 0
    assert 0 < (tmp_path / "results").stat().st_size < len(results.content)
    assert _fetch(tool, results, tmp_path) == 0
    assert (tmp_path / "results").read_bytes() == results.content
    assert (results.statuses[0], results.statuses[-1]) == (200, 206)  # aria2c asks for the length in between


@pytest.mark.parametrize("tool", ["curl", "wget"])
def test_a_download_that_is_whole_is_not_fetched_again(download: Start, tmp_path: Path, tool: str) -> None:
    results = download()
    assert _fetch(tool, results, tmp_path) == 0
    _fetch(tool, results, tmp_path)
    assert (tmp_path / "results").read_bytes() == results.content
    sent = [entry.sent for entry in results.client.simulator.journal.entries("download")]
    assert sum(sent) == len(results.content)


@pytest.mark.parametrize("generation", ["gcs", "x-hosted"])
@pytest.mark.parametrize("tool", ["curl", "wget"])
def test_a_chunked_answer_that_breaks_off_is_noticed_and_resumed(
    download: Start, tmp_path: Path, tool: str, generation: str
) -> None:
    results = download(generation=generation, chunked=True)
    results.interrupt(len(results.content) // 2)
    assert _fetch(tool, results, tmp_path) != 0
    assert _fetch(tool, results, tmp_path) == 0
    assert (tmp_path / "results").read_bytes() == results.content
    assert results.statuses == [200, 206]


def test_aria2c_fetches_pieces_at_once_and_holds_them_against_googles_md5(download: Start, tmp_path: Path) -> None:
    results = download()
    md5 = hashlib.md5(results.content).hexdigest()
    many = ("--split=4", "--min-split-size=1M", "--max-connection-per-server=4", f"--checksum=md5={md5}")
    assert _fetch("aria2c", results, tmp_path, *many) == 0
    assert (tmp_path / "results").read_bytes() == results.content
    assert set(results.statuses) <= {200, 206}


@pytest.mark.parametrize("generation", ["gcs", "x-hosted"])
@pytest.mark.parametrize(("tool", "asks"), [("curl", ("--head",)), ("wget", ("--spider", "--server-response"))])
def test_a_head_has_no_body(download: Start, tmp_path: Path, tool: str, asks: tuple[str, ...], generation: str) -> None:
    results = download(generation=generation)
    assert _fetch(tool, results, tmp_path, *asks) == 0
    (asked,) = results.client.simulator.journal.entries("head")
    assert (asked.status, asked.sent) == (200, 0)


@pytest.mark.parametrize("tool", RESUMES)
def test_a_url_that_was_tampered_with_is_refused(download: Start, tmp_path: Path, tool: str) -> None:
    results = download()
    tampered = Download(results.client, results.url.replace("delivery", "submission"), b"", {})
    assert _fetch(tool, tampered, tmp_path) != 0
    assert set(results.statuses) == {403}
