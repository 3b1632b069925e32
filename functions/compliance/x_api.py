"""X's batch-compliance operations: builds the requests and judges the answers, without a socket.

Source: X's OpenAPI description 2.168, and its batch-compliance documentation.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
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
    JobForbidden,
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
"""``error`` is not among them: X's description does not know it, and X may refuse a field that it does not know."""

_QUOTED = re.compile(r" ?\[[^\]]*\]|\S*://\S*|\?\S*")
"""Values in brackets, addresses, and queries."""

_NUMBER = re.compile(r"[0-9]{5,}")
"""A number that may be an ID; the parts of a date are shorter."""

_WORD = re.compile(r"[a-z_ ]{1,32}", re.ASCII)

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
    error: str | None = field(default=None, repr=False)
    """Why the job did not complete, without values and addresses [X, compliance job object]."""

    @property
    def is_active(self) -> bool:
        """Whether X is known to keep its one slot of this type for the job."""
        return self.status in ("created", "in_progress")

    @property
    def has_ended(self) -> bool:
        """Whether X is done with the job; a status that nobody knows ends nothing."""
        return self.status in ("complete", "failed", "expired")

    @property
    def is_past_upload(self) -> bool:
        """Whether X is known to wait for no upload of the job any more."""
        return self.status == "in_progress" or self.has_ended

    @property
    def shown_status(self) -> str:
        """The status for a log line or a message: X's word if it is a plain one."""
        return self.status if _WORD.fullmatch(self.status) else "unreadable"

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
            error=_plain(_text(data, "error") or "") or None,
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

    def get(self, job_id: str, fields: str = JOB_FIELDS) -> Request:
        """The request for one job."""
        return Request("GET", self._url(f"/{job_id}", {}, fields), self.authorization)

    def cancel(self, job_id: str) -> Request:
        """The request that cancels one job."""
        return Request("DELETE", self._url(f"/{job_id}", {}), self.authorization)

    def list(self, job_type: JobType) -> Request:
        """The request for all jobs of a type; X has no pagination here."""
        return Request("GET", self._url("", {"type": job_type}), self.authorization)

    def _url(self, path: str, query: dict[str, str], fields: str = JOB_FIELDS) -> str:
        query = {**query, "compliance_job.fields": fields}
        return f"{self.base_url}/2/compliance/jobs{path}?{urlencode(query, safe=',')}"


def job_of(response: Response, *, of_job: bool = True) -> ComplianceJob:
    """Return the one job that an answer describes.

    Args:
        response: X's answer.
        of_job: whether the request named a job, so that the answer may say that there is no such job.

    Raises:
        ComplianceError: the kind that ``refusal`` tells, also of a 200 that carries errors in place of a job.
    """
    return ComplianceJob.of(data_of(response, of_job=of_job))


def jobs_of(response: Response) -> list[ComplianceJob]:
    """Return the jobs that an answer lists; with none, X leaves ``data`` out. Raises as ``job_of`` does.

    A job that cannot be read is left out: it may be anybody's under the same App.
    """
    document = _document(response)
    if "data" not in document and "errors" not in document:
        return []
    data = data_of(response, of_job=False)
    if not isinstance(data, list):
        raise ProtocolViolation("X listed jobs by something that is not a list.")
    jobs = []
    for item in data:
        with suppress(ProtocolViolation):
            jobs.append(ComplianceJob.of(item))
    return jobs


def data_of(response: Response, *, of_job: bool = True) -> Any:
    """Return the ``data`` of an answer: a 200 alone is no success. Raises as ``job_of`` does."""
    document = _document(response, of_job=of_job)
    if document.get("data") is not None:
        return document["data"]
    if "errors" not in document:
        raise XUnavailable(f"X answered {response.status} without any data.")
    problem = _problem(document)
    status = _status(problem) or _STATUSES.get(_kind(problem)) or _STATUSES.get(str(problem.get("title")))
    if isinstance(status, int) and 400 <= status < 500 and (of_job or status != 404):
        raise refusal(replace(response, status=status), of_job=of_job)
    raise XUnavailable(f"X answered {response.status} with errors{_in_words(document)}.")


_STATUSES = {
    "invalid-request": 400,
    "credits": 402,
    "credits-depleted": 402,
    "not-authorized-for-resource": 403,
    "resource-not-found": 404,
    "Not Found Error": 404,
    "usage-capped": 429,
}
"""The statuses that problems have elsewhere, by type or title, which X also tells as ``errors`` of a 200."""


