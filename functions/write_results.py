"""Write Results: writes each record of X's answer, and the IDs that it answers for, to the tables that Athena reads."""

from typing import Any

from adapters import objects, runs_table
from adapters.checked_ids import write_checked_ids
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.results_table import write_results_table
from compliance.runs import PartRef, raw_key


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference; returns nothing but an empty object. The records' counts stand on the part's record."""
    ref = PartRef.of(event)
    part = runs_table.get_part_with_job(ref)
    answer = objects.blocks(raw_key(ref.run_id, ref.part)) if part["result_bytes"] else ()
    findings = write_results_table(part, answer)
    write_checked_ids(part)
    runs_table.update_part(ref, job=part["job_name"], until="indexed_at", **findings)
    return {}
