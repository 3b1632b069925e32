"""The results table: one item per affected ID, for the question "what happened to tweet 123?"."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from adapters.aws import dynamodb
from adapters.items import answered
from adapters.settings import settings
from compliance.clock import Clock
from compliance.errors import AwsUnavailable
from compliance.indexing import STATE, Counts, Item, Verdict, item_of, judge
from compliance.results import ResultRecord, outranking
from compliance.runs import Part

READ, WRITE = 100, 25
"""Items that DynamoDB reads, and writes, in one request at most."""

_THROTTLED = ("ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException")
_NEEDED = ("subject", "since", "checked_at", "ttl", *STATE)


@dataclass
class Pace:
    """How many chunks are under way at once: one more after each round that the table took, half after one it did not.

    botocore's adaptive mode would not do: a batch that is throttled in part is answered with 200.
    """

    most: int = 8
    chunks: int = 4
    pause: float = 0.0
    """Seconds before the next round."""

    def heard(self, *, throttled: bool) -> None:
        """Takes in how a round went."""
        if throttled:
            self.chunks = max(1, self.chunks // 2)
            self.pause = min(5.0, max(0.05, 2 * self.pause))
        else:
            self.chunks = min(self.most, self.chunks + 1)
            self.pause = 0.0


@dataclass
class ResultsIndex:
    """Writes records of one answer. ``open_until`` is as ``judge`` takes it; ``reserve`` (seconds) is not used up.

    Two who write about one ID at the same time have words of one check and of one rank: the turn and the order of the
    ranks see to that. Only a function that outlives its execution may have others. So an item that is there is replaced
    only while it is what was read, and a new one that was not written at once is read again first.
    """

    part: Part
    open_until: str
    clock: Clock
    reserve: float
    pace: Pace = field(default_factory=Pace)

    def write(self, records: Iterable[ResultRecord]) -> Counts:
        """Indexes the records that have an ID and an action; of several about one ID, the one that outranks the others.

        Raises AwsUnavailable when time is up; what is written stays, so the next try has less to write.
        """
        sayings = [record for record in records if record.id is not None and record.action is not None]
        days = settings().results_days
        items = [item_of(self.part, record, days) for record in outranking(sayings).values()]
        counts = Counts(outranked=len(sayings) - len(items))
        with ThreadPoolExecutor(self.pace.most) as pool:
            while items:
                self._wait()
                now, items = items[: self.pace.chunks * READ], items[self.pace.chunks * READ :]
                chunks = [_Chunk(now[start : start + READ]) for start in range(0, len(now), READ)]
                for chunk in pool.map(lambda each: each.settle(self.open_until), chunks):
                    counts += chunk.counts
                    items += chunk.left.values()
                self.pace.heard(throttled=any(chunk.is_throttled for chunk in chunks))
        return counts

    def _wait(self) -> None:
        if self.clock.remaining() - self.pace.pause <= self.reserve:
            raise AwsUnavailable("The results table takes items too slowly: what is left is tried again.")
        if self.pace.pause:
            self.clock.sleep(self.pace.pause)


class _Chunk:
    """At most READ items of different subjects; ``left`` are those of which nothing is known yet."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.left = {item["subject"]: item for item in items}
        self.counts = Counts()
        self.is_throttled = False

    def settle(self, open_until: str) -> "_Chunk":
        """Reads what the table says, and writes what has to be written, once."""
        try:
            new = [item for item, known in self._read() if not self._settle_known(item, known, open_until)]
            for start in range(0, len(new), WRITE):
                self._insert(new[start : start + WRITE])
        except ClientError as error:
            if error.response["Error"]["Code"] not in _THROTTLED:
                raise
            self.is_throttled = True
        return self

    def _read(self) -> list[tuple[Item, Item | None]]:
        """The items that DynamoDB had the time to read, each with the known one of its subject."""
        table = settings().results_table
        wanted: dict[str, Any] = {
            table: {
                "Keys": [{"subject": subject} for subject in self.left],
                "ProjectionExpression": ", ".join(f"#{name}" for name in _NEEDED),
                "ExpressionAttributeNames": {f"#{name}": name for name in _NEEDED},
                "ConsistentRead": True,
            }
        }
        answer = dynamodb().batch_get_item(RequestItems=wanted)
        known = {str(item["subject"]): item for item in answer["Responses"].get(table, [])}
        unread = {key["subject"] for each in answer["UnprocessedKeys"].values() for key in each["Keys"]}
        self.is_throttled |= bool(unread)
        return [(item, known.get(subject)) for subject, item in self.left.items() if subject not in unread]

    def _settle_known(self, item: Item, known: Item | None, open_until: str) -> bool:
        """Settles an item, if it can be, whose subject the table knows; returns whether it does."""
        if known is None:
            return False
        verdict, judged = judge(item, known, open_until, settings().results_days)
        if verdict is Verdict.WRITE:
            if not _replace(judged, known):
                return True
            verdict = Verdict.INDEXED
        self._count(item["subject"], verdict)
        return True

    def _insert(self, items: list[Item]) -> None:
        table = settings().results_table
        answer = dynamodb().batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item}} for item in items]})
        unwritten = {each["PutRequest"]["Item"]["subject"] for each in answer["UnprocessedItems"].get(table, [])}
        self.is_throttled |= bool(unwritten)
        for item in items:
            if item["subject"] not in unwritten:
                self._count(item["subject"], Verdict.INDEXED)

    def _count(self, subject: str, verdict: Verdict) -> None:
        self.counts = self.counts.count(verdict)
        del self.left[subject]


def _replace(item: Item, known: Item) -> bool:
    """Writes an item over the known one; returns whether that was still there."""
    answer = answered(
        dynamodb().meta.client.put_item,
        TableName=settings().results_table,
        Item=item,
        ConditionExpression="checked_at = :checked_at AND #action = :action",
        ExpressionAttributeNames={"#action": "action"},
        ExpressionAttributeValues={":checked_at": known["checked_at"], ":action": known["action"]},
    )
    return answer is not None
