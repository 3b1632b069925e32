"""``xcompliance watch``."""

from xcompliance.commands.options import Json, Prefix, Run
from xcompliance.commands.output import progress


def watch(run: Run, prefix: Prefix = None, as_json: Json = False) -> None:
    """Follow a run to its end; Ctrl-C stops the watching, and not the run."""
    from xcompliance import target
    from xcompliance.commands.endings import show_end
    from xcompliance.progress import display
    from xcompliance.runs import get_run
    from xcompliance.submit import submission_of
    from xcompliance.watch import watch

    stack = target.stack_of(prefix)
    found = get_run(stack, run)
    with display(progress()) as shown:
        (ended,) = watch(stack, [submission_of(found)], shown)
    show_end(stack, ended, as_json=as_json)
