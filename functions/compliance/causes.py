"""Why lines are no IDs, in words that say what to do about it, for the few kinds that many files are full of."""

import re
from collections import Counter
from collections.abc import Mapping

_CAUSES = (
    (re.compile(r"\s*(?:#|//|--|%)"), "comment lines: delete them"),
    (
        re.compile(r"""\s*["']?[1-9][0-9]{0,2}(?:[,. '’\u00a0\u202f_][0-9]{3})+["']?\s*\Z"""),
        "numbers with separators: write plain digits",
    ),
    (
        re.compile(r"""\s*["']?[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+["']?\s*\Z"""),
        "numbers in scientific notation, whose digits are lost: export the IDs again, as text",
    ),
    (re.compile(r"\s*[0-9]+\.[0-9]+\s*\Z"), "decimal fractions: export the IDs again, as text"),
    (re.compile(r"\s*[\"']?https?://"), "URLs: write the ID that stands behind /status/"),
    (re.compile(r"\s*[\"']?@\w"), "user names: X checks IDs"),
    (re.compile(r"\s*[0-9]+(?:[\s,;|]+[0-9]+)+[\s,;|]*\Z"), "several numbers on a line: write one ID per line"),
    (re.compile(r"\s*[\"']?[0-9]+[\"']?\s*[,;|]\s*\Z"), "IDs with a separator behind each: remove the separators"),
    (re.compile(r"a comma after an object"), "objects with a comma after each: remove the commas"),
    (re.compile(r"\s*'[0-9]+\s*\Z"), "IDs behind an apostrophe, as spreadsheets mark text: remove the apostrophes"),
    (
        re.compile(r"a row of 1 fields"),
        "rows of one field: use the same separator everywhere",
    ),
    (re.compile(r"a row of [0-9]+ fields"), "rows with more or fewer fields than the first: quote texts with commas"),
    (re.compile(r"no ID of a post"), "objects that are no post, or whose ID is not known for certain"),
    (re.compile(r"no ID of a user"), "objects that are no user, or posts that do not tell their author"),
)

MOST_TOLD = 1000
"""Rejected lines of a part whose cause is looked for."""


def cause_of(text: str) -> str | None:
    """What a rejected line is, and what to do about it; None for nothing in particular."""
    return next((cause for pattern, cause in _CAUSES if pattern.match(text)), None)


def main_cause(causes: Mapping[str, int]) -> str:
    """A sentence about the most frequent cause; empty where there is none."""
    if not causes:
        return ""
    ((cause, _),) = Counter(causes).most_common(1)
    return f"Most of those whose cause is known are {cause}. "
