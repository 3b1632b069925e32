"""Which processes a process has started, and which of them still run."""

from contextlib import suppress

import psutil


def descendants() -> set[int]:
    """Return the PIDs of this process's children, and theirs in turn."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


def alive(pids: set[int]) -> set[int]:
    """Return those PIDs whose process runs. One that has ended may stay a zombie until its parent has looked."""
    return {pid for pid in pids if _runs(pid)}


def _runs(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
