"""Mistakes that a person can put right, told in a sentence and without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape

from xcompliance.sandbox.processes import SandboxError

FAILED = 1
"""Exit status: a run failed or is incomplete, something is wrong, a figure disagrees, or the sandbox did not start."""
MISUSED = 2
"""Exit status: the command could not do what was asked, and nothing was checked."""
INTERRUPTED = 130
"""Exit status: Ctrl-C, as shells have it."""


class CommandError(Exception):
    """What was asked cannot be done; the message says why and what to do."""


class OutcomeError(Exception):
    """What was asked was done, and did not end well; the message says how."""


@contextmanager
def explained() -> Iterator[None]:
    """Turns a failure that has a known cause into a message on stderr and an exit status; Ctrl-C needs no message."""
    try:
        yield
    except (OutcomeError, SandboxError) as error:
        raise _exit(str(error), FAILED) from None
    except CommandError as error:
        raise _exit(str(error), MISUSED) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        from xcompliance.aws_errors import AwsError, sentence  # noqa: PLC0415 -- takes a second

        if not isinstance(error, AwsError):
            raise
        raise _exit(sentence(error), MISUSED) from None


def _exit(message: str, status: int) -> typer.Exit:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]error:[/] {escape(message)}")
    return typer.Exit(status)
