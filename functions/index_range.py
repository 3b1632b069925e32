"""Index Range: writes the records of one rank in one range of a long answer to the results index."""

from dataclasses import asdict
from typing import Any

from adapters import objects, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.results_index import ResultsIndex
from compliance.errors import AwsUnavailable
from compliance.indexing import Counts
from compliance.results import rank_of, records_in
from compliance.runs import PartRef, raw_key

RESERVE_SECONDS = 20
"""Kept at most of an invocation's time for the requests under way; a third where that is less."""

STRIDE_BYTES = 1 << 19
"""What is held in memory at once, and what is done again when time is up in the middle of it: about 4,000 records."""


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a ``Range``; returns its ``Outcome``: how far it came in the invocation's time, and the counts up to there.

    Raises AwsUnavailable when the table does not take even the first stride in time.
    """
    ref = PartRef.of(event)
    part = runs_table.get_part_with_job(ref)
    index = ResultsIndex(part, event["open_until"], clock, min(RESERVE_SECONDS, clock.remaining() / 3))
    key, start, end = raw_key(ref.run_id, ref.part), int(event["start"]), int(event["end"])
    counts = Counts()
    while start < end:
        stop = min(start + STRIDE_BYTES, end)
        records = records_in(objects.lines_between(key, start, stop))
        try:
            counts += index.write(record for record in records if rank_of(record.action) == event["rank"])
        except AwsUnavailable:
            if start == event["start"]:
                raise
            break
        start = stop
    return {"began": int(event["start"]), "start": start, "end": end} | asdict(counts)
