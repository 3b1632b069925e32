"""``xcompliance submit``."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xcompliance.commands.options import AcceptRounded, Column, Json, Prefix, Type
from xcompliance.commands.output import notes, progress
from xcompliance.errors import CommandError
from xcompliance.text import size

if TYPE_CHECKING:
    from compliance.runs import JobType
    from xcompliance.input_settings import InputSettings
    from xcompliance.progress import Display


def submit(
    source: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="A file of post or user IDs, or a folder, which becomes one run."),
    ],
    *,
    job_type: Type,
    column: Column = None,
    accept_rounded: AcceptRounded = False,
    name: Annotated[
        str | None, typer.Option(metavar="KEYNAME", show_default="the file's name", help="Object name in the inbox.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the run to its end.")] = False,
    inspected: Annotated[
        bool, typer.Option("--inspect/--no-inspect", help="Inspect the file first, and stop if its run would fail.")
    ] = True,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Put a file of IDs, or a folder of files, into the inbox, which starts a run."""
    from xcompliance import target
    from xcompliance.commands.endings import show_end, show_start
    from xcompliance.input_settings import InputSettings
    from xcompliance.progress import display
    from xcompliance.submit import check, path_of, submit
    from xcompliance.watch import watch

    path = path_of(source, job_type, name)
    length = check(path)
    stack = target.stack_of(prefix)
    with display(progress()) as shown:
        if inspected:
            settings = InputSettings.of(stack.outputs, stack.name)
            settings = replace(settings, rounded_ids="warn") if accept_rounded else settings
            _inspect(path, job_type, column, settings, shown, name=name)
        sent = _Sent(shown, length)
        submission = submit(stack, path, job_type, name, sent, column=column, accept_rounded=accept_rounded)
        run = watch(stack, [submission], shown)[0] if wait else None
    if run is not None:
        show_end(stack, run, as_json=as_json)
    else:
        show_start(submission, as_json=as_json)


def _inspect(
    path: Path,
    job_type: "JobType",
    column: str | None,
    settings: "InputSettings",
    shown: "Display",
    *,
    name: str | None,
) -> None:
    """Warns of what the run would warn of; raises CommandError if the run would fail."""
    from xcompliance.inspecting import inspect_path
    from xcompliance.inspection_view import show_rejects

    look = inspect_path(path, job_type, column, settings, shown, name=name)
    for warning in look.result.warnings:
        shown.warn("inspect", warning)
    if look.result.outcome == "refused":
        show_rejects(notes(), look)
        raise CommandError(
            f"Nothing was submitted, as the run would fail with {look.result.error}: {look.result.message} "
            f"Judged by {settings.named}. --no-inspect submits the file all the same."
        )


class _Sent:
    """Shows how much of a file has reached the inbox."""

    def __init__(self, shown: "Display", length: int) -> None:
        self._shown, self._length, self._sent = shown, length, 0

    def __call__(self, count: int) -> None:
        from xcompliance.progress import Doing

        self._sent += count
        doing = Doing("sending", f"{size(self._sent)} of {size(self._length)}", self._sent / self._length)
        self._shown.show("inbox", doing)
