"""``xcompliance check``."""

from typing import Annotated

import typer

from xcompliance.commands.options import Json, Prefix


def check(
    dataset: Annotated[str, typer.Argument(help="A dataset's name, as `xcompliance datasets` lists it.")],
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the run to its end.")] = False,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Check a dataset now, as its schedule would."""
    from datetime import UTC, datetime

    from xcompliance import target
    from xcompliance.commands.endings import follow, show_start
    from xcompliance.datasets import check

    stack = target.stack_of(prefix)
    submission = check(stack, dataset, datetime.now(UTC))
    if wait:
        follow(stack, submission, as_json=as_json)
    else:
        show_start(submission, as_json=as_json)
