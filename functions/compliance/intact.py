"""Find out where in a table or in JSON the IDs still stand as they were, if they are rounded where they are read."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from itertools import islice

import msgspec

from compliance.columns import quoted
from compliance.formats import Format, beginning, rows_of
from compliance.ids import BOM, read_id
from compliance.readers.objects import Objects, fields_of
from compliance.runs import JobType

_MOST = 200
"""Records that are looked at."""

_URL = re.compile(r"/status(?:es)?/([0-9]{1,19})(?![0-9])")
_CLOSE = 10**13
"""Rounding to 15 digits changes an ID by less than one in so many, the time of a millisecond by more."""

_CLOSE_IN_URL = 10**2
_MOSTLY = 0.9


def where_intact(form: Format, head: bytes, job_type: JobType) -> str:
    """Return a sentence about another column or field that holds the same IDs, but not rounded; empty if none does.

    ``head`` is how the file begins, as it is stored.
    """
    if form.kind in ("csv", "tsv"):
        found = _of_table(form, beginning(head, form.packing))
    elif form.kind == "jsonl":
        found = _of_objects(form, beginning(head, form.packing), job_type)
    else:
        return ""
    pairs: dict[tuple[str, bool], list[tuple[Decimal, int]]] = {}
    for own, others in islice(found, _MOST):
        for name, text in others.items():
            url = _URL.search(text)
            if (other := int(url[1]) if url else read_id(text.encode(errors="replace"))) and isinstance(other, int):
                pairs.setdefault((name, url is not None), []).append((own, other))
    for (name, is_url), each in pairs.items():
        if _is_twin(each, _CLOSE_IN_URL if is_url else _CLOSE):
            if is_url:
                return f"{quoted(name)} still holds the IDs as they were, behind /status/: write them into a column."
            return f"{quoted(name)} still holds the IDs as they were: name it in id-column."
    return ""


def _is_twin(pairs: list[tuple[Decimal, int]], close: int) -> bool:
    near = [(own, other) for own, other in pairs if abs(own - other) * close < other]
    return (
        len(near) >= _MOSTLY * len(pairs)
        and any(own != other for own, other in near)
        and any(other % 10 for _, other in near)
    )


def _of_table(form: Format, text: bytes) -> Iterator[tuple[Decimal, Mapping[str, str]]]:
    """The ID of each row, as it is read, and the other cells by the names of their columns."""
    found = rows_of(text[form.preamble :].removeprefix(BOM).decode(errors="replace"), form.delimiter)
    own = int(form.column or 1) - 1
    names = next(found, []) if form.has_header else None
    for row in found:
        if own < len(row) and (number := _number(row[own])):
            heads = names or [f"column {index + 1}" for index in range(len(row))]
            yield number, {name: cell for index, (name, cell) in enumerate(zip(heads, row)) if index != own}  # noqa: B905


def _of_objects(form: Format, text: bytes, job_type: JobType) -> Iterator[tuple[Decimal, Mapping[str, str]]]:
    """The ID of each line's object, as it is read, and its other texts and numbers by their names."""
    objects = Objects(job_type, None if form.column is None else str(form.column))
    for line in text.removeprefix(BOM).split(b"\n")[:-1]:
        fields = fields_of(line)
        own = objects.texts(fields) if fields else ""
        if isinstance(own, str) and fields and (number := _number(own)):
            yield number, {name: _text(value) for name, value in fields.items()}


def _text(value: msgspec.Raw) -> str:
    return bytes(value).decode(errors="replace").strip().strip('"').replace("\\/", "/")


def _number(text: str) -> Decimal | None:
    """The number that an ID was meant to be, also in scientific notation; None if it is none."""
    try:
        number = Decimal(text.strip().strip("\"'"))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None
