"""Prepare Part: writes one part's IDs, validated, normalized and each once, and what was rejected beside them."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from adapters import objects, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.objects import Spool
from adapters.settings import settings
from compliance.clock import time_text
from compliance.ids import MAX_LINE, Normalizer, Reject
from compliance.kinds import of_ids
from compliance.plausibility import latest_id
from compliance.runs import Part, PartRef, part_key, rejects_key
from compliance.sources import cut_to_lines, gunzip

MAX_REJECTS = 100_000
"""Rejected lines of a part that are listed; all are counted. Bounds the disk that a file of garbage takes."""


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference; returns its number. The counts stand on the part's record.

    A part that was prepared before is left as it is, since its upload may have begun.
    """
    ref = PartRef.of(event)
    part = runs_table.get_part(ref.run_id, ref.part)
    if "prepared_at" in part:
        return {"part": ref.part}
    key = part_key(ref.run_id, ref.part)
    with Spool() as prepared, Spool() as rejects:
        normalizer = _prepare(part, prepared, rejects, clock.now())
        etag = prepared.store(key)
        if rejects.bytes:
            rejects.store(rejects_key(part))
        runs_table.update_part(
            ref,
            status="prepared",
            prepared_at=time_text(clock.now()),
            object_key=key,
            object_etag=etag,
            bytes=prepared.bytes,
            crc32c=prepared.crc32c,
            **normalizer.counts,
            **normalizer.oddities,
        )
    return {"part": ref.part}


def _prepare(part: Part, prepared: Spool, rejects: Spool, now: float) -> Normalizer:
    def reject(line: Reject) -> None:
        if normalizer.counts["rejected"] > MAX_REJECTS:
            return
        row = {"run_id": part["run_id"], "part": part["part"], **asdict(line)}
        rejects.write(json.dumps(row).encode() + b"\n")

    start, end = part["source_start"], part["source_end"]
    blocks = objects.source_blocks(part, max(0, start - 1))
    lines = _unpack(blocks) if part["is_gzip"] else cut_to_lines(blocks, start, end)
    normalizer = Normalizer(reject, is_beginning=start == 0, latest=latest_id(now))
    for block in normalizer.normalize(lines):
        prepared.write(block)
    return normalizer


def _unpack(blocks: Iterator[bytes]) -> Iterator[bytes]:
    return of_ids(gunzip(blocks, settings().part_bytes - MAX_LINE), "What the gzip file holds")
