"""Accept Input: accounts for every line of the input before a job is created, and refuses what is no file of IDs."""

from typing import Any

from adapters import rounded_ids, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.settings import settings
from compliance import errors
from compliance.accounting import check_rows, judge, total_across_parts, total_causes, total_counts, total_oddities
from compliance.attempts import Attempt
from compliance.clock import time_text
from compliance.plausibility import warnings
from compliance.segments import check_count


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
    check_count(len(parts))
    check_rows(parts)
    counts = total_counts(parts)
    odd = total_oddities(parts)
    found = [*run.get("warnings", []), *warnings(run["type"], counts["accepted"], odd)]
    rounded, refusal = rounded_ids.judge(run, parts)
    attempt = Attempt.of(event)
    runs_table.update_run(
        event["run_id"],
        attempt=attempt,
        prepared_at=time_text(clock.now()),
        parts=len(parts),
        warnings=list(dict.fromkeys([*found, *rounded])),
        **counts,
        **total_across_parts(parts),
    )
    judge(counts, odd["headers"], settings().reject_limit_percent, total_causes(parts), run.get("intact", ""))
    if refusal:
        raise refusal
    runs_table.update_run(event["run_id"], attempt=attempt, status="checking")
    return {"parts": [part["part"] for part in parts if part["accepted"] and part["status"] != "complete"]}
