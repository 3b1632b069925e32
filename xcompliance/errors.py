"""Mistakes that a person can put right, told in a sentence and without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from xcompliance.sandbox.processes import SandboxError

FAILED = 1
"""Exit status: a run failed, a figure disagrees, or the sandbox did not start."""
MISUSED = 2
"""Exit status: the command could not do what was asked, and nothing was checked."""


class CommandError(Exception):
    """What was asked cannot be done; the message says why and what to do."""


class OutcomeError(Exception):
    """What was asked was done, and did not end well; the message says how."""


@contextmanager
def explained() -> Iterator[None]:
    """Turns a failure that has a known cause into a message on stderr and an exit status."""
    try:
        yield
    except (OutcomeError, SandboxError) as error:
        raise _exit(error, FAILED) from None
    except (CommandError, BotoCoreError, Boto3Error, ClientError) as error:
        raise _exit(error, MISUSED) from None


def _exit(error: Exception, status: int) -> typer.Exit:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]error:[/] {escape(str(error))}")
    return typer.Exit(status)
