"""X's batch-compliance operations: builds the requests and judges the answers, without a socket.

Source: X's OpenAPI description 2.168, and its batch-compliance documentation.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from compliance.clock import parse_time
from compliance.errors import (
    AccessRefused,
    BadCredentials,
    ComplianceError,
    CreditsDepleted,
    JobConflict,
    JobNotFound,
    PartTooLarge,
    ProtocolViolation,
    RateLimited,
    RequestRefused,
    RouteNotLive,
    UsageCapExceeded,
    XUnavailable,
)
from compliance.runs import JobType
from compliance.wire import Request, Response

JOB_FIELDS = "created_at,download_expires_at,download_url,id,name,resumable,status,type,upload_expires_at,upload_url"
_QUOTED = re.compile(r" ?\[[^\]]*\]|\S*://\S*|\?\S*")
"""Values in brackets, addresses, and queries."""

MAX_DETAIL = 300
"""Characters of X's own words that are passed on."""


@dataclass(frozen=True)
class ComplianceJob:
    """X's job, as far as X described it: since OpenAPI 2.167 no field is required."""

    id: str
    status: str
    name: str | None = None
    created_at: datetime | None = None
    upload_url: str | None = field(default=None, repr=False)
    upload_expires_at: datetime | None = None
    download_url: str | None = field(default=None, repr=False)
    download_expires_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether it takes up X's one slot of its type."""
        return self.status in ("created", "in_progress")

    @classmethod
    def of(cls, data: object) -> "ComplianceJob":
        """Reads one job; unknown fields are ignored. Raises ProtocolViolation without an ID or a status."""
        if not isinstance(data, dict):
            raise ProtocolViolation("X described a job by something that is not an object.")
        job_id, status = data.get("id"), data.get("status")
        if not isinstance(job_id, str) or not (job_id.isascii() and job_id.isdigit()) or not isinstance(status, str):
            raise ProtocolViolation("X described a job without its id or its status.")
        return cls(
            id=job_id,
            status=status,
            name=_text(data, "name"),
            created_at=_time(data, "created_at"),
            upload_url=_text(data, "upload_url"),
            upload_expires_at=_time(data, "upload_expires_at"),
            download_url=_text(data, "download_url"),
            download_expires_at=_time(data, "download_expires_at"),
        )


@dataclass(frozen=True)
class XApi:
    """Where X's API is and the bearer token for it."""

    base_url: str
    bearer_token: str = field(repr=False)

    @property
    def authorization(self) -> dict[str, str]:
        """The header that X's API, and X's own byte path, ask for."""
        return {"authorization": f"Bearer {self.bearer_token}"}

    def create(self, job_type: JobType, name: str, *, resumable: bool) -> tuple[Request, bytes]:
        """The request for a new job, with its body. ``resumable`` is sent only when it is asked for."""
        body: dict[str, object] = {"type": job_type, "name": name}
        if resumable:
            body["resumable"] = True
        headers = {**self.authorization, "content-type": "application/json"}
        return Request("POST", self._url("", {}), headers), json.dumps(body).encode()

    def get(self, job_id: str) -> Request:
        """The request for one job."""
        return Request("GET", self._url(f"/{job_id}", {}), self.authorization)

    def cancel(self, job_id: str) -> Request:
        """The request that cancels one job."""
        return Request("DELETE", self._url(f"/{job_id}", {}), self.authorization)

    def list(self, job_type: JobType) -> Request:
        """The request for all jobs of a type; X has no pagination here."""
        return Request("GET", self._url("", {"type": job_type}), self.authorization)

    def _url(self, path: str, query: dict[str, str]) -> str:
        query = {**query, "compliance_job.fields": JOB_FIELDS}
        return f"{self.base_url}/2/compliance/jobs{path}?{urlencode(query, safe=',')}"


def job_of(response: Response) -> ComplianceJob:
    """The one job that an answer describes. Raises by ``refusal``; JobNotFound for a 200 without data."""
    document = _document(response)
    if document.get("data") is None:
        raise JobNotFound(f"X knows no such job{_in_words(document)}.")
    return ComplianceJob.of(document["data"])


def jobs_of(response: Response) -> list[ComplianceJob]:
    """The jobs that an answer lists; with none, X leaves ``data`` out. Raises by ``refusal``.

    A job that cannot be read is left out: it may be anybody's under the same App.
    """
    data = _document(response).get("data", [])
    if not isinstance(data, list):
        raise ProtocolViolation("X listed jobs by something that is not a list.")
    jobs = []
    for item in data:
        with suppress(ProtocolViolation):
            jobs.append(ComplianceJob.of(item))
    return jobs


def refusal(response: Response) -> ComplianceError:  # noqa: PLR0911 -- one return for each kind of answer
    """The error that an answer other than success stands for, with X's own words where it gave some.

    Only the last part of a problem's ``type`` counts: its host moved from api.twitter.com to api.x.com.
    """
    document = _json(response.body)
    words = _in_words(document)
    problem = str(_problem(document).get("type", "")).rstrip("/").rpartition("/")[2]
    match response.status:
        case 401:
            return BadCredentials(f"X does not accept the bearer token{words}. Put a valid one into the secret.")
        case 402:
            return CreditsDepleted(f"The X account has no credits left{words}. Buy some, then start the run again.")
        case 403:
            return AccessRefused(f"X refuses access{words}. Is the App enrolled for batch compliance?")
        case 404 if not response.body.strip():
            return RouteNotLive("X has not switched this route on for the account (404 without a word).")
        case 404:
            return JobNotFound(f"X knows no such job{words}.")
        case 409:
            return JobConflict(f"Another job of this type is active under the same App{words}.")
        case 413:
            return PartTooLarge(f"X takes no upload of this size{words}. Lower part_size_mb.")
        case 429 if "usage" in problem or "cap" in problem:
            return UsageCapExceeded(f"The X account's usage cap is reached{words}. Raise it, then start the run again.")
        case 429:
            return RateLimited(f"X's rate limit is reached{words}.", _reset_at(response))
        case status if status == 408 or status >= 500:
            return XUnavailable(f"X answered {status}{words}.")
        case status:
            return RequestRefused(f"X refused the request with {status}{words}.")


def _document(response: Response) -> dict[str, Any]:
    if response.status != 200:
        raise refusal(response)
    document = _json(response.body)
    if not document:
        raise ProtocolViolation("X answered 200 with something that is not a JSON object.")
    return document


def _json(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _problem(document: dict[str, Any]) -> dict[str, Any]:
    """The problem itself: the document, or the first of its ``errors``."""
    errors = document.get("errors")
    return errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else document


def _in_words(document: dict[str, Any]) -> str:
    """What X says went wrong, without the values and addresses that it may quote."""
    problem = _problem(document)
    words = problem.get("detail") or problem.get("message") or problem.get("title")
    if not isinstance(words, str):
        return ""
    plain = _QUOTED.sub("", words)
    return f" ({plain[:MAX_DETAIL].rstrip('.')})"


def _reset_at(response: Response) -> float | None:
    try:
        return float(response.headers["x-rate-limit-reset"])
    except (KeyError, ValueError):
        return None


def _text(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) and value else None


def _time(data: dict[str, Any], name: str) -> datetime | None:
    text = _text(data, name)
    try:
        return parse_time(text) if text else None
    except ValueError:
        raise ProtocolViolation(f"X gave a job's {name} in a form that is not ISO 8601.") from None
