"""Child processes: clients that are measured, and the servers that they talk to."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_LOOK_SECONDS = 0.01


class ClientFailed(Exception):
    """A client ended with an error, or did not upload what it was given; the message quotes what it said."""


@dataclass(frozen=True)
class Usage:
    """What a process has taken from start to end: seconds of CPU, user and system, and most bytes in memory.

    ``seconds`` are those that passed; ``said`` is what it printed.
    """

    cpu_seconds: float
    peak_bytes: int
    seconds: float
    said: str


def measure(command: Sequence[str], environment: Mapping[str, str], cores: Collection[int] = ()) -> Usage:
    """Runs a command to its end, on some ``cores`` or on all. CPU and memory are those of its children too.

    Raises ClientFailed.

    The peak is looked up while the process runs, as the one that ``wait4`` tells includes the memory of the process
    that started it.
    """
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(command, env=dict(environment), stdout=output, stderr=subprocess.STDOUT)
        if cores:
            os.sched_setaffinity(process.pid, cores)
        peak = pid = 0
        while pid == 0:
            peak = max(peak, _peak_bytes(process.pid))
            time.sleep(_LOOK_SECONDS)
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
        if process.returncode:
            raise ClientFailed(f"{' '.join(command)} ended with {process.returncode}:\n{said}")
    return Usage(usage.ru_utime + usage.ru_stime, peak, seconds, said)


def _peak_bytes(pid: int) -> int:
    """Of a process and of those that it has started, as far as they still run."""
    try:
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    own = sum(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM:"))
    return own + sum(_peak_bytes(int(child)) for child in children)


@dataclass
class Server:
    """A loopback server of this folder, while it runs."""

    url: str
    process: "subprocess.Popen[str]" = field(repr=False)

    def stop(self) -> list[str]:
        """Ends the server; returns the lines that it has printed."""
        output, _ = self.process.communicate()
        return output.splitlines()


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[Server]:
    """Runs a server until the context ends, or until it is stopped."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Server(f"http://127.0.0.1:{int(process.stdout.readline())}", process)
        if process.returncode is None:
            process.communicate()
