"""When a record of X's answer changes what the results index says of an ID, and in which order an answer is indexed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NotRequired, TypedDict

from compliance.errors import StepFailed, message_of
from compliance.polling import Backoff
from compliance.results import ResultRecord, rank_of
from compliance.retention import index_ttl, needs_renewal
from compliance.runs import Part
from compliance.sources import plan_ranges

Item = dict[str, Any]

STATE = ("action", "reason", "created_at", "redacted_at")
"""The attributes that say what happened to an ID. An item changes when one of them does."""

RANGE_BYTES = 4 << 20
"""An answer up to this length is indexed by one invocation; a longer one is cut into ranges. About 30,000 records."""

MOST_RANGES = 500
"""Ranges of one answer at most, so that what is said of all of them fits between two states (256 KiB)."""


TABLE_WAITS = Backoff(first=15, longest=300, factor=2)
"""How long the table is left alone after a round in which not one range gets on."""

IDLE_ROUNDS = 8
"""Rounds in a row in which not one range gets on, until the part fails: a quarter of an hour, by the waits between."""


class Verdict(Enum):
    """What becomes of a record. Each record with an ID and an action ends as one of the first three."""

    INDEXED = "indexed"
    """The item says it, as this check has written it: now, or in a try before."""
    UNCHANGED = "unchanged"
    """The item said so before, and is left as it is."""
    OUTRANKED = "outranked"
    """The item says something of a newer check, or a word of this one that outranks the record's."""
    WRITE = "write"
    """The item has to be written."""


@dataclass(frozen=True)
class Counts:
    """How many of an answer's records ended in which way."""

    indexed: int = 0
    unchanged: int = 0
    outranked: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.indexed + other.indexed, self.unchanged + other.unchanged, self.outranked + other.outranked)

    def count(self, verdict: Verdict, number: int = 1) -> "Counts":
        """One more record, or ``number`` more, that ended so."""
        return replace(self, **{verdict.value: getattr(self, verdict.value) + number})


def item_of(part: Part, record: ResultRecord, days: int) -> Item:
    """What the index is to say of a record's ID if nobody has said it before; it is kept for so many ``days``."""
    item = {
        "subject": f"{part['type']}#{record.id}",
        "id": record.id,
        "type": part["type"],
        "action": record.action,
        "reason": record.reason,
        "created_at": record.created_at and record.created_at.isoformat(),
        "redacted_at": record.redacted_at and record.redacted_at.isoformat(),
        "since": part["completed_at"],
        "checked_at": part["completed_at"],
        "run_id": part["run_id"],
        "part": part["part"],
        "job_id": part["job_id"],
        **index_ttl(part["completed_at"], days),
    }
    return {name: value for name, value in item.items() if value is not None}


def judge(item: Item, known: Item, open_until: str, days: int) -> tuple[Verdict, Item]:
    """What becomes of an item whose ID has a ``known`` one; and the item as it is to be written.

    The later check wins, and within one check the word that outranks the other. An item that says the same already is
    left as it is, with two exceptions. An answer as old as ``open_until``, or older, may yet be indexed: only an item
    that was checked after that one stands up to it. And an item is kept for so many ``days`` after it was last found
    true, which it may be too close to its end for. ``since`` stays what it was for as long as the state does.
    """
    is_same = all(item.get(name) == known.get(name) for name in STATE)
    if known["checked_at"] > item["checked_at"]:
        return Verdict.UNCHANGED if is_same else Verdict.OUTRANKED, item
    if known["checked_at"] == item["checked_at"]:
        if is_same:
            return Verdict.INDEXED, item
        outranks = rank_of(item["action"]) > rank_of(known["action"])
        return Verdict.WRITE if outranks else Verdict.OUTRANKED, item
    if not is_same:
        return Verdict.WRITE, item
    if known["checked_at"] > open_until and not needs_renewal(known.get("ttl"), item["checked_at"], days):
        return Verdict.UNCHANGED, item
    return Verdict.WRITE, item | {"since": known.get("since", known["checked_at"])}


