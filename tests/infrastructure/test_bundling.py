"""The functions' code: the source and its pins, the same every time, for the platform it runs on."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cdk import bundling
from cdk.bundling import FUNCTIONS, ROOT, Platform, assemble
from cdk.config import Settings
from cdk.functions import CARRIED
from tests.infrastructure.deployment import Deployment

REQUIREMENTS = {name: ROOT / "requirements" / f"{name}.txt" for name in CARRIED}
LAMBDA_LIMIT = 250 * 1024**2
ARM64 = 0xB7
GLIBC = re.compile(rb"GLIBC_2\.([0-9]+)")
GLIBC_OF_LAMBDA = 34
"""Of Amazon Linux 2023, on which Lambda's Python 3.14 stands: 2.34."""


def _files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


def test_an_asset_holds_the_source_and_nothing_that_is_not_needed(aws: Deployment) -> None:
    source = {str(path.relative_to(FUNCTIONS)) for path in FUNCTIONS.rglob("*.py")}
    assert _files(aws.asset("create_job")) == source | {"installed.txt", "modes.txt"}


def test_only_the_functions_that_use_them_carry_duckdb_and_numpy(aws: Deployment) -> None:
    pins = {name: (aws.asset(name) / "installed.txt").read_text() for name in aws.functions}
    assert {pins.pop(name) for name in ("prepare_part", "deduplicate_part", "write_results")} == {"data.txt"}
    assert set(pins.values()) == {"functions.txt"}


def test_the_sandbox_starts_the_runtime_client_of_aws(aws: Deployment, sandbox: Deployment) -> None:
    bootstrap = sandbox.asset("create_job") / "bootstrap"
    assert os.access(bootstrap, os.X_OK)
    assert bootstrap.read_text().splitlines() == [
        "#!/bin/sh",
        'exec "$SANDBOX_PYTHON" -m awslambdaric "$_HANDLER"',
    ]
    assert not (aws.asset("create_job") / "bootstrap").exists()


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_pin_has_a_wheel_for_lambda(tmp_path: Path, name: str) -> None:
    assemble(REQUIREMENTS[name], Platform.of(Settings()), tmp_path)
    libraries = list(tmp_path.rglob("*.so*"))
    assert libraries
    for library in libraries:
        content = library.read_bytes()
        assert int.from_bytes(content[18:20], "little") == ARM64, library.name
        assert max(map(int, GLIBC.findall(content)), default=0) <= GLIBC_OF_LAMBDA, library.name
        assert library.name.partition(".cpython-")[2] in ("", "314-aarch64-linux-gnu.so"), library.name
    assert sum(path.stat().st_size for path in tmp_path.rglob("*")) < LAMBDA_LIMIT


def test_an_asset_is_the_same_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = Platform.of(Settings())
    for build in ("first", "second"):
        monkeypatch.setattr(bundling, "CACHE", tmp_path / "cache" / build)
        assemble(REQUIREMENTS["functions"], target, tmp_path / build)
    first, second = tmp_path / "first", tmp_path / "second"
    assert _files(first) == _files(second)
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in _files(first))


@pytest.mark.parametrize("umask", [0o077, 0o027, 0o002])
def test_lambda_can_read_every_file_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int
) -> None:
    monkeypatch.setattr(bundling, "CACHE", tmp_path / "cache")
    before = os.umask(umask)
    try:
        assemble(REQUIREMENTS["functions"], Platform.of(Settings(sandbox=True)), tmp_path / "asset")
    finally:
        os.umask(before)
    modes = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "asset").rglob("*")}
    assert modes.pop(tmp_path / "asset" / "bootstrap") == 0o755
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o755}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o644}


def test_an_upload_of_unreadable_files_is_replaced(aws: Deployment) -> None:
    """The CDK uploads an asset only if its hash is new, and the hash leaves modes out: the content must tell."""
    assert "0644" in (aws.asset("create_job") / "modes.txt").read_text()


def test_two_may_install_the_same_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(_: Path, __: Platform, directory: Path) -> None:
        directory.mkdir()
        (directory / "library.py").touch()

    def fill_as_the_second(*given: Any) -> None:
        monkeypatch.setattr(bundling, "_install", fill)
        assemble(REQUIREMENTS["functions"], target, tmp_path / "first")
        fill(*given)

    target = Platform.of(Settings())
    monkeypatch.setattr(bundling, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(bundling, "_install", fill_as_the_second)
    assemble(REQUIREMENTS["functions"], target, tmp_path / "second")
    assert _files(tmp_path / "first") == _files(tmp_path / "second")


def test_the_sandbox_asset_runs_on_this_machine(tmp_path: Path) -> None:
    assemble(REQUIREMENTS["data"], Platform.of(Settings(sandbox=True)), tmp_path)
    program = "import google_crc32c, numpy; print(google_crc32c.__file__, numpy.__file__)"
    outcome = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(where.startswith(str(tmp_path)) for where in outcome.stdout.split())


def test_an_installation_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundling, "CACHE", tmp_path / "cache")
    unpinned = tmp_path / "unpinned.txt"
    unpinned.write_text("urllib3\n")
    with pytest.raises(RuntimeError, match=r"Installing unpinned.txt failed:\n.*--require-hashes"):
        assemble(unpinned, Platform.of(Settings()), tmp_path / "asset")
    assert not list((tmp_path / "cache").iterdir())
