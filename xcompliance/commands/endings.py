"""How a run that was followed is shown at its end."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from xcompliance import report
from xcompliance.commands.output import answer, print_json, progress
from xcompliance.errors import OutcomeError
from xcompliance.progress import display
from xcompliance.runs import get_run
from xcompliance.watch import watch

if TYPE_CHECKING:
    from xcompliance.records import RunRecord
    from xcompliance.stack import Stack
    from xcompliance.submit import Submission


def show_run(stack: "Stack", run: "RunRecord", *, as_json: bool) -> None:
    """Prints all there is to say about a run."""
    if as_json:
        print_json(run.as_json())
    else:
        report.show(answer(), stack, run)


def show_start(submission: "Submission", *, as_json: bool) -> None:
    """Tells which run has been started."""
    if as_json:
        print_json(asdict(submission))
    else:
        answer().print(f"The run is {submission.run_id}. Look at it with: xcompliance show {submission.run_id}")


def follow(stack: "Stack", submission: "Submission", *, as_json: bool) -> None:
    """Follows a run to its end and shows it; raises OutcomeError as ``show_end``."""
    with display(progress()) as shown:
        (ended,) = watch(stack, [submission], shown)
    show_end(stack, ended, as_json=as_json)


def show_end(stack: "Stack", run: "RunRecord", *, as_json: bool) -> None:
    """Shows a run that has ended; raises OutcomeError when that was not well."""
    show_run(stack, get_run(stack, run.run_id), as_json=as_json)
    if run.status == "failed":
        raise OutcomeError(f"The run has failed: {run.error_message or run.error}")
    if run.status == "skipped":
        raise OutcomeError(*run.warnings)
