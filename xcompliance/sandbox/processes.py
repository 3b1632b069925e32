"""Child processes that are always ended, with everything that they have started."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
LOG_TAIL = 2000
"""Characters of a log that an error quotes."""


class SandboxError(Exception):
    """A part of the sandbox did not start; the message says which, and quotes its log."""


@contextmanager
def running(
    name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, ready: Callable[[], T | None]
) -> Iterator[T]:
    """Runs a command in a process group of its own until the context ends; gives what ``ready`` says.

    ``ready`` is asked again and again, for a minute at most, until it returns something. Raises SandboxError when the
    process ends before that.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _await(name, process, log, ready)
    finally:
        end_group(process.pid)
        process.wait()


def _await(name: str, process: "subprocess.Popen[bytes]", log: Path, ready: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = ready()
        if answer is not None:
            return answer
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise SandboxError(f"The {name} did not start. Its log, {log}, ends with:\n{log.read_text()[-LOG_TAIL:]}")


def end_group(pid: int, grace: float = 1) -> None:
    """Ends a process group: asks, waits ``grace`` seconds, then insists."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            os.killpg(pid, 0)
            time.sleep(0.05)
        os.killpg(pid, signal.SIGKILL)
