"""What must come out, worked out slowly and apart from the product: line by line, and by the simulator's rule."""

import gzip
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from compliance.runs import JobType
from xcompliance.sandbox.simulator.rule import rule


@dataclass
class Truth:
    """What a run of a file must report."""

    lines: int = 0
    blank: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    by_action: Counter[str] = field(default_factory=Counter)
    by_reason: Counter[str] = field(default_factory=Counter)
    affected: dict[str, dict[str, Any]] = field(default_factory=dict)
    """X's record of each affected ID."""


def truth_of(file: Path, job_type: JobType) -> Truth:
    """Reads a file of IDs, plain or gzip, and answers each by the rule."""
    truth = Truth()
    seen: set[str] = set()
    with _open(file) as lines:
        for line in lines:
            truth.lines += 1
            text = line.removeprefix("\ufeff").strip() if truth.lines == 1 else line.strip()
            if not text:
                truth.blank += 1
                continue
            if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
                text = text[1:-1].strip()
            if not (text.isascii() and text.isdigit() and text[0] != "0" and int(text) < 2**63):
                truth.rejected += 1
            elif text in seen:
                truth.duplicate += 1
            else:
                seen.add(text)
                truth.accepted += 1
                record = rule(job_type, text)
                if record is not None:
                    truth.affected[text] = record
                    truth.by_action[record["action"]] += 1
                    truth.by_reason[record["reason"]] += 1
    return truth


def _open(file: Path) -> IO[str]:
    with file.open("rb") as start:
        is_gzip = start.read(2) == b"\x1f\x8b"
    opener = gzip.open if is_gzip else open
    return opener(file, "rt", encoding="utf-8", errors="replace", newline="\n")
