"""Publish Run: puts down for Athena how a run has ended, and tells the event bus."""

from decimal import Decimal
from typing import Any

from adapters import datasets_table, event_bus, metrics, objects, runs_table
from adapters.consumed import decimal
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.settings import settings
from compliance.attempts import Attempt
from compliance.clock import time_text
from compliance.errors import known
from compliance.events import run_ended
from compliance.metrics import COST_AWS, COST_X, RUNS_COMPLETED, RUNS_FAILED
from compliance.run_rows import run_row
from compliance.runs import Run, is_told, runs_key


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id``, an ``Attempt`` and the run's ``summary``."""
    publish(event["run_id"], Attempt.of(event), event["summary"], clock)
    return {}


def publish(run_id: str, attempt: Attempt, summary: dict[str, Any], clock: LambdaClock) -> None:
    """Writes the run's row and tells of its end, then writes down that it was told: twice is better than never.

    Every end of a run goes through here. Raises RunTakenOver when the run has begun again in the meantime.
    """
    run = _write_row(run_id, attempt)
    if "dataset" in run and run["status"] == "complete":
        datasets_table.remember(run)
    event_bus.publish(*run_ended(summary, settings().results_bucket))
    costs = _costs(run)
    runs_table.update_run(run_id, attempt=attempt, told_at=time_text(clock.now()), **costs)
    if not is_told(run):
        _tell(run)


def _write_row(run_id: str, attempt: Attempt) -> Run:
    """The record is read after the row that it replaces was seen: an older end never takes a newer one's place."""
    etag = None
    while True:
        run = runs_table.get_ended_run(run_id, attempt)
        if objects.replace(runs_key(run), run_row(run), etag):
            return run
        etag = objects.etag_of(runs_key(run))


def _costs(run: Run) -> dict[str, Decimal]:
    if "cost_aws_usd" not in run:
        return {}
    return {"told_aws_usd": decimal(run["cost_aws_usd"]), "told_x_usd": decimal(run["cost_x_usd"])}


def _tell(run: Run) -> None:
    """Counts the end; a run that was started again has cost what it has not yet cost when it ended the last time."""
    if run["status"] == "complete":
        metrics.tell({RUNS_COMPLETED: 1}, run["run_id"])
    if run["status"] == "failed":
        metrics.tell({RUNS_FAILED: 1}, run["run_id"], error=known(run["error"]))
    if "cost_aws_usd" in run:
        aws = run["cost_aws_usd"] - run.get("told_aws_usd", 0)
        x = run["cost_x_usd"] - run.get("told_x_usd", 0)
        metrics.tell({COST_AWS: aws, COST_X: x}, run["run_id"])
