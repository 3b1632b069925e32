"""Files of IDs whose truth is known because of how they were made."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compliance.runs import DATASETS, JobType
from xcompliance.sandbox.simulator.rule import rule
from xcompliance.sandbox.simulator.settings import Generation

Record = dict[str, Any]


@dataclass(frozen=True)
class IdFile:
    """One file for the inbox and what must become of its lines.

    ``ids`` are the accepted ones in their order; ``rejects`` are line number, reason and beginning of the line.
    """

    key: str
    content: bytes = field(repr=False)
    ids: Sequence[str] = field(repr=False)
    duplicate: int = 0
    blank: int = 0
    embedded: int = 0
    rejects: Sequence[tuple[int, str, str]] = ()
    folder: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The files that the object is the marker of, by their keys."""

    @property
    def type(self) -> JobType:
        """What the key says the IDs are."""
        return "tweets" if self.key.removeprefix(DATASETS).startswith("tweets/") else "users"

    @property
    def bytes(self) -> int:
        """How much there is to read."""
        return len(self.content) + sum(map(len, self.folder.values()))

    @property
    def counts(self) -> dict[str, int]:
        """What becomes of each line."""
        kinds = {
            "accepted": len(self.ids),
            "duplicate": self.duplicate,
            "blank": self.blank,
            "rejected": len(self.rejects),
        }
        return {"lines": sum(kinds.values()) - self.embedded, "embedded": self.embedded, **kinds}


@dataclass(frozen=True)
class Answer:
    """The records that X answers a file with."""

    records: Sequence[Record]

    @property
    def affected(self) -> list[Record]:
        """Those with an action."""
        return [record for record in self.records if record.get("action") is not None]

    @property
    def counts(self) -> dict[str, Any]:
        """The figures of a run that X has answered so."""
        return {
            "records": len(self.records),
            "affected": len(self.affected),
            "result_errors": len(self.records) - len(self.affected),
            "by_action": self._count("action"),
            "by_reason": self._count("reason"),
        }

    def _count(self, name: str) -> dict[str, int]:
        return dict(Counter(record[name] for record in self.affected if record.get(name) is not None))


def answer_by_rule(file: IdFile, generation: Generation = "gcs") -> Answer:
    """What the simulator says without an events file, by its documented rule."""
    return Answer([record for each in file.ids if (record := rule(file.type, each, generation))])


def snowflakes(seed: int, count: int) -> list[str]:
    """Different IDs of 19 digits; no two seeds share one in practice."""
    dice = random.Random(seed)
    return list(dict.fromkeys(str(dice.randrange(10**18, 2 * 10**18)) for _ in range(count)))


def account_ids(seed: int, count: int) -> list[str]:
    """Different user IDs: half of them from the time of small numbers."""
    dice = random.Random(seed)
    old = dict.fromkeys(str(dice.randrange(10**5, 10**9)) for _ in range(count // 2))
    return [*old, *snowflakes(seed, count - len(old))]


def lines(ids: Iterable[str]) -> bytes:
    """One ID per line."""
    return "".join(f"{each}\n" for each in ids).encode()


def plain_file(key: str, ids: Sequence[str]) -> IdFile:
    """A file with nothing odd about it."""
    return IdFile(key, lines(ids), ids)
