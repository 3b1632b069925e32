"""Counts what an invocation asks of AWS and X, where it asks."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from typing import Any

from compliance.consumption import Consumption
from compliance.wire import Request

_S3_PUTS = ("Put", "Create", "Upload", "Complete", "List", "Copy")
_S3_FREE = ("Delete", "Abort")
_READS = ("Get", "BatchGet", "Query", "Scan")


class Meter:
    """Adds up; functions ask in several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.consumed = Consumption()
        self.x_requests_left: int | None = None

    def add(self, more: Consumption) -> None:
        """Takes in more."""
        with self._lock:
            self.consumed += more

    def note_left(self, requests: int) -> None:
        """Takes in how many requests X allows; each of its endpoints has a limit of its own, and the lowest counts."""
        with self._lock:
            known = self.x_requests_left
            self.x_requests_left = requests if known is None else min(known, requests)


_running: list[Meter] = [Meter()]
"""The invocation under way is the last: Lambda runs one at a time. The first counts what belongs to none."""


@contextmanager
def running() -> Iterator[Meter]:
    """Counts until the end of the context."""
    meter = Meter()
    _running.append(meter)
    try:
        yield meter
    finally:
        _running.remove(meter)


_X_JOBS = re.compile(r"https?://[^/?]+/2/compliance/jobs(/[0-9]+)?(\?|$)")


def count_x(request: Request) -> None:
    """Counts a request to X's API; where X takes or gives bytes itself it has charged nothing."""
    if _X_JOBS.match(request.url):
        _running[-1].add(Consumption(x_creates=int(request.method == "POST"), x_gets=int(request.method == "GET")))


def note_x(request: Request, headers: Mapping[str, str]) -> None:
    """Takes in what an answer of X's API says of the limit to its requests."""
    left = headers.get("x-rate-limit-remaining", "")
    if _X_JOBS.match(request.url) and left.isascii() and left.isdigit():
        _running[-1].note_left(int(left))


def watch(client: Any) -> None:
    """Counts all that an AWS client asks for from now on."""
    events = client.meta.events
    events.register("before-parameter-build.dynamodb", _ask_for_units)
    events.register("after-call", _count)
    events.register("after-call-error", _count_requests)


def _ask_for_units(params: dict[str, Any], model: Any, **_: Any) -> None:
    if "ReturnConsumedCapacity" in model.input_shape.members:
        params["ReturnConsumedCapacity"] = "TOTAL"


def _count(event_name: str, context: dict[str, Any], parsed: dict[str, Any], **_: Any) -> None:
    _running[-1].add(_units(event_name.rpartition(".")[2], parsed) + _scanned(parsed.get("QueryExecution", {})))
    _count_requests(event_name, context)


def _count_requests(event_name: str, context: dict[str, Any], **_: Any) -> None:
    service, operation = event_name.split(".")[1:]
    _running[-1].add(_requests(service, operation, context.get("retries", {}).get("attempt", 1)))


def _requests(service: str, operation: str, sent: int) -> Consumption:
    if service == "s3" and not operation.startswith(_S3_FREE):
        is_put = operation.startswith(_S3_PUTS)
        return Consumption(s3_puts=sent) if is_put else Consumption(s3_gets=sent)
    if service == "dynamodb":
        return Consumption(dynamodb_requests=sent)
    if service == "secrets-manager":
        return Consumption(secret_reads=sent, kms_requests=sent)
    return Consumption()


def _units(operation: str, parsed: dict[str, Any]) -> Consumption:
    """What DynamoDB says it took; a write that its condition forbids takes a unit too, in a transaction two."""
    match parsed.get("Error", {}).get("Code"):
        case "ConditionalCheckFailedException":
            units = 1.0
        case "TransactionCanceledException":
            units = 2.0 * len(parsed.get("CancellationReasons", []))
        case _:
            said = parsed.get("ConsumedCapacity", [])
            units = sum(each["CapacityUnits"] for each in (said if isinstance(said, list) else [said]))
    is_read = operation.startswith(_READS)
    return Consumption(dynamodb_read_units=units) if is_read else Consumption(dynamodb_write_units=units)


def _scanned(query: dict[str, Any]) -> Consumption:
    """What Athena has read for a query, once it is over: whole MB, 10 at least; one that failed is free."""
    if query.get("Status", {}).get("State") not in ("SUCCEEDED", "CANCELLED"):
        return Consumption()
    scanned = query.get("Statistics", {}).get("DataScannedInBytes", 0)
    return Consumption(athena_mb=max(10, ceil(scanned / 1_000_000)))
