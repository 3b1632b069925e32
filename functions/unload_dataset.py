"""Unload Dataset: has Athena write the IDs that a dataset's query finds, and comes back until they are there."""

from typing import Any

from adapters import athena, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.attempts import Attempt
from compliance.clock import time_text
from compliance.datasets import unloading


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id``, an ``Attempt``, ``entered_at`` and the ``query`` that it returned before, empty at first.

    Returns whether it is ``complete``, or else its ``query`` and the ``wait_seconds`` until it is to be asked about
    again. The run's key is the folder of the answer then; what was unloaded once is not unloaded again.

    Raises QueryFailed when Athena does not answer.
    """
    run = runs_table.get_run(event["run_id"])
    if "unloaded_at" in run:
        return {"complete": True, "query": {}, "wait_seconds": 0}

    def folder(name: str) -> str:
        # Athena writes into an empty folder only, so each try has its own.
        return f"{run['key']}{name}/"

    query = athena.follow(
        event["query"],
        clock,
        f"{run['run_id']}\n{event['entered_at']}",
        lambda name: unloading(run["query"], f"s3://{run['bucket']}/{folder(name)}"),
        run["database"],
    )
    if query.is_answered:
        runs_table.update_run(
            run["run_id"],
            attempt=Attempt.of(event),
            key=folder(query.state["name"]),
            unloaded_at=time_text(clock.now()),
        )
    return {"complete": query.is_answered, "query": query.state, "wait_seconds": query.wait_seconds}
