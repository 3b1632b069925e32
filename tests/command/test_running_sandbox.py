import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import get_args

import pytest

from xcompliance.errors import CommandError
from xcompliance.running_sandbox import announce, find_sandbox, stop_sandbox, the_only_one
from xcompliance.sandbox.simulator import settings
from xcompliance.sandbox_command import Generation

from .conftest import Invoke

HANDLE = {"region": "us-east-1"}
KEEP_UP = """
import signal, sys
from pathlib import Path
from xcompliance.running_sandbox import announce, the_only_one
from xcompliance.signals import stoppable
folder = Path(sys.argv[1])
try:
    with stoppable(), the_only_one(folder):
        announce({"region": "us-east-1"}, folder)
        signal.pause()
except KeyboardInterrupt:
    (folder / "cleaned-up").touch()
"""


def start(folder: Path) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen([sys.executable, "-c", KEEP_UP, str(folder)])
    deadline = time.monotonic() + 30
    while find_sandbox(folder) is None:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def test_a_sandbox_is_found_while_it_is_up(tmp_path: Path) -> None:
    assert find_sandbox(tmp_path) is None
    with the_only_one(tmp_path):
        assert find_sandbox(tmp_path) is None
        announce(HANDLE, tmp_path)
        assert find_sandbox(tmp_path) == HANDLE
        assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600
    assert find_sandbox(tmp_path) is None
    assert not (tmp_path / "state.json").exists()


def test_there_is_one_at_most(tmp_path: Path) -> None:
    with the_only_one(tmp_path), pytest.raises(CommandError, match="up already"), the_only_one(tmp_path):
        pass


def test_who_looks_for_it_is_not_taken_for_one(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("a+") as look:
        fcntl.flock(look, fcntl.LOCK_EX)
        threading.Timer(0.3, fcntl.flock, (look, fcntl.LOCK_UN)).start()
        with the_only_one(tmp_path):
            pass


def test_it_is_stopped_from_outside_and_cleans_up(tmp_path: Path) -> None:
    process = start(tmp_path)
    stop_sandbox(tmp_path)
    assert process.wait(10) == 0
    assert (tmp_path / "cleaned-up").exists()
    with pytest.raises(CommandError, match="No sandbox is up"):
        stop_sandbox(tmp_path)


def test_what_a_killed_sandbox_has_left_misleads_nobody(tmp_path: Path) -> None:
    process = start(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert (tmp_path / "state.json").exists()
    assert find_sandbox(tmp_path) is None
    with the_only_one(tmp_path):
        pass


@pytest.mark.parametrize("arguments", [("--context", "nonsense"), ("--events", "/nonexistent"), ("--generation", "x")])
def test_mistakes_are_told_before_anything_starts(invoke: Invoke, arguments: tuple[str, ...]) -> None:
    result = invoke("sandbox", "up", *arguments)
    assert result.exit_code == 2
    assert arguments[1] in result.stderr


def test_the_generations_are_the_simulators() -> None:
    assert get_args(Generation) == settings.GENERATIONS
