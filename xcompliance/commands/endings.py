"""How a run that was followed is shown at its end."""

from typing import TYPE_CHECKING

from xcompliance import report
from xcompliance.commands.output import answer, print_json
from xcompliance.errors import OutcomeError
from xcompliance.runs import get_run

if TYPE_CHECKING:
    from xcompliance.records import RunRecord
    from xcompliance.stack import Stack


def show_run(stack: "Stack", run: "RunRecord", *, as_json: bool) -> None:
    """Prints all there is to say about a run."""
    if as_json:
        print_json(run.as_json())
    else:
        report.show(answer(), stack, run)


def show_end(stack: "Stack", run: "RunRecord", *, as_json: bool) -> None:
    """Shows a run that has ended; raises OutcomeError when that was not well."""
    show_run(stack, get_run(stack, run.run_id), as_json=as_json)
    if run.status == "failed":
        raise OutcomeError(f"The run has failed: {run.error_message or run.error}")
    if run.status == "skipped":
        raise OutcomeError(*run.warnings)
