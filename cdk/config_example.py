"""``config.example.yaml``: every setting with its sentence, its default and what it accepts."""

import sys
import textwrap
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

import yaml

from cdk.config import Settings

EXAMPLE_FILE: Final = "config.example.yaml"
WIDTH: Final = 110
HEAD: Final = """\
# Settings of a deployment: copy this file to config.yaml, and take the "#" from those that are to be other than the
# defaults, which stand here. For several deployments in an account have several such files with a prefix each, and
# name one: make deploy CONFIG=prod.yaml. What -c key=value says on the command line goes before the file.
"""


def example() -> str:
    """The text of the file; `python -m cdk.config_example` prints it."""
    return "\n".join([HEAD, *(line for each in fields(Settings) if each.name != "sandbox" for line in _lines(each))])


def _lines(each: Any) -> Iterator[str]:
    kind = each.metadata["kind"]
    for paragraph in (each.metadata["sentence"], f"Accepts {kind.accepts}."):
        yield from textwrap.wrap(paragraph, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    # Tags are kept as pairs and written as an object.
    value = dict(each.default) if isinstance(each.default, tuple) else each.default
    yield "#" + yaml.safe_dump({each.name: value}, width=1000).rstrip()
    yield ""


if __name__ == "__main__":
    sys.stdout.write(example())
