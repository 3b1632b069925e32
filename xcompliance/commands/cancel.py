"""``xcompliance cancel``."""

from typing import Annotated

import typer

from xcompliance.commands.options import Json, Prefix, Run
from xcompliance.commands.output import answer, print_json


def cancel(
    run: Run,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Stop a run that goes on; its job at X is cancelled, and the next in the queue takes its turn."""
    from xcompliance import target
    from xcompliance.cancel import cancel
    from xcompliance.runs import get_run

    stack = target.stack_of(prefix)
    found = get_run(stack, run)
    cancel(stack, found, confirmed=yes)
    if as_json:
        print_json({"run_id": found.run_id, "execution_arn": found.execution_arn})
        return
    answer().print(
        "The run is being stopped: its job at X is cancelled, and the next in the queue takes its turn.\n"
        f"Follow it to its end with: xcompliance watch {run}\nGo on with it later with: xcompliance retry {run}",
        soft_wrap=True,
    )
