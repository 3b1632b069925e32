"""Find out where in a table or in JSON the IDs still stand as they were, if they are rounded where they are read."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import NamedTuple

import msgspec

from compliance.columns import quoted
from compliance.formats import Format, beginning, rows_of
from compliance.ids import BOM, MAX_ID, read_id
from compliance.readers.arrays import first_elements
from compliance.readers.objects import Objects, fields_of
from compliance.runs import JobType

_MOST = 20
"""Records that are looked at: a folder may have tens of thousands of files."""

_URL = re.compile(r"/status(?:es)?/([0-9]{1,19})(?![0-9])")
_CLOSE = 10**13
"""Rounding to 15 digits changes an ID by less than one in so many, the time of a millisecond by more."""

_CLOSE_IN_URL = 10**2
_MOSTLY = 0.9


class _Row(NamedTuple):
    """An ID as it is read, and the other cells or fields beside it with their names."""

    own: Decimal
    names: Iterable[str]
    others: Iterable[str | msgspec.Raw]


def where_intact(form: Format, head: bytes, job_type: JobType) -> str:
    """Return a sentence about another column or field that holds the same IDs, but not rounded; empty if none does.

    ``head`` is how the file begins, as it is stored.
    """
    match form.kind:
        case "csv" | "tsv":
            found = _of_table(form, beginning(head, form.packing))
        case "jsonl":
            found = _of_objects(form, beginning(head, form.packing).removeprefix(BOM).splitlines()[:-1], job_type)
        case "json":
            found = _of_objects(form, first_elements(beginning(head, form.packing)), job_type)
        case _:
            return ""
    rows = list(islice(found, _MOST))
    if not _may_be_rounded([row.own for row in rows]):
        return ""
    pairs: dict[tuple[str, bool], list[tuple[Decimal, int]]] = {}
    for own, names, others in rows:
        for name, text in zip(names, map(_text, others), strict=False):
            url = _URL.search(text)
            other = int(url[1]) if url else read_id(text.encode(errors="replace"))
            if isinstance(other, int) and other != own:
                pairs.setdefault((name, url is not None), []).append((own, other))
    for (name, is_url), each in pairs.items():
        if _are_near(each, _CLOSE_IN_URL if is_url else _CLOSE):
            if is_url:
                return f"{quoted(name)} still holds the IDs as they were, behind /status/: write them into a column."
            return f"{quoted(name)} still holds the IDs as they were: name it in id-column."
    return ""


def _may_be_rounded(ids: list[Decimal]) -> bool:
    """Whether a look at the other columns is worth its time."""
    return sum(each % 10 == 0 for each in ids) * 4 > len(ids) or all(each == int(float(each)) for each in ids)


def _are_near(pairs: list[tuple[Decimal, int]], close: int) -> bool:
    """Whether numbers are nearly the IDs, and were not rounded themselves."""
    near = [other for own, other in pairs if abs(own - other) * close < other]
    return len(near) >= _MOSTLY * len(pairs) and any(other % 10 for other in near)


def _of_table(form: Format, text: bytes) -> Iterator[_Row]:
    found = rows_of(text[form.preamble :].removeprefix(BOM).decode(errors="replace"), form.delimiter)
    index = int(form.column or 1) - 1
    names = next(found, []) if form.has_header else [f"column {number + 1}" for number in range(form.width)]
    for row in found:
        if index < len(row) and (own := _number(row[index])):
            yield _Row(own, names, row)


def _of_objects(form: Format, lines: Iterable[bytes], job_type: JobType) -> Iterator[_Row]:
    objects = Objects(job_type, None if form.column is None else str(form.column))
    for line in lines:
        fields = fields_of(line)
        text = objects.texts(fields) if fields else ""
        if fields and isinstance(text, str) and (own := _number(text)):
            yield _Row(own, fields.keys(), fields.values())


def _text(value: str | msgspec.Raw) -> str:
    text = value if isinstance(value, str) else bytes(value).decode(errors="replace").replace("\\/", "/")
    return text.strip().strip('"')


def _number(text: str) -> Decimal | None:
    """The number that an ID was meant to be, also in scientific notation; None if it is none."""
    try:
        number = Decimal(text.strip().strip("\"'"))
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 < number <= MAX_ID else None
