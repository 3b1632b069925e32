"""Prepare Part: writes one part's IDs, validated, normalized and each once, and what was rejected beside them."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from adapters import objects, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.objects import Spool
from adapters.settings import settings
from compliance.clock import time_text
from compliance.ids import Reject
from compliance.kinds import of_ids
from compliance.normalizer import Normalizer
from compliance.plausibility import latest_id
from compliance.preparation import Prepared, prepare
from compliance.runs import Part, PartRef, part_key, rejects_key
from compliance.sources import cut_to_lines, gunzip

MAX_REJECTS = 100_000
"""Rejected lines of a part that are listed; all are counted. Bounds the disk that a file of garbage takes."""

MAX_UNPACKED = 5_000_000_000
"""Bytes that a packed file may hold: it cannot be cut, so one invocation reads all of it."""


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference; returns its number. The counts stand on the part's record.

    What does not fit into the part becomes further parts. The part's own record is written last: one that was prepared
    before is left as it is, since its upload may have begun.
    """
    ref = PartRef.of(event)
    part = runs_table.get_part(ref.run_id, ref.part)
    if "prepared_at" in part:
        return {"part": ref.part}
    with ExitStack() as stack:

        def new_spool() -> Spool:
            return stack.enter_context(Spool())

        rejects = new_spool()
        normalizer = Normalizer(_reject_into(rejects, part), is_beginning=part["source_start"] == 0)
        prepared = prepare(_lines(part), normalizer, settings().part_bytes, new_spool)
        own, further = next(prepared), part["part"]
        written = _store(part, own, clock)
        for more in prepared:
            further += part["planned_parts"]
            another = runs_table.plan(part | {"part": further})
            runs_table.prepare_part(another, **_store(another, more, clock))
        if rejects.bytes:
            rejects.store(rejects_key(part))
        runs_table.prepare_part(part, **written)
    return {"part": ref.part}


def _lines(part: Part) -> Iterator[bytes]:
    start, end = part["source_start"], part["source_end"]
    blocks = objects.source_blocks(part, max(0, start - 1))
    if part["is_gzip"]:
        return of_ids(gunzip(blocks, MAX_UNPACKED), "What the gzip file holds")
    return cut_to_lines(blocks, start, end)


def _reject_into(rejects: Spool, part: Part) -> Callable[[Reject], None]:
    listed = 0

    def reject(line: Reject) -> None:
        nonlocal listed
        if listed < MAX_REJECTS:
            row = {"run_id": part["run_id"], "part": part["part"], **asdict(line)}
            rejects.write(json.dumps(row).encode() + b"\n")
        listed += 1

    return reject


def _store(part: Part, prepared: Prepared[Spool], clock: LambdaClock) -> dict[str, Any]:
    """Writes the prepared object; returns what the part's record says of it. The disk is free again then."""
    key = part_key(part["run_id"], part["part"])
    with prepared.store as store:
        return {
            "status": "prepared",
            "prepared_at": time_text(clock.now()),
            "object_key": key,
            "object_etag": store.store(key),
            "bytes": store.bytes,
            "crc32c": store.crc32c,
            **prepared.counts,
            **prepared.oddities(latest_id(clock.now())),
        }
