"""What a run consumes at AWS and at X, counted so that it can be added up and priced."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import ceil
from typing import Any


@dataclass(frozen=True)
class Consumption:
    """How much was asked for. Requests are counted as often as they were sent: most of what fails is charged too.

    An Express child of a Distributed Map is one request, one state transition of the machine that starts it [AWS, Step
    Functions, "Transitions"], and as many GB-seconds as its 64 MB for as long as its function runs.
    """

    transitions: int = 0
    express_requests: int = 0
    express_gb_seconds: float = 0.0
    lambda_requests: int = 0
    lambda_gb_seconds: float = 0.0
    s3_puts: int = 0
    s3_gets: int = 0
    dynamodb_requests: int = 0
    dynamodb_read_units: float = 0.0
    dynamodb_write_units: float = 0.0
    secret_reads: int = 0
    kms_requests: int = 0
    athena_mb: int = 0
    x_creates: int = 0
    x_gets: int = 0

    def __add__(self, other: "Consumption") -> "Consumption":
        return Consumption(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Consumption":
        """Reads what was written down; what it does not say was not consumed."""
        return cls(**{each.name: item[each.name] for each in fields(cls) if each.name in item})

    def said(self) -> dict[str, float]:
        """What was consumed at all, to be written down; GB-seconds to the microsecond."""
        amounts = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: round(amount, 6) for name, amount in amounts.items() if amount}


EXPRESS = ("index_range",)
"""The functions that an Express child of a Distributed Map calls."""

_AFTER = {
    "register_run": 1,
    "claim_dataset": 1,
    "unload_dataset": 1,
    "plan_parts": 2,
    "prepare_part": 1,
    "find_duplicates": 1,
    "deduplicate_part": 1,
    "accept_input": 1,
    "publish_run": 2,
    "create_job": 1,
    "upload_part": 1,
    "get_job": 1,
    "download_results": 1,
    "index_results": 1,
    "abandon_job": 1,
    "release_turn": 3,
}
"""States behind a function's own that call no function: choices, maps and what follows them, ends. Release Turn has the
Check Part, too, that waits for its job; the function of a Standard child has the child's start."""

ENDING = Consumption(transitions=5, lambda_requests=3, s3_puts=2)
"""What comes after a run was added up: the step that does it, Write Report and Publish Run; their time, their units and
what they read are left out."""


def invocation(function: str, result: Mapping[str, Any] | None, seconds: float, memory_mb: int) -> Consumption:
    """What one invocation consumes by itself: it took ``seconds``; its ``result`` is None when it failed."""
    seconds = max(0.0, seconds)
    billed = ceil(round(seconds * 1000, 3)) / 1000
    is_child = function in EXPRESS
    return Consumption(
        transitions=transitions(function, result),
        express_requests=int(is_child),
        express_gb_seconds=ceil(round(seconds * 10, 3)) / 10 * 64 / 1024 if is_child else 0.0,
        lambda_requests=1,
        lambda_gb_seconds=billed * memory_mb / 1024,
    )


def transitions(function: str, result: Mapping[str, Any] | None) -> int:
    """State transitions up to the next call of a function; a test holds them against the machines' definitions."""
    if result is None:
        return 1
    ends_here = bool(result.get("duplicate") or result.get("folder"))
    waits = bool(result.get("wait_seconds"))
    shares_out = bool(result.get("ranges") or (function == "find_duplicates" and result["parts"]))
    return 1 + _AFTER.get(function, 0) + ends_here + waits + shares_out
