"""``xcompliance retry``."""

from typing import Annotated

import typer

from xcompliance.commands.options import Json, Prefix
from xcompliance.commands.output import answer, print_json


def retry(
    run: Annotated[str, typer.Argument(help="A failed run's ID, as `xcompliance runs` lists it.")],
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the run to its end.")] = False,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Start a failed run again: parts that are checked are not checked again."""
    from xcompliance import target
    from xcompliance.commands.endings import follow
    from xcompliance.retry import await_start, retry
    from xcompliance.runs import get_run
    from xcompliance.submit import submission_of

    stack = target.stack_of(prefix)
    found = get_run(stack, run)
    execution_arn = retry(stack, found)
    if wait:
        await_start(stack, found, execution_arn)
        follow(stack, submission_of(found), as_json=as_json)
    elif as_json:
        print_json({"run_id": run, "execution_arn": execution_arn})
    else:
        answer().print(f"The run begins again. Look at it with: xcompliance show {run}")
