"""Where a command's words go: the answer to stdout, all else to stderr."""

import json
import sys
from typing import Any

from rich.console import Console


def answer() -> Console:
    """Stdout; in a pipe or a file lines are as long as they are."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200
    return console


def notes() -> Console:
    """Stderr, where lines are as long as they are."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def progress() -> Console:
    """Stderr, where bars move and lines fit the screen."""
    return Console(stderr=True, highlight=False)


def print_json(document: Any) -> None:
    """Prints one document to stdout."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
