"""``xcompliance watch``."""

from xcompliance.commands.options import Json, Prefix, Run


def watch(run: Run, prefix: Prefix = None, as_json: Json = False) -> None:
    """Follow a run to its end; Ctrl-C stops the watching, and not the run."""
    from xcompliance import target
    from xcompliance.commands.endings import follow
    from xcompliance.runs import get_run
    from xcompliance.submit import submission_of

    stack = target.stack_of(prefix)
    follow(stack, submission_of(get_run(stack, run)), as_json=as_json)
