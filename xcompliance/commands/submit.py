"""``xcompliance submit``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xcompliance.commands.options import Json, Prefix, Type
from xcompliance.commands.output import progress
from xcompliance.text import size

if TYPE_CHECKING:
    from xcompliance.progress import Display


def submit(
    path: Annotated[Path, typer.Argument(help="A file of post or user IDs, or a folder, which becomes one run.")],
    *,
    job_type: Type,
    name: Annotated[str | None, typer.Option(metavar="KEYNAME", help="Its name in the inbox; its own.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the run to its end.")] = False,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Put a file of IDs, or a folder of files, into the inbox, which starts a run."""
    from xcompliance import target
    from xcompliance.commands.endings import show_end, show_start
    from xcompliance.progress import display
    from xcompliance.submit import check, submit
    from xcompliance.watch import watch

    length = check(path)
    stack = target.stack_of(prefix)
    with display(progress()) as shown:
        submission = submit(stack, path, job_type, name, _Sent(shown, length))
        run = watch(stack, [submission], shown)[0] if wait else None
    if run is not None:
        show_end(stack, run, as_json=as_json)
    else:
        show_start(submission, as_json=as_json)


class _Sent:
    """Shows how much of a file has reached the inbox."""

    def __init__(self, shown: "Display", length: int) -> None:
        self._shown, self._length, self._sent = shown, length, 0

    def __call__(self, count: int) -> None:
        from xcompliance.progress import Doing

        self._sent += count
        doing = Doing("sending", f"{size(self._sent)} of {size(self._length)}", self._sent / self._length)
        self._shown.show("inbox", doing)
