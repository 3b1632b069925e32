"""Prepare Part: writes one part's IDs, validated, normalized and each once, and what was rejected beside them."""

import json
from contextlib import ExitStack
from functools import partial
from typing import Any

from adapters import metrics, objects, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.id_lines import id_lines
from adapters.settings import settings
from adapters.spool import Spool
from compliance.accounting import Rows
from compliance.clock import time_text
from compliance.ids import Reject
from compliance.metrics import LINES_REJECTED
from compliance.plausibility import latest_id
from compliance.preparation import Prepared, prepare
from compliance.reading import Rejects, normalized
from compliance.runs import Part, PartRef, part_key, rejects_key, segments_key
from compliance.segments import Segment, segment_of


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

        rejected, rows = new_spool(), Rows()
        rejects = Rejects(partial(_list, part, rejected))
        listing = objects.lines_between(segments_key(part), part["segments_start"], part["segments_end"])
        read = partial(id_lines, job_type=part["type"], rows=rows)
        prepared = prepare(normalized(map(segment_of, listing), read, rejects), settings().part_bytes, new_spool)
        own, further = next(prepared), part["part"]
        written = _store(part, own, clock)
        for more in prepared:
            further += part["planned_parts"]
            another = runs_table.plan(part | {"part": further})
            _write_down(another, _store(another, more, clock), Rows())
        if rejects.listed:
            rejected.store(rejects_key(part))
        _write_down(part, written | {"reject_causes": dict(rejects.causes)}, rows)
    return {"part": ref.part}


def _write_down(part: Part, written: dict[str, Any], rows: Rows) -> None:
    counted = {"rows_read": rows.read, "rows_expected": rows.expected}
    if runs_table.prepare_part(part, **written, **counted) and written["rejected"]:
        metrics.tell({LINES_REJECTED: written["rejected"]}, part["run_id"])


def _list(part: Part, rejected: Spool, segment: Segment, line: Reject) -> None:
    row = {
        "run_id": part["run_id"],
        "part": part["part"],
        "key": segment.key,
        "range_start": segment.start,
        "line": line.line,
        "reason": line.reason,
        "text": line.text,
    }
    rejected.write(json.dumps(row).encode() + b"\n")


def _store(part: Part, prepared: Prepared[Spool], clock: LambdaClock) -> dict[str, Any]:
    """Writes the prepared object; returns what the part's record says of it. Its memory is free again then."""
    key = part_key(part["run_id"], part["part"])
    with prepared.store as store:
        store.store(key)
        return {
            "status": "prepared",
            "prepared_at": time_text(clock.now()),
            "object_key": key,
            "bytes": store.bytes,
            "crc32c": store.crc32c,
            **prepared.said(latest_id(clock.now())),
        }
