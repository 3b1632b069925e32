"""Which parts of a run a report lists."""

from collections.abc import Sequence

import htpy as h
from htpy import Node

from compliance.report.texts import count
from compliance.runs import Part

MOST_PARTS = 500
"""Parts that are listed one by one; a part takes about one kB."""


def shown(parts: Sequence[Part]) -> list[Part]:
    """The parts that are listed, in their order: those that have failed before all others."""
    chosen = sorted(parts, key=lambda part: (part["status"] != "failed", part["part"]))[:MOST_PARTS]
    return sorted(chosen, key=lambda part: part["part"])


def note_on_others(parts: Sequence[Part]) -> Node:
    """How many parts are not listed."""
    others = len(parts) - MOST_PARTS
    if others <= 0:
        return None
    return h.p(".note")[f"{count(others)} more parts are left out here; the runs table has them all."]
