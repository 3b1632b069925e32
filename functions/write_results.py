"""Write Results: writes every record of X's answer, typed, to the table that Athena reads, and counts them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapters import objects, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.parquet import write_parquet
from compliance.results import ResultRecord, no_findings, parse_line, tally
from compliance.runs import Part, PartRef, raw_key, results_key

RECORDS_PER_FILE = 200_000
"""Bounds the memory; about 4 MB of Parquet."""

BYTES_PER_FILE = 64 << 20
"""Of X's lines, in their usual length those of some 500,000 records: bounds the memory where lines are long."""


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference; returns nothing but an empty object.

    File names are numbered, so writing them again replaces them.
    """
    ref = PartRef.of(event)
    part = runs_table.get_part_with_job(ref)
    findings = no_findings()
    for number, batch in enumerate(_batches(part)):
        tally(findings, batch)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "records.parquet"
            write_parquet(file, part, batch)
            content = file.read_bytes()
        objects.write(results_key(part, number), content, objects.crc32c_of(content))
    runs_table.update_part(ref, job=part["job_name"], **findings)
    return {}


def _batches(part: Part) -> Iterator[list[ResultRecord]]:
    """The records of each file."""
    batch: list[ResultRecord] = []
    size = 0
    for line in _lines(part):
        if (record := parse_line(line)) is None:
            continue
        batch.append(record)
        size += len(line)
        if len(batch) == RECORDS_PER_FILE or size >= BYTES_PER_FILE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _lines(part: Part) -> Iterator[bytes]:
    if part["result_bytes"]:
        for lines in objects.read_lines(raw_key(part["run_id"], part["part"]), 0):
            yield from lines
