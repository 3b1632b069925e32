"""Summarize Run: adds the parts up into the run's record and says how the run ended."""

from typing import Any

from adapters import runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.accounting import total_findings, total_indexed
from compliance.attempts import Attempt
from compliance.clock import time_text
from compliance.errors import PartsFailed
from compliance.runs import summary
from compliance.verification import count_unverified, with_unverified


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id`` and an ``Attempt``; returns the run's summary, with an ``error`` if a part is unchecked."""
    parts = [part for part in runs_table.list_parts(event["run_id"]) if part["accepted"]]
    unchecked = [part for part in parts if part["status"] != "complete"]
    ending: dict[str, Any] = {"status": "complete", "error": None, "error_message": None}
    if unchecked:
        first = unchecked[0]
        began = "execution_arn" in first
        silence = "its execution was stopped" if began else "Step Functions could not start its job"
        reason = first.get("error_message", silence)
        ending = {
            "status": "failed",
            "error": first.get("error", PartsFailed.__name__),
            "error_message": f"{len(unchecked)} of {len(parts)} parts are not checked; part {first['part']}: {reason}",
        }
    if unverified := count_unverified(parts):
        warnings = runs_table.get_run(event["run_id"]).get("warnings", [])
        ending["warnings"] = with_unverified(warnings, unverified, len(parts))
    run = runs_table.end_run(
        event["run_id"],
        Attempt.of(event),
        time_text(clock.now()),
        parts_complete=len(parts) - len(unchecked),
        parts_failed=len(unchecked),
        parts_unverified=unverified,
        **ending,
        **total_findings(parts),
        **total_indexed(parts),
    )
    return summary(run)
