"""Lines that are no IDs: examples, so that their owner sees what is wrong with the list."""

import htpy as h
from htpy import Node

from compliance.report.content import MOST_REJECTS, Content, Rejected
from compliance.report.elements import Column, code, data, section, table
from compliance.report.summary import source_name
from compliance.report.texts import count, counted, shortened
from compliance.runs import folder_of, rejects_prefix

REASONS = {
    "header": "names a column",
    "not_digits": "is no whole number",
    "too_many_digits": "has more digits than an ID",
    "leading_zero": "begins with a zero",
    "out_of_range": "is larger than any ID",
    "line_too_long": "is far too long",
}
"""What is wrong with a line that is no ID."""

_TEXT = 100
_KEY = 200


def rejects(content: Content) -> Node:
    """The first rejected lines, each with its place and its reason."""
    run = content.run
    number = content.rejected
    if number == 0:
        return None
    is_folder = folder_of(run) is not None
    shown = content.rejects[:MOST_REJECTS]
    return section(
        "rejects",
        "Rejected lines",
        h.p[
            f"{counted(number, 'line is', 'lines are')} no ID. ",
            "The first of them:" if len(shown) < number else "All of them:",
        ],
        len(shown) > 0
        and table(
            "Rejected lines, as they stand in the file",
            (
                *((Column("File", "code"),) if is_folder else ()),
                Column("Line", "number"),
                Column("Reason", "wide"),
                Column("Text", "code"),
            ),
            (
                (
                    *((code(shortened(each.key.removeprefix(source_name(run)), _KEY)),) if is_folder else ()),
                    _place(each),
                    REASONS.get(each.reason) or data(each.reason),
                    code(each.text[:_TEXT]),
                )
                for each in shown
            ),
            "stack",
        ),
        h.p(".note")["The whole list: ", code(f"s3://{content.places.bucket}/{rejects_prefix(run)}")],
    )


def _place(each: Rejected) -> str:
    """Lines of a file that was cut are counted from where a range begins."""
    line = count(each.line)
    return f"{line} from byte {count(each.range_start)} on" if each.range_start else line
