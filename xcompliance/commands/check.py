"""``xcompliance check``."""

from dataclasses import asdict
from typing import Annotated

import typer

from xcompliance.commands.options import Json, Prefix
from xcompliance.commands.output import answer, print_json, progress


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
    from xcompliance.commands.endings import show_end
    from xcompliance.datasets import check
    from xcompliance.progress import display
    from xcompliance.watch import watch

    stack = target.stack_of(prefix)
    submission = check(stack, dataset, datetime.now(UTC))
    if wait:
        with display(progress()) as shown:
            (ended,) = watch(stack, [submission], shown)
        show_end(stack, ended, as_json=as_json)
    elif as_json:
        print_json(asdict(submission))
    else:
        answer().print(f"The run is {submission.run_id}. Look at it with: xcompliance show {submission.run_id}")
