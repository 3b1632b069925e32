"""Find Duplicates: asks Athena which IDs stand in several parts of a run, and comes back until it has answered."""

from hashlib import sha256
from typing import Any

from adapters import athena, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.settings import settings
from compliance.duplicates import question, to_deduplicate
from compliance.errors import QueryFailed

TRIES = 3
"""Queries that Athena may fail in a row for a reason that passes."""

MAX_SECONDS = 4 * 3600
"""How long a query may take, with the time that it waits in Athena's queue."""


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id``, ``entered_at`` and the ``query`` that it returned the last time, which is empty at first.

    Returns whether the search is ``complete``, or else its ``query`` and the ``wait_seconds`` until it is to be asked
    about again. In the end, ``parts`` are the numbers of those to look at, and ``duplicates`` the key of the answer.

    Raises QueryFailed when there is none.
    """
    query = event["query"]
    if not query:
        return _start(event, clock, tries=1)
    now = athena.ask(query["id"])
    age = clock.now() - query["started_at"]
    if now.state == "SUCCEEDED":
        parts = to_deduplicate(runs_table.list_parts(event["run_id"]))
        return {"complete": True, "query": query, "wait_seconds": 0, "parts": parts, "duplicates": now.key}
    if now.state == "FAILED" and now.is_retryable and query["tries"] < TRIES:
        return _start(event, clock, query["tries"] + 1)
    if now.is_over or age > MAX_SECONDS:
        raise QueryFailed(
            f"Athena did not say which IDs stand in several parts: its query {query['id']} is {now.state}. The history "
            f"of workgroup {settings().athena_work_group} says why. Then start the run again; nothing was sent to X."
        )
    return _pending(query, wait_seconds=min(30, max(2, int(age) // 4)))


def _start(event: Event, clock: LambdaClock, tries: int) -> dict[str, Any]:
    parts = runs_table.list_parts(event["run_id"])
    if not to_deduplicate(parts):
        return {"complete": True, "query": {}, "wait_seconds": 0, "parts": [], "duplicates": ""}
    # A state that is tried again has been entered once.
    token = sha256(f"{event['run_id']}\n{event['entered_at']}\n{tries}".encode()).hexdigest()
    query_id = athena.start(question(event["run_id"], (part["part"] for part in parts)), token)
    return _pending({"id": query_id, "started_at": int(clock.now()), "tries": tries}, wait_seconds=2)


def _pending(query: dict[str, Any], wait_seconds: int) -> dict[str, Any]:
    return {"complete": False, "query": query, "wait_seconds": wait_seconds, "parts": [], "duplicates": ""}
