"""Find Duplicates: asks Athena which IDs stand in several parts of a run, and comes back until it has answered."""

from functools import cache, partial
from typing import Any

from adapters import athena, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.duplicates import question, to_deduplicate


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id``, ``entered_at`` and the ``query`` that it returned the last time, which is empty at first.

    Returns whether the search is ``complete``, or else its ``query`` and the ``wait_seconds`` until it is to be asked
    about again. In the end, ``parts`` are the numbers of those to look at, and ``duplicates`` the key of the answer.

    Raises QueryFailed when there is none.
    """
    # While Athena works, nobody needs them.
    parts = cache(partial(runs_table.list_parts, event["run_id"]))
    if not event["query"] and not to_deduplicate(parts()):
        return {"complete": True, "query": {}, "wait_seconds": 0, "parts": [], "duplicates": ""}
    # A state that is tried again has been entered once.
    seed = f"{event['run_id']}\n{event['entered_at']}"
    query = athena.follow(
        event["query"], clock, seed, lambda _: question(event["run_id"], (part["part"] for part in parts()))
    )
    return {
        "complete": query.is_answered,
        "query": query.state,
        "wait_seconds": query.wait_seconds,
        "parts": to_deduplicate(parts()) if query.is_answered else [],
        "duplicates": query.key if query.is_answered else "",
    }