def refusal(response: Response, *, of_job: bool = True) -> ComplianceError:  # noqa: PLR0911 -- one return for each kind
    """Return the error that an answer other than success stands for, with X's own words where it gave some.

    Only the last part of a problem's ``type`` counts: its host moved from api.twitter.com to api.x.com. Only a request
    that names a job (``of_job``) can name one that does not exist, or that is another App's.
    """
    document = _json(response.body)
    words = _in_words(document)
    problem = _problem(document)
    kind = _kind(problem)
    if limit := _lasting_limit(response.status, problem, words):
        return UsageCapExceeded(limit)
    match response.status:
        case 401:
            return BadCredentials(f"X does not accept the bearer token{words}. Put a valid one into the secret.")
        case 402:
            return CreditsDepleted(f"The X account has no credits left{words}. Buy some, then start the run again.")
        case 403 if of_job and kind == "not-authorized-for-resource":
            return JobForbidden(f"X does not give this job to the token's App{words}.")
        case 403:
            return AccessRefused(f"X refuses access{words}. Is the App enrolled for batch compliance?")
        case 404 if not response.body.strip():
            return RouteNotLive("X has not switched this route on for the account (404 without a word).")
        case 404 if of_job:
            return JobNotFound(f"X knows no such job{words}.")
        case 409:
            return JobConflict(f"Another job of this type is active under the same App{words}.")
        case 413:
            return PartTooLarge(f"X takes no upload of this size{words}. Lower part_size_mb.")
        case 429:
            return RateLimited(f"X's rate limit is reached{words}.", _reset_at(response))
        case status if status in (404, 408) or status >= 500:
            return XUnavailable(f"X answered {status}{words}.")
        case status:
            return RequestRefused(f"X refused the request with {status}{words}.")


def _document(response: Response, *, of_job: bool = False) -> dict[str, Any]:
    if not 200 <= response.status < 300:
        raise refusal(response, of_job=of_job)
    document = _json(response.body)
    if not document:
        raise XUnavailable(f"X answered {response.status} with something that is not a JSON object.")
    return document


def _json(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _problem(document: dict[str, Any]) -> dict[str, Any]:
    """The problem itself: the document, or of its ``errors`` the first that is a lasting limit, else the first."""
    errors = document.get("errors")
    found = errors if isinstance(errors, list) else []
    limits = (each for each in found if isinstance(each, dict) and _lasting_limit(_status(each) or 0, each, ""))
    return next(limits, found[0] if found and isinstance(found[0], dict) else document)


def _status(problem: dict[str, Any]) -> int | None:
    """The status that a problem names, as a number or as its digits."""
    text = str(problem.get("status"))
    return int(text) if _HTTP_STATUS.fullmatch(text) else None


_HTTP_STATUS = re.compile(r"[1-5][0-9]{2}", re.ASCII)


def _in_words(document: dict[str, Any]) -> str:
    """What X says went wrong, without the values and addresses that it may quote."""
    problem = _problem(document)
    words = problem.get("detail") or problem.get("message") or problem.get("title")
    plain = _plain(words) if isinstance(words, str) else ""
    return f" ({plain})" if plain else ""


def _plain(words: str) -> str:
    """X's words without what they may quote, cut to MAX_DETAIL characters, as the inside of a sentence."""
    plain = _NUMBER.sub("…", _QUOTED.sub("", words))
    return " ".join(plain.split())[:MAX_DETAIL].rstrip(". ")


def _kind(problem: dict[str, Any]) -> str:
    return str(problem.get("type", "")).rstrip("/").rpartition("/")[2]


def _lasting_limit(status: int, problem: dict[str, Any], words: str) -> str | None:
    """The words for a limit that no wait of minutes lifts; None for any other problem."""
    kind = _kind(problem)
    if problem.get("title") == "SpendCapReached" or (status == 403 and kind == "credits"):
        date = _DATE.match(str(problem.get("reset_date", "")))
        until = f" X lifts it on {date[0]}." if date else ""
        return f"The X account's spending limit is reached{words}.{until} Raise it or wait, then start the run again."
    if status == 429 and ("usage" in kind or "cap" in kind):
        return f"The X account's usage cap is reached{words}. Raise it, then start the run again."
    return None


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _reset_at(response: Response) -> float | None:
    text = response.headers.get("x-rate-limit-reset", "")
    return float(text) if _EPOCH.fullmatch(text) else None


_EPOCH = re.compile(r"[0-9]{1,11}(\.[0-9]{1,9})?", re.ASCII)
"""Seconds that a clock can show."""


def _text(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) and value else None


def _time(data: dict[str, Any], name: str) -> datetime | None:
    text = _text(data, name)
    try:
        return parse_time(text) if text else None
    except ValueError:
        raise ProtocolViolation(f"X gave a job's {name} in a form that is not ISO 8601.") from None
