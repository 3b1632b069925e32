"""Which column of a table holds the IDs."""

import re
from collections.abc import Sequence
from typing import TypeGuard

from compliance.errors import UnsupportedInput
from compliance.runs import JobType

_NAMES: dict[JobType, tuple[str, ...]] = {
    "tweets": ("tweet_id", "post_id", "status_id", "id", "id_str", "tweet_id_str"),
    "users": ("user_id", "author_id", "author.id", "user.id_str", "user.id", "id", "id_str", "user_id_str"),
}
"""The names of a column of IDs that is not named otherwise, the first one that is there first.

``id`` comes late: beside a ``tweet_id`` it numbers the rows, and beside an ``author_id`` it is the post's.
"""

_ANY = re.compile(r"(?:[a-z_][a-z0-9 _.-]*)?ids?(?:[ _.-]?str)?", re.IGNORECASE)
_OTHERS: dict[JobType, re.Pattern[str]] = {
    "tweets": re.compile("user|author", re.IGNORECASE),
    "users": re.compile("tweet|post|status", re.IGNORECASE),
}
_SEPARATORS = re.compile(r"[ _-]+")

HOW_TO_NAME = (
    "Name the column, or give its number from 1, in the object's metadata (id-column), in its tag id-column, "
    "or in the setting id_column."
)


def by_name(names: Sequence[str], asked: str | None, job_type: JobType) -> int | None:
    """The index of the column that is ``asked`` for by its name, or else has one of the usual names; None for none.

    A name is found as it is written, or else without regard to case, spaces, hyphens and underscores. The only column
    whose name ends as one of IDs does is found too, unless it speaks of the other type.

    Raises UnsupportedInput when several columns have the name.
    """
    for wanted in (asked,) if asked is not None else _NAMES[job_type]:
        for spelled in (str.strip, _plain):
            found = [index for index, name in enumerate(names) if spelled(name) == spelled(wanted)]
            if len(found) > 1:
                raise UnsupportedInput(f"{len(found)} columns are named {wanted}. {HOW_TO_NAME}")
            if found:
                return found[0]
    if asked is not None:
        return None
    found = [index for index, name in enumerate(names) if is_id_name(name) and not _OTHERS[job_type].search(name)]
    return found[0] if len(found) == 1 else None


def is_id_name(name: str) -> bool:
    """Whether a column of IDs may be named so."""
    return _ANY.fullmatch(name.strip()) is not None


def by_number(width: int, number: str) -> int:
    """The index of the column that is asked for by its number from 1.

    Raises UnsupportedInput when there is no such column among ``width``.
    """
    index = int(number[:9]) - 1
    if not 0 <= index < width:
        raise UnsupportedInput(f"Column {number[:9]} is asked for, but the table has {width}. {HOW_TO_NAME}")
    return index


def is_number(asked: str | None) -> TypeGuard[str]:
    """Whether a column is asked for by its number."""
    return asked is not None and re.fullmatch("[0-9]+", asked, re.ASCII) is not None


def missing(width: int, asked: str | None, job_type: JobType) -> UnsupportedInput:
    """What to say of a table of ``width`` columns in which there is no such column."""
    wanted = f"named {asked}" if asked is not None else f"that is known to hold IDs of {job_type}, such as id"
    return UnsupportedInput(f"The table has no column {wanted}, among {width}. {HOW_TO_NAME}")


def _plain(name: str) -> str:
    return _SEPARATORS.sub("_", name.strip()).casefold()
