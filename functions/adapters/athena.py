"""Athena: a query is started once, asked about, and answered by objects in S3."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from adapters.aws import athena, s3
from adapters.settings import settings
from compliance.clock import Clock
from compliance.errors import QueryFailed

TRIES = 3
"""Queries that Athena may fail in a row for a reason that passes."""

MAX_SECONDS = 4 * 3600
"""How long an answer may take, with all tries and the time that they wait in Athena's queue."""


@dataclass(frozen=True)
class Query:
    """A question on its way. ``state`` is what the machine keeps of it, which is empty at first.

    ``wait_seconds`` is how long until it is to be asked about again, 0 once it is answered; ``location`` is then where
    the answer is, an S3 URL.
    """

    state: dict[str, Any]
    wait_seconds: int
    location: str = ""

    @property
    def is_answered(self) -> bool:
        """Whether the answer is there."""
        return self.wait_seconds == 0

    @property
    def key(self) -> str:
        """Where the answer is, once it is there: an object of the results bucket, and the first of its name."""
        prefix = urlsplit(self.location).path.lstrip("/")
        # Athena writes it there, and others beside it whose names are longer; the emulator writes it below.
        found = s3().list_objects_v2(Bucket=settings().results_bucket, Prefix=prefix, MaxKeys=1)
        key: str = found["Contents"][0]["Key"]
        return key


def follow(state: dict[str, Any], clock: Clock, seed: str, sql: Callable[[str], str], database: str = "") -> Query:
    """Starts a query, or asks how it stands; one that failed for a reason that passes is started again.

    Args:
        state: what it returned the last time, or nothing at first.
        seed: what tells this question from any other; the same seed again is the same query.
        sql: makes the question, given a name that no other try has.
        database: the one that tables without a database are looked for in; else the deployment's own.

    Raises QueryFailed when there is no answer, and will be none.
    """
    if not state:
        return _start(seed, sql, database, {"tries": 0, "started_at": int(clock.now())})
    about = athena().get_query_execution(QueryExecutionId=state["id"])["QueryExecution"]
    status = about["Status"]
    now, age = status["State"], clock.now() - state["started_at"]
    if now == "SUCCEEDED":
        return Query(state, wait_seconds=0, location=about["ResultConfiguration"]["OutputLocation"])
    if now == "FAILED" and status.get("AthenaError", {}).get("Retryable", False) and state["tries"] < TRIES:
        return _start(seed, sql, database, state)
    if now not in ("QUEUED", "RUNNING") or age > MAX_SECONDS:
        raise QueryFailed(
            f"Athena has no answer: its query {state['id']} is {now}. The history of workgroup "
            f"{settings().athena_work_group} says why. Then start the run again; nothing was sent to X."
        )
    return Query(state, wait_seconds(age))


def wait_seconds(age: float) -> int:
    """How long until a query that was first asked ``age`` seconds ago is asked about again: an eighth, 2 s at least."""
    return int(max(2, age / 8))


def _start(seed: str, sql: Callable[[str], str], database: str, state: dict[str, Any]) -> Query:
    tries = state["tries"] + 1
    token = sha256(f"{seed}\n{tries}".encode()).hexdigest()
    answer = athena().start_query_execution(
        QueryString=sql(token[:16]),
        ClientRequestToken=token,
        QueryExecutionContext={"Database": database or settings().glue_database},
        WorkGroup=settings().athena_work_group,
    )
    return Query(
        {"id": answer["QueryExecutionId"], "name": token[:16], "started_at": state["started_at"], "tries": tries},
        wait_seconds(0),
    )
