"""Index Results: writes one item per affected ID to DynamoDB, as many as the invocation's time allows."""

from typing import Any

from adapters import objects, results_index, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.clock import time_text
from compliance.results import outranking, parse_line
from compliance.runs import PartRef, raw_key

RESERVE_SECONDS = 60
"""Kept at most of an invocation's time for the block under way; a third where that is less."""


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference and the ``offset`` in bytes to go on from; returns the next one and ``complete``."""
    ref = PartRef.of(event)
    part = runs_table.get_part_with_job(ref)
    reserve = min(RESERVE_SECONDS, clock.remaining() / 3)
    offset = int(event["offset"])
    if offset < part["result_bytes"]:
        for lines in objects.read_lines(raw_key(ref.run_id, ref.part), offset):
            records = [record for line in lines if (record := parse_line(line)) is not None]
            results_index.write(part, outranking(records).values())
            offset += sum(map(len, lines))
            if clock.remaining() <= reserve and offset < part["result_bytes"]:
                return {"complete": False, "offset": offset}
    done = {"status": "complete", "indexed_at": time_text(clock.now()), "error": None, "error_message": None}
    runs_table.update_part(ref, job=part["job_name"], **done)
    return {"complete": True, "offset": offset}
