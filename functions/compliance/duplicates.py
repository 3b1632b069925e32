"""IDs that stand in several parts of a run: which parts are asked about, and how Athena is asked. Pure."""

from collections.abc import Iterable

from compliance.ids import MAX_DIGITS
from compliance.runs import Part

PART_DIGITS = 5
"""Digits of a part's number in an answer."""


def question(run_id: str, parts: Iterable[int]) -> str:
    """SQL that finds each ID in all of these parts but the lowest that it stands in, part by part.

    Every row of the answer is as long as any other, so that a part's share of it is found without reading the rest.
    """
    numbers = sorted(parts)
    # Nothing in it comes from a user: a run's ID is a hash.
    return f"""\
SELECT lpad(CAST(part AS varchar), {PART_DIGITS}, '0') AS part, lpad(CAST(id AS varchar), {MAX_DIGITS}, '0') AS id
FROM (
  SELECT id, part, row_number() OVER (PARTITION BY id ORDER BY part) AS place
  FROM prepared_ids
  WHERE run_id = '{run_id}' AND part BETWEEN {numbers[0]} AND {numbers[-1]}
) AS places
WHERE place > 1
ORDER BY 1"""  # noqa: S608


def to_deduplicate(parts: Iterable[Part]) -> list[int]:
    """The parts, by their numbers, that may hold an ID which a lower part holds too, and have not been asked about.

    A part that a job has begun with stays as it is. Nothing is asked while a part is not prepared: the run ends there.
    """
    every = list(parts)
    if not all("prepared_at" in part for part in every):
        return []
    filled = [part for part in every if part["accepted"]]
    return [part["part"] for part in filled[1:] if awaits_deduplication(part)]


def awaits_deduplication(part: Part) -> bool:
    """Whether IDs may be taken out of a part: once, and before any job has begun with it."""
    return "deduplicated_at" not in part and "execution_arn" not in part
