"""Which processes a process has started, by the table that every POSIX system prints alike."""

import os
import subprocess


def descendants() -> set[int]:
    """The children of this process, and theirs in turn."""
    parents = {int(pid): int(parent) for pid, parent, _ in _table()}
    found: set[int] = set()
    young = {os.getpid()}
    while young:
        young = {pid for pid, parent in parents.items() if parent in young} - found
        found |= young
    return found


def alive(pids: set[int]) -> set[int]:
    """Those of the processes that run; one that has ended may stay in the table until its parent has looked."""
    return {int(pid) for pid, _, state in _table() if int(pid) in pids and not state.startswith("Z")}


def _table() -> list[list[str]]:
    """PID, parent and state of every process."""
    command = ["ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "stat="]
    return [
        line.split() for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    ]
