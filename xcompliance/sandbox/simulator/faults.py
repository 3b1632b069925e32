"""Faults on request: a table of what can go wrong, and the box that the services take them from."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, UnionType
from typing import Any

API_OPERATIONS = ("create_job", "list_jobs", "get_job", "cancel_job")
BYTE_OPERATIONS = ("upload", "download")
"""A whole-file PUT and a GET of results, of either generation."""
X_OPERATIONS = (*API_OPERATIONS, *BYTE_OPERATIONS)
"""What X itself answers, the byte path of the x-hosted generation included."""
SESSION_OPERATIONS = ("open_session", "send_chunk", "ask_session", "cancel_session")
OPERATIONS = (*API_OPERATIONS, *BYTE_OPERATIONS, *SESSION_OPERATIONS)


@dataclass(frozen=True)
class Parameter:
    """A fault's parameter: the types it may have, its default, and its values if there are only some."""

    type: type | UnionType
    default: Any = None
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of fault. Without ``operations`` it befalls jobs, not requests."""

    meaning: str
    operations: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


FAULTS: Mapping[str, Kind] = {
    "unheard": Kind("Closes the connection without doing the work.", OPERATIONS),
    "no_answer": Kind("Does the work, then closes the connection instead of answering.", OPERATIONS),
    "stalled": Kind("Does the work, then says nothing until the client hangs up.", OPERATIONS),
    "answer": Kind(
        "Answers `status`, `headers` and `body` instead of doing the work.",
        OPERATIONS,
        {"status": Parameter(int, 200), "headers": Parameter(dict, MappingProxyType({})), "body": Parameter(str, "")},
    ),
    "status_after": Kind("Does the work, then answers `status`.", OPERATIONS, {"status": Parameter(int, 503)}),
    "header": Kind(
        "Answers with `header` replaced by `value`, or left out when that is null.",
        OPERATIONS,
        {"header": Parameter(str, "x-goog-hash"), "value": Parameter(str | None)},
    ),
    "status": Kind(
        "Answers `status` instead of doing the work, with Retry-After when `retry_after` is given.",
        OPERATIONS,
        {"status": Parameter(int, 503), "retry_after": Parameter(int | None)},
    ),
    "empty_404": Kind("Answers 404 with an empty body, as a route does that is not live.", OPERATIONS),
    "html_page": Kind("Answers 200 with a page of HTML instead of doing the work, as proxies do.", OPERATIONS),
    "redirect": Kind(
        "Answers `status` with a Location instead of doing the work.",
        OPERATIONS,
        {"status": Parameter(int, 307), "location": Parameter(str, "http://127.0.0.1:9/")},
    ),
    "errors_in_200": Kind("Answers 200 with `errors` and no `data` instead of doing the work.", X_OPERATIONS),
    "credits_depleted": Kind(
        "Answers 402 in one of its two forms, named by the end of the problem's type.",
        X_OPERATIONS,
        {"form": Parameter(str, "credits-depleted", ("credits", "credits-depleted"))},
    ),
    "spend_cap_reached": Kind(
        "Answers 403 SpendCapReached, which ends on `reset_date`.",
        X_OPERATIONS,
        {"reset_date": Parameter(str, "2027-01-01")},
    ),
    "usage_capped": Kind("Answers 429 usage-capped.", X_OPERATIONS),
    "rate_limited": Kind("Answers 429 with no requests left for 15 minutes.", X_OPERATIONS),
    "lost_answer": Kind("Does the work, then closes the connection instead of answering 2xx.", OPERATIONS),
    "reset": Kind(
        "Resets the connection after `after_bytes` of the request's body; what came in whole is kept.",
        ("send_chunk", "upload"),
        {"after_bytes": Parameter(int, 0)},
    ),
    "slow_upload": Kind(
        "Takes the request's body at `bytes_per_second`.",
        ("send_chunk", "upload"),
        {"bytes_per_second": Parameter(int, 1_000_000)},
    ),
    "partial_chunk": Kind(
        "Persists only `keep_bytes` of a chunk, rounded down to 256 KiB; at random without it.",
        ("send_chunk",),
        {"keep_bytes": Parameter(int | None)},
    ),
    "silent_308": Kind("Persists a chunk but answers 308 without Range.", ("send_chunk",)),
    "stored_late": Kind("Answers 308 to the last chunk; the next request finds the object stored.", ("send_chunk",)),
    "session_lost": Kind(
        "Forgets the session for good and answers `status`.",
        ("send_chunk", "ask_session"),
        {"status": Parameter(int, 410)},
    ),
    "hashless": Kind(
        "Answers without x-goog-hash where Google would send it.",
        ("send_chunk", "ask_session", "upload", "download"),
    ),
    "corrupted_upload": Kind("Stores another first byte than was sent.", ("send_chunk", "upload")),
    "truncated_download": Kind(
        "Announces the whole file and ends after `keep_bytes`.",
        ("download",),
        {"keep_bytes": Parameter(int, 0)},
    ),
    "short_download": Kind(
        "Announces and sends `keep_bytes` only; x-goog-stored-content-length and the hash tell the truth.",
        ("download",),
        {"keep_bytes": Parameter(int, 0)},
    ),
    "range_ignored": Kind("Answers 200 with the whole file where a range is asked for.", ("download",)),
    "corrupted_download": Kind("Sends another first byte than is stored.", ("download",)),
    "job_field": Kind(
        "Answers with `field` of the job replaced by `value`, or left out when that is null.",
        API_OPERATIONS,
        {"field": Parameter(str, "upload_url"), "value": Parameter(str | bool | None)},
    ),
    "job_fails": Kind(
        "The next upload that completes ends in a job that reads failed, and says why.",
        parameters={"error": Parameter(str, "The job failed for a reason that was asked for.")},
    ),
    "job_expires": Kind("The next upload that completes ends in a job that reads expired."),
}


@dataclass
class Fault:
    """A fault that waits to happen ``times`` times, to any of its kind's operations unless one is named.

    Raises ValueError when the table knows no such fault.
    """

    name: str
    operation: str | None = None
    times: int = 1
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kind = FAULTS.get(self.name)
        if kind is None:
            raise ValueError(f"There is no fault named {self.name}; there are {', '.join(FAULTS)}.")
        if self.operation is not None and self.operation not in kind.operations:
            raise ValueError(f"{self.name} cannot befall {self.operation}.")
        if not isinstance(self.times, int) or self.times < 1:
            raise ValueError("times must be a whole number from 1.")
        for name, value in self.parameters.items():
            parameter = kind.parameters.get(name)
            is_allowed = parameter is not None and (not parameter.choices or value in parameter.choices)
            if parameter is None or not isinstance(value, parameter.type) or not is_allowed:
                raise ValueError(f"{self.name} has no parameter {name} with such a value.")
        defaults = {name: parameter.default for name, parameter in kind.parameters.items()}
        self.parameters = defaults | dict(self.parameters)

    def befalls(self, name: str, operation: str | None) -> bool:
        """Whether this is what is asked for, here and now."""
        if self.name != name:
            return False
        return operation == self.operation if self.operation else operation in (*FAULTS[name].operations, None)


class FaultBox:
    """The faults that are still to come, first armed first taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []

    def arm(self, name: str, operation: str | None = None, times: int = 1, **parameters: Any) -> None:
        """Lets a fault happen ``times`` times from now on. Raises ValueError for an unknown one."""
        fault = Fault(name, operation, times, parameters)
        with self._lock:
            self._armed.append(fault)

    def take(self, name: str, operation: str | None = None) -> Mapping[str, Any] | None:
        """The parameters of the fault if it is to happen now, which uses it up once; else None."""
        with self._lock:
            fault = next((fault for fault in self._armed if fault.befalls(name, operation)), None)
            if fault is None:
                return None
            fault.times -= 1
            if fault.times == 0:
                self._armed.remove(fault)
            return fault.parameters

    def armed(self) -> list[Fault]:
        """What is still to come."""
        with self._lock:
            return list(self._armed)

    def clear(self) -> None:
        """Lets nothing more happen."""
        with self._lock:
            self._armed.clear()
