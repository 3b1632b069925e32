"""X's result records: one JSON object per line, normalized without losing what was said."""

import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from compliance.clock import parse_time
from compliance.runs import Findings

_KNOWN = {"id", "action", "reason", "created_at", "redacted_at", "deleted_at", "error"}
_GEO_REASONS = ("scrub_geo", "geo_scrubbed")
_RANK = {"delete": 3, "rehydrate": 2, "scrub_geo": 1}

MAX_WORD = 200
"""Characters of a word: X's have 20. What is longer would not fit into the index, nor between two states."""

MOST_WORDS = 50
"""Different words that are counted each by itself, X's own not among them; the others are counted as ``OTHER``."""

OTHER = "other"


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """What X said of one ID.

    ``raw`` is the line itself wherever the other fields do not say all of it: unknown fields, names that stand twice,
    unreadable times, words that are too long, lines that are no JSON object, and the older files' action ``delete`` for
    a mere ``scrub_geo``.
    """

    id: str | None
    action: str | None = None
    reason: str | None = None
    created_at: datetime | None = None
    redacted_at: datetime | None = None
    error: str | None = None
    raw: str | None = None


def rank_of(action: str | None) -> int:
    """Delete outranks rehydrate outranks scrub_geo [X]; anything unknown comes last."""
    return _RANK.get(action or "", 0)


class _Object(dict[str, Any]):
    """A JSON object that remembers whether a name ``is_repeated`` in it. The last value of such a name counts."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.is_repeated = len(self) < len(pairs)


_DECODER = json.JSONDecoder(object_pairs_hook=_Object)


def parse_line(line: bytes) -> ResultRecord | None:
    """Read one line of X's answer; return None for a blank one, which real files have in the middle.

    Never raises: a line that cannot be read becomes a record with error ``unreadable_line``. A byte order mark before
    the line is ignored.
    """
    if is_blank(line):
        return None
    text = line.removeprefix(BOM_UTF8).decode("utf-8", errors="replace").strip()
    try:
        data = _DECODER.decode(text)
        if isinstance(data, _Object):
            return _record(data, text)
    except (ValueError, RecursionError):
        pass
    return ResultRecord(None, error="unreadable_line", raw=text)


def is_blank(line: bytes) -> bool:
    """Return whether a line holds nothing but white space, after a byte order mark or without one."""
    return not line.removeprefix(BOM_UTF8).strip()


def _record(data: _Object, text: str) -> ResultRecord:
    times = {name: _time(data.get(name)) for name in ("created_at", "redacted_at", "deleted_at")}
    action, reason = _word(data.get("action")), _word(data.get("reason"))
    words = [data[name] for name in ("id", "action", "reason", "error") if data.get(name) is not None]
    is_plain = (
        _KNOWN.issuperset(data)
        and not data.is_repeated
        and all(_word(word) == word for word in words)
        and all(data.get(name) is None or times[name] for name in times)
        and times["deleted_at"] in (None, times["redacted_at"] or times["deleted_at"])
    )
    if action == "delete" and reason in _GEO_REASONS:
        action, is_plain = "scrub_geo", False
    return ResultRecord(
        id=_id(data.get("id")),
        action=action,
        reason=reason,
        created_at=times["created_at"],
        redacted_at=times["redacted_at"] or times["deleted_at"],
        error=_word(data.get("error")),
        raw=None if is_plain else text,
    )


def records_in(lines: Iterable[bytes]) -> Iterator[ResultRecord]:
    """The records of X's answer, line by line."""
    for line in lines:
        if (record := parse_line(line)) is not None:
            yield record


def is_answer(content: bytes) -> bool:
    """Return whether a file that begins so can be an answer: all lines are blank, or one is a record with an ID."""
    has_record = False
    for record in records_in(BytesIO(content)):
        if record.id:
            return True
        has_record = True
    return not has_record


def tally(findings: Findings, records: Iterable[ResultRecord]) -> None:
    """Counts records into ``findings``."""
    tally_counts(findings, Counter((record.action, record.reason) for record in records))


def tally_counts(findings: Findings, counts: Mapping[tuple[str | None, str | None], int]) -> None:
    """The same for so many records of each action and reason.

    Of too many different words, it depends on their order which are counted as ``OTHER``.
    """
    for (action, reason), number in counts.items():
        findings["records"] += number
        if action is None:
            findings["result_errors"] += number
            continue
        findings["affected"] += number
        for by_word, word in ((findings["by_action"], action), (findings["by_reason"], reason)):
            if word is not None:
                count_word(by_word, word, number)


def count_word(counts: dict[str, int], word: str, number: int) -> None:
    """Counts a word ``number`` times more."""
    is_listed = word in counts or word in _RANK or len(counts.keys() - _RANK) < MOST_WORDS
    word = word if is_listed else OTHER
    counts[word] = counts.get(word, 0) + number


def no_findings() -> Findings:
    """The findings of a file without records."""
    return Findings(records=0, affected=0, result_errors=0, by_action={}, by_reason={})


def outranking(records: Iterable[ResultRecord]) -> dict[str, ResultRecord]:
    """For each ID the record with an action that outranks the others about it."""
    best: dict[str, ResultRecord] = {}
    for record in records:
        if record.id is not None and record.action is not None:
            known = best.get(record.id)
            if known is None or rank_of(record.action) > rank_of(known.action):
                best[record.id] = record
    return best


def _id(value: Any) -> str | None:
    """A word that can be a key: half of one would be another's."""
    text = _word(value, MAX_WORD + 1)
    return text if text is None or len(text) <= MAX_WORD else None


def _word(value: Any, longest: int = MAX_WORD) -> str | None:
    """A text that can be stored: nothing for an empty one, JSON for what is none, and no half characters."""
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    return text[:longest].encode("utf-8", "replace").decode()


def _time(value: Any) -> datetime | None:
    try:
        return parse_time(value) if isinstance(value, str) else None
    except ValueError:
        return None
