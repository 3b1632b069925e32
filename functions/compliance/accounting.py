"""The equations that must hold: no line and no record goes missing between a file and its answer."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from compliance.causes import main_cause
from compliance.errors import InputRejected, NothingToCheck, UnsupportedInput
from compliance.results import count_word, no_findings
from compliance.runs import Counts, Findings, Oddities, Part


@dataclass
class Rows:
    """Rows of a part's Parquet files: those read, and those in all files whose first range is in this part.

    ``column`` is the one that was read last.
    """

    read: int = 0
    expected: int = 0
    column: str | None = field(default=None, compare=False)


def check_rows(parts: Iterable[Part]) -> None:
    """Raises UnsupportedInput unless each row of the Parquet files is in one of the parts.

    Parts that were prepared before rows were counted are not compared.
    """
    found = list(parts)
    if all("rows_read" in part for part in found):
        read, expected = sum(part["rows_read"] for part in found), sum(part["rows_expected"] for part in found)
        if read != expected:
            raise UnsupportedInput(
                f"The Parquet files have {expected:,} rows, but {read:,} were read: write them again. "
                "Nothing was sent to X."
            )


def total_counts(parts: Iterable[Part]) -> Counts:
    """Add up the lines of all parts; every line or embedded ID is blank, a notice, accepted, duplicate or rejected."""
    total = Counts(lines=0, blank=0, notice=0, embedded=0, accepted=0, duplicate=0, rejected=0)
    for part in parts:
        total["lines"] += part["lines"]
        total["blank"] += part["blank"]
        total["notice"] += part.get("notice", 0)
        total["embedded"] += part.get("embedded", 0)
        total["accepted"] += part["accepted"]
        total["duplicate"] += part["duplicate"]
        total["rejected"] += part["rejected"]
    if total["lines"] + total["embedded"] != (
        total["blank"] + total["notice"] + total["accepted"] + total["duplicate"] + total["rejected"]
    ):
        raise AssertionError("the parts' counts do not add up to their lines")
    return total


def total_across_parts(parts: Iterable[Part]) -> dict[str, int]:
    """How many of the duplicates stand in a lower part of the run; nothing where nobody has looked for them."""
    found = [part["duplicate_across_parts"] for part in parts if "duplicate_across_parts" in part]
    return {"duplicate_across_parts": sum(found)} if found else {}


def total_oddities(parts: Iterable[Part]) -> Oddities:
    """What is odd in all parts; a part that was prepared before oddities were counted has none."""
    total = Oddities(headers=0, small_ids=0, no_user_ids=0, future_ids=0)
    for part in parts:
        total["headers"] += part.get("headers", 0)
        total["small_ids"] += part.get("small_ids", 0)
        total["no_user_ids"] += part.get("no_user_ids", 0)
        total["future_ids"] += part.get("future_ids", 0)
    return total


def total_causes(parts: Iterable[Part]) -> dict[str, int]:
    """How often each cause stands behind the first rejected lines of all parts."""
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part.get("reject_causes", {}))
    return dict(total)


def judge(
    counts: Counts,
    headers: int,
    reject_limit_percent: float,
    causes: Mapping[str, int] | None = None,
    intact: str = "",
) -> None:
    """Refuses an input of which more than ``reject_limit_percent`` of the lines with text are no IDs, or with no ID.

    ``headers`` of the rejected lines are held against nobody; ``causes`` tell why others are no IDs, and ``intact``
    where they are.
    """
    filled = counts["lines"] - counts["blank"] - counts["notice"] - headers
    rejected = counts["rejected"] - headers
    if rejected * 100 > reject_limit_percent * filled:
        raise InputRejected(
            f"{rejected} of {filled} lines are no IDs, more than the {reject_limit_percent:g} % that are "
            f"allowed. {main_cause(causes or {})}{intact and intact + ' '}"
            "The rejects list them, up to 100,000 in a part, with line number and reason. "
            "Nothing was sent to X: correct the file and drop it again."
        )
    if not counts["accepted"]:
        raise NothingToCheck("The file holds no ID: there is nothing to check.")


def total_findings(parts: Iterable[Part]) -> Findings:
    """What X's records say over all parts that are complete."""
    total = no_findings()
    for part in parts:
        if part["status"] != "complete":
            continue
        total["records"] += part["records"]
        total["affected"] += part["affected"]
        total["result_errors"] += part["result_errors"]
        for counts, more in ((total["by_action"], part["by_action"]), (total["by_reason"], part["by_reason"])):
            for word, number in more.items():
                count_word(counts, word, number)
    return total


def total_indexed(parts: Iterable[Part]) -> dict[str, int]:
    """What has become of the records in the index, over all parts that are complete; nothing where it is turned off."""
    indexed = [part for part in parts if part["status"] == "complete" and "indexed" in part]
    names: tuple[Literal["indexed", "unchanged", "outranked"], ...] = ("indexed", "unchanged", "outranked")
    return {name: sum(part[name] for part in indexed) for name in names} if indexed else {}
