"""Which processes a process has started, by the table that every POSIX system prints alike."""

import os
import subprocess


def descendants(of: int | None = None) -> set[int]:
    """The children of a process, by default this one, and theirs in turn."""
    table = subprocess.run(["ps", "-A", "-o", "pid=", "-o", "ppid="], capture_output=True, text=True, check=True)
    parents = {int(pid): int(parent) for pid, parent in map(str.split, table.stdout.splitlines())}
    found: set[int] = set()
    young = {of or os.getpid()}
    while young:
        young = {pid for pid, parent in parents.items() if parent in young} - found
        found |= young
    return found


def alive(pids: set[int]) -> set[int]:
    """Those of the processes that exist."""
    return {pid for pid in pids if _is_alive(pid)}


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