class Range(TypedDict):
    """Bytes of an answer from ``start`` on to ``end`` (exclusive), of which the records of one rank are to be indexed.

    ``run_id``, ``type`` and ``part`` name the answer.
    """

    run_id: str
    type: str
    part: int
    start: int
    end: int
    rank: int
    open_until: str


class Outcome(TypedDict):
    """What became of a range: where it ``began``, where the next try has to ``start``, and its counts up to there."""

    began: int
    start: int
    end: int
    indexed: int
    unchanged: int
    outranked: int
    error: NotRequired[str]
    cause: NotRequired[str]


class Progress(TypedDict):
    """How far the index of an answer has come: the ``rank`` that is under way, -1 before the first, and its counts.

    Not one range has got on in the last ``idle`` rounds.
    """

    rank: int
    idle: int
    open_until: str
    indexed: int
    unchanged: int
    outranked: int


def ranges_of(part: Part) -> list[tuple[int, int]]:
    """The ranges of a part's answer: as few as fit; none for an empty one."""
    size = part["result_bytes"]
    return plan_ranges(size, max(RANGE_BYTES, -(-size // MOST_RANGES)))


def begin(open_until: str) -> Progress:
    """Nothing is indexed yet."""
    return Progress(rank=-1, idle=0, open_until=open_until, indexed=0, unchanged=0, outranked=0)


def counts_of(said: Progress | Outcome) -> Counts:
    """The counts up to there."""
    return Counts(said["indexed"], said["unchanged"], said["outranked"])


def add(progress: Progress, counts: Counts) -> Progress:
    """The progress with more counts."""
    total = counts_of(progress) + counts
    return {**progress, "indexed": total.indexed, "unchanged": total.unchanged, "outranked": total.outranked}


def wait_seconds(progress: Progress) -> int:
    """How long until the next round, in whole seconds: none after one that got on."""
    return TABLE_WAITS.wait(progress["idle"] - 1) if progress["idle"] else 0


def next_round(part: Part, progress: Progress, outcomes: Iterable[Outcome]) -> tuple[Progress, list[Range]]:
    """Adds up what has become of the ranges; returns those that come next, or none when all is done.

    What was not finished comes again, then all ranges for the next higher rank. Raises StepFailed when none got on in
    IDLE_ROUNDS in a row.

    The ranks go one after the other, as an item that says the same already is not touched: a lower word of the same
    answer that came to it later could not know that the higher one was said again.
    """
    outcomes = list(outcomes)
    progress = {**progress, "idle": _idle_rounds(progress, outcomes)}
    for each in outcomes:
        progress = add(progress, counts_of(each))
    left = [(each["start"], each["end"]) for each in outcomes if each["start"] < each["end"]]
    if not left:
        ranks = {rank_of(action) for action in part["by_action"]}
        rank = min((rank for rank in ranks if rank > progress["rank"]), default=None)
        if rank is None:
            return progress, []
        progress, left = {**progress, "rank": rank}, ranges_of(part)
    return progress, [_range(part, progress, start, end) for start, end in left]


def _idle_rounds(progress: Progress, outcomes: list[Outcome]) -> int:
    if not outcomes or any(each["start"] > each["began"] for each in outcomes):
        return 0
    idle = progress.get("idle", 0) + 1
    if idle < IDLE_ROUNDS:
        return idle
    failed = next((each for each in outcomes if "error" in each), None)
    reason = message_of(failed["error"], failed["cause"]) if failed else "The table took nothing."
    raise StepFailed(f"Not one of the {len(outcomes)} ranges that were left got into the results index: {reason}")


def _range(part: Part, progress: Progress, start: int, end: int) -> Range:
    return Range(
        run_id=part["run_id"],
        type=part["type"],
        part=part["part"],
        start=start,
        end=end,
        rank=progress["rank"],
        open_until=progress["open_until"],
    )
