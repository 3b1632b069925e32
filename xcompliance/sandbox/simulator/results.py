"""From an uploaded file of IDs to X's answer: NDJSON, in another order, with a blank line in the middle."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import SpooledTemporaryFile

from xcompliance.sandbox.simulator.objects import ObjectWriter, StoredObject
from xcompliance.sandbox.simulator.rule import affected, record_line, rule
from xcompliance.sandbox.simulator.settings import Generation, JobType
from xcompliance.sandbox.simulator.wire import BLOCK

Answers = Iterable[tuple[bytes, Sequence[bytes]]]
"""What was uploaded, and the lines, each with its newline, that answer it."""
Lookup = Callable[[list[bytes]], Answers]
"""Answers valid IDs; those without an answer are left out."""

_CLEAN = re.compile(rb"(?:[0-9]{1,19}+\n)*+")
_VALID_ID = re.compile(rb"[0-9]{1,19}")


def by_rule(job_type: JobType, generation: Generation) -> Lookup:
    """Answers by the documented rule, in the generation's dialect."""

    def lookup(ids: list[bytes]) -> Answers:
        for subject in affected(job_type, ids):
            if record := rule(job_type, subject.decode(), generation):
                yield subject, [record_line(record, generation)]

    return lookup


def by_events(path: Path) -> Lookup:
    """Answers with the records of an NDJSON file, as they are. Raises ValueError for a line without an ID."""
    events: dict[bytes, list[bytes]] = {}
    for number, text in enumerate(path.read_bytes().splitlines(), 1):
        if not text.strip():
            continue
        record = json.loads(text)
        if not isinstance(record, dict) or not isinstance(record.get("id"), str):
            raise ValueError(f"Line {number} of the events file is not a record with an id.")
        events.setdefault(record["id"].encode(), []).append(text + b"\n")
    return lambda ids: [(subject, events[subject]) for subject in ids if subject in events]


def answer(submission: StoredObject, lookup: Lookup, results: ObjectWriter) -> None:
    """Writes the answer to every uploaded line.

    An ID is answered once however often it was sent; a line that is no ID is answered with ``invalid_id``.
    """
    answered: set[bytes] = set()
    with SpooledTemporaryFile(BLOCK) as first, SpooledTemporaryFile(BLOCK) as second:
        spool, other = first, second
        for subject, records in _answers(submission, lookup):
            if subject not in answered:
                answered.add(subject)
                spool.writelines(records)
                spool, other = other, spool
        has_both = second.tell() > 0
        for file in (second, first):
            file.seek(0)
            while block := file.read(BLOCK):
                results.append(block)
            if file is second and has_both:
                results.append(b"\n")


def _answers(submission: StoredObject, lookup: Lookup) -> Iterator[tuple[bytes, Sequence[bytes]]]:
    with submission.content.open() as file:
        while block := file.read(BLOCK):
            ids, invalid = _sorted_out(block + file.readline())
            yield from lookup(ids)
            yield from ((line, [_invalid(line)]) for line in invalid)


def _sorted_out(block: bytes) -> tuple[list[bytes], list[bytes]]:
    """The valid IDs of a block of whole lines, and the lines that are none; blank ones are neither."""
    if _CLEAN.fullmatch(block):
        return block.split(b"\n")[:-1], []
    lines = [line.removesuffix(b"\r") for line in block.split(b"\n")]
    ids = [line for line in lines if _VALID_ID.fullmatch(line)]
    return ids, [line for line in lines if line.strip() and not _VALID_ID.fullmatch(line)]


def _invalid(line: bytes) -> bytes:
    return json.dumps({"id": line.decode(errors="replace"), "error": "invalid_id"}).encode() + b"\n"
