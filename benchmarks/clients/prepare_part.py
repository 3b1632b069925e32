"""Ours, as the function Prepare Part runs it: from S3 to S3, its record in DynamoDB. Arguments: LISTING...

Each listing is one of a run's segments: its name is that of the run, and each of its parts is prepared. Prints the
seconds that each invocation took, as JSON.
"""

import json
import sys
import time
from pathlib import Path

import prepare_part
from adapters import runs_table
from benchmarks.clients.ours import Invocation
from compliance.runs import Part
from compliance.segments import places


def main() -> None:
    """Prepares all parts, one after the other, in one execution environment."""
    took = []
    for listing in map(Path, sys.argv[1:]):
        ranges = list(places(listing.read_bytes()))
        for number, (start, end) in enumerate(ranges, 1):
            part = Part(
                run_id=listing.stem,
                part=number,
                type="tweets",
                status="planned",
                segments_start=start,
                segments_end=end,
                planned_parts=len(ranges),
                checked_on="2026-11-23",
            )
            runs_table.plan(part)
            began = time.perf_counter()
            prepare_part.handler({"run_id": listing.stem, "type": "tweets", "part": number}, Invocation())
            took.append(time.perf_counter() - began)
    print(json.dumps(took))


if __name__ == "__main__":
    main()
