"""How much memory each Lambda function takes on the sandbox, where it is a process of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_LOOK_SECONDS = 0.05
_NAME = b"AWS_LAMBDA_FUNCTION_NAME="


@dataclass
class FunctionMemory:
    """The most bytes in memory that any process of each function has had, by the function's name."""

    peaks: dict[str, int] = field(default_factory=dict)
    _names: dict[str, str | None] = field(default_factory=dict, repr=False)

    def look(self) -> None:
        """Looks at all processes of this machine."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                name = self._name(process)
                if name is not None:
                    self.peaks[name] = max(self.peaks.get(name, 0), _peak_bytes(process))

    def _name(self, process: Path) -> str | None:
        """The function that a process is; None for any other."""
        if process.name not in self._names:
            variables = (process / "environ").read_bytes().split(b"\0")
            names = [each.removeprefix(_NAME).decode() for each in variables if each.startswith(_NAME)]
            self._names[process.name] = names[0] if names else None
        return self._names[process.name]


def _peak_bytes(process: Path) -> int:
    for line in (process / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    return 0


@contextmanager
def watched_functions() -> Iterator[FunctionMemory]:
    """Looks at the functions, twenty times a second, for as long as the context lasts."""
    memory, ended = FunctionMemory(), threading.Event()

    def watch() -> None:
        while not ended.wait(_LOOK_SECONDS):
            memory.look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield memory
    finally:
        ended.set()
        watcher.join()
