"""Deduplicate Part: takes out of a part the IDs that a lower part of the run holds too."""

from functools import partial
from typing import Any

from adapters import objects, prepared_part, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.spool import Spool
from compliance.clock import time_text
from compliance.deduplication import HEAD_BYTES, Answer, without
from compliance.duplicates import awaits_deduplication
from compliance.lines import Numbers
from compliance.plausibility import latest_id
from compliance.runs import Part, deduplicated_key


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``run_id``, ``part`` and ``duplicates``, the key of Athena's answer; returns the part's number.

    What is left is an object of its own: the prepared one stays as Athena has read it, so that the same question always
    has the same answer. The part's record is written once, and not when a job has begun with the part.
    """
    part = runs_table.get_part(event["run_id"], event["part"])
    if awaits_deduplication(part):
        gone = _share(event["duplicates"], part["part"])
        changes = _without(part, gone, clock) if len(gone) else {}
        done = {"deduplicated_at": time_text(clock.now()), "duplicate_across_parts": len(gone)}
        runs_table.deduplicate_part(part, **done, **changes)
    return {"part": part["part"]}


def _share(key: str, part: int) -> Numbers:
    head, size = objects.head_of(key, HEAD_BYTES)
    answer = Answer.of(head, size)
    start, end = answer.share_of(part, partial(objects.read, key))
    return answer.ids((start, end), objects.blocks(key, start, end) if start < end else [])


def _without(part: Part, gone: Numbers, clock: LambdaClock) -> dict[str, Any]:
    """Writes what is left of the part; returns what its record says of it."""
    key = deduplicated_key(part["run_id"], part["part"])
    with Spool() as spool:
        kept = without(part, prepared_part.blocks(part), gone, latest_id(clock.now()), spool)
        spool.store(key)
        return {
            "object_key": key,
            "object_etag": None,
            "bytes": spool.bytes,
            "crc32c": spool.crc32c,
            "accepted": kept.accepted,
            "duplicate": part["duplicate"] + len(gone),
            **kept.oddities,
        }
