"""Says what is happening now: as moving bars on a terminal, as lines with the time anywhere else."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple, Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from xcompliance.text import duration

LINE_EVERY_SECONDS = 5.0


class Doing(NamedTuple):
    """What is being done, and how far it is: ``uploading``, ``4.2 MB of 5.3 MB``. ``done`` is from 0 to 1."""

    phase: str
    detail: str = ""
    done: float = 0.0

    def __str__(self) -> str:
        return f"{self.phase}, {self.detail}" if self.detail else self.phase


class Display(Protocol):
    """Where progress is shown; a name stands for one line of work."""

    def show(self, name: str, doing: Doing) -> None:
        """Tells how the work stands now."""

    def warn(self, name: str, warning: str) -> None:
        """Tells what its owner should look at."""


def display(console: Console) -> AbstractContextManager[Display]:
    """What fits the console."""
    return _bars(console) if console.is_terminal else _lines(console)


@contextmanager
def _bars(console: Console) -> Iterator[Display]:
    columns = (
        SpinnerColumn("line"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        _Elapsed(),
        TextColumn("{task.fields[doing]}", style="dim"),
    )
    with Progress(*columns, console=console) as progress:
        yield _Bars(progress)


class _Elapsed(ProgressColumn):
    def render(self, task: Task) -> Text:
        seconds = task.finished_time if task.finished else task.elapsed
        return Text(f"{seconds or 0:.0f} s".rjust(6))


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, name: str, doing: Doing) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=1.0, doing="")
        self._progress.update(self._tasks[name], completed=doing.done, doing=str(doing))

    def warn(self, name: str, warning: str) -> None:
        self._progress.console.print(f"[yellow]Warning[/]  {escape(f'{name}: {warning}')}", soft_wrap=True)


@contextmanager
def _lines(console: Console) -> Iterator[Display]:
    yield _Lines(console)


class _Lines:
    """Prints when a phase begins, and every few seconds in between."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._shown: dict[str, tuple[Doing, float]] = {}

    def show(self, name: str, doing: Doing) -> None:
        now = time.monotonic()
        last, at = self._shown.get(name, (Doing(""), 0.0))
        if last.phase != doing.phase or (str(last) != str(doing) and now - at >= LINE_EVERY_SECONDS):
            self._shown[name] = doing, now
            self._print(now, f"{name}: {doing}")

    def warn(self, name: str, warning: str) -> None:
        self._print(time.monotonic(), f"{name}: warning: {warning}")

    def _print(self, now: float, text: str) -> None:
        self._console.print(f"{now - self._began:7.1f} s  {text}", soft_wrap=True, markup=False)


class Steps:
    """One thing after the other: each step ends when the next begins, or with the context."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._step: tuple[str, float] | None = None
        self._status = console.status("", spinner="line")

    def say(self, step: str) -> None:
        """Begins a step."""
        self.close()
        self._step = step, time.monotonic()
        if self._console.is_terminal:
            self._status.update(f"{step} ...")
            self._status.start()
        else:
            self._console.print(f"{step} ...", markup=False)

    def close(self) -> None:
        """Ends the step."""
        self._status.stop()
        if self._step is not None and self._console.is_terminal:
            step, began = self._step
            self._console.print(f"[green]done[/]  {step}  [dim]{duration(time.monotonic() - began)}[/]")
        self._step = None

    def __enter__(self) -> "Steps":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._step = None
        self.close()
