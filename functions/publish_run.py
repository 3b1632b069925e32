"""Publish Run: puts down for Athena how a run has ended, and tells the event bus."""

from typing import Any

from adapters import datasets_table, event_bus, objects, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.clock import time_text
from compliance.run_rows import run_row
from compliance.runs import Run, runs_key


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id``, ``execution_arn`` and the run's ``summary``."""
    publish(event["run_id"], event["execution_arn"], event["summary"], clock)
    return {}


def publish(run_id: str, execution_arn: str, summary: dict[str, Any], clock: LambdaClock) -> None:
    """Writes the run's row and tells of its end, then writes down that it was told: twice is better than never.

    Every end of a run goes through here. Raises RunTakenOver when the run has begun again in the meantime.
    """
    run = _write_row(run_id, execution_arn)
    if "dataset" in run and run["status"] == "complete":
        datasets_table.remember(run)
    event_bus.publish(summary)
    runs_table.update_run(run_id, owner=execution_arn, told_at=time_text(clock.now()))


def _write_row(run_id: str, execution_arn: str) -> Run:
    """The record is read after the row that it replaces was seen: an older end never takes a newer one's place."""
    etag = None
    while True:
        run = runs_table.get_ended_run(run_id, execution_arn)
        if objects.replace(runs_key(run), run_row(run), etag):
            return run
        etag = objects.etag_of(runs_key(run))
