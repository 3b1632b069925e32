"""The sandbox that is up: where it is written down, and how other commands find and stop it.

A lock that the kernel drops with its process tells whether it runs; a file left over from a crash misleads nobody.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from xcompliance.errors import CommandError
from xcompliance.sandbox.deployment import ROOT

FOLDER = ROOT / ".sandbox"
STOPS_WITHIN_SECONDS = 60.0
LOOKS_WITHIN_SECONDS = 1.0


@contextmanager
def the_only_one(folder: Path = FOLDER) -> Iterator[None]:
    """Holds the place of the one sandbox that may be up; raises CommandError when it is taken."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        # Whoever looks for the sandbox has the lock, too, for a moment.
        deadline = time.monotonic() + LOOKS_WITHIN_SECONDS
        while not _lock(lock):
            if time.monotonic() > deadline:
                raise CommandError("A sandbox is up already. Stop it with: xcompliance sandbox down")
            time.sleep(0.05)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            (folder / "state.json").unlink(missing_ok=True)
            lock.truncate(0)


def announce(handle: Mapping[str, str], folder: Path = FOLDER) -> None:
    """Tells other commands where the sandbox is; only its owner may read it."""
    state = folder / "state.json"
    fresh = folder / "state.json.new"
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(handle, indent=2) + "\n")
    fresh.replace(state)


def find_sandbox(folder: Path = FOLDER) -> dict[str, str] | None:
    """The handle of the sandbox that is up and ready; None when there is none."""
    if _holder(folder) is None:
        return None
    try:
        handle: dict[str, str] = json.loads((folder / "state.json").read_text())
    except FileNotFoundError:
        return None
    return handle


def stop_sandbox(folder: Path = FOLDER) -> None:
    """Ends the sandbox that is up and waits for it; raises CommandError when there is none."""
    pid = _holder(folder)
    if pid is None:
        raise CommandError("No sandbox is up.")
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOPS_WITHIN_SECONDS
    while _holder(folder) is not None:
        if time.monotonic() > deadline:
            raise CommandError(f"The sandbox does not stop. Its process is {pid}.")
        time.sleep(0.1)


def _holder(folder: Path) -> int | None:
    """The process that holds the lock; None when nobody does."""
    try:
        with (folder / "lock").open("r+") as lock:
            if _lock(lock):
                return None
            text = lock.read()
    except FileNotFoundError:
        return None
    return int(text) if text else None


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
