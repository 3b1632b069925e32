"""Stops a run that goes on."""

from rich.console import Console
from rich.prompt import Confirm

from xcompliance.errors import CommandError
from xcompliance.records import RunRecord
from xcompliance.stack import Stack


def cancel(stack: Stack, run: RunRecord, *, confirmed: bool) -> None:
    """Stops the run's execution; Settle Execution then cancels its job at X, frees the turn and ends the run.

    Asks first, unless that is ``confirmed``. Raises CommandError for a run that has ended, and for any answer but yes.
    """
    if run.has_ended:
        raise CommandError(f"The run {run.run_id} has ended: it is {run.status}, and there is nothing to stop.")
    if not (confirmed or _is_wanted(run)):
        raise CommandError("Nothing was stopped: the run goes on.")
    stack.step_functions.stop_execution(
        executionArn=run.execution_arn, error="Cancelled", cause="Stopped by: xcompliance cancel"
    )


def _is_wanted(run: RunRecord) -> bool:
    try:
        return Confirm.ask(f"Stop the run {run.run_id}?", console=Console(stderr=True, highlight=False), default=False)
    except EOFError:
        raise CommandError("Nobody is there to confirm it: --yes stops the run without a question.") from None
