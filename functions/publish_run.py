"""Publish Run: tells the event bus how a run has ended."""

from typing import Any

from adapters import event_bus, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.clock import time_text


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id``, ``execution_arn`` and the run's ``summary``."""
    publish(event["run_id"], event["execution_arn"], event["summary"], clock)
    return {}


def publish(run_id: str, execution_arn: str, summary: dict[str, Any], clock: LambdaClock) -> None:
    """Tells of a run's end, then writes down that it was told: twice is better than never."""
    event_bus.publish(summary)
    runs_table.update_run(run_id, owner=execution_arn, told_at=time_text(clock.now()))
