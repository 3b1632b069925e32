"""Claim Dataset: lets a run check its dataset while no other one does; otherwise it waits, or is skipped."""

from typing import Any

from adapters import datasets_table, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.attempts import Attempt
from compliance.clock import parse_time, time_text
from compliance.datasets import wait_seconds
from compliance.runs import summary


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id``, an ``Attempt`` and ``waits_since``; returns its ``standing``: claimed, waits or skipped.

    With it come ``wait_seconds`` until the next try, whether Athena is to be asked for the IDs (``unload``), and the
    ``summary`` of a run that was skipped, which has ended.
    """
    run = runs_table.get_run(event["run_id"])
    answer: dict[str, Any] = {"standing": "skipped", "wait_seconds": 0, "unload": "query" in run, "summary": {}}
    if run["status"] == "skipped":
        return answer | {"summary": summary(run)}
    standing, checking = datasets_table.claim(run)
    if standing == "skipped":
        run = runs_table.end_run(
            run["run_id"],
            Attempt.of(event),
            time_text(clock.now()),
            status="skipped",
            warnings=[f"Skipped, as the run {checking} was still checking this dataset."],
        )
        return answer | {"summary": summary(run)}
    waited = clock.now() - parse_time(event["waits_since"]).timestamp()
    return answer | {"standing": standing, "wait_seconds": wait_seconds(waited) if standing == "waits" else 0}
