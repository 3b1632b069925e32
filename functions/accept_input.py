"""Accept Input: accounts for every line of the input before a job is created, and refuses what is no file of IDs."""

from functools import partial
from typing import Any

from adapters import rounded_ids, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.settings import settings
from compliance import errors
from compliance.acceptance import Acceptance
from compliance.attempts import Attempt
from compliance.clock import time_text


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id``, an ``Attempt`` and ``prepared``, what came of the parts: ``error`` and ``cause`` if failed.

    Returns the numbers of the ``parts`` that hold an ID and are still to be checked. Raises the first part's error,
    PartTooLarge for too many of them, UnsupportedInput if rows of a Parquet file are missing, or InputRejected,
    NothingToCheck or RoundedIds for the whole.
    """
    for outcome in event["prepared"]:
        if "error" in outcome:
            message = errors.message_of(outcome["error"], outcome["cause"])
            raise errors.named(outcome["error"], message)
    parts = runs_table.list_parts(event["run_id"])
    run = runs_table.get_run(event["run_id"])
    accepts_rounded = partial(rounded_ids.are_accepted, run)
    found = Acceptance(run["type"], parts, run.get("warnings", []), run.get("intact", ""), accepts_rounded)
    found.check()
    attempt = Attempt.of(event)
    runs_table.update_run(event["run_id"], attempt=attempt, prepared_at=time_text(clock.now()), **found.said())
    found.judge(settings().reject_limit_percent)
    runs_table.update_run(event["run_id"], attempt=attempt, status="checking")
    return {"parts": [part["part"] for part in parts if part["accepted"] and part["status"] != "complete"]}
