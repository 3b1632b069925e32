"""X's compliance jobs as its documentation describes them, in memory, in both generations of the byte path."""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qs, quote, urlsplit

from compliance.wire import Readable, Request, Response, WireError
from tests.fakes.breach import read_body, require
from tests.fakes.clock import ManualClock

ORIGIN = "https://api.x.com"
BEARER = "SECRET-bearer"
JSON = {"content-type": "application/json"}
WINDOW = 900.0
RETENTION = 7 * 86_400.0

Fault = Response | Literal["unheard", "unanswered"]
"""An answer instead of the due one; or no answer: X never heard of the request, or X did as it was told."""


def answer(status: int, document: dict[str, Any] | None = None, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, JSON | named, b"" if document is None else json.dumps(document).encode())


def problem(status: int, kind: str, detail: str, **headers: str) -> Response:
    document = {"type": f"https://api.x.com/2/problems/{kind}", "title": kind, "detail": detail, "status": status}
    return answer(status, document, **headers)


@dataclass
class Job:
    """A job as X keeps it. Without a ``generation`` of its own it has X's present one."""

    id: str
    type: str
    name: str
    created: float
    is_resumable: bool
    status: str = "created"
    polls_left: int = 1
    results: bytes = b""
    generation: Literal["google", "x"] | None = None


@dataclass
class FakeX:
    """Implements ``Send`` for X's API. ``faults`` are the next answers to an operation, by its name.

    ``generation`` is where X lets the bytes go; ``objects`` are those that Google has; ``uploads`` those that X has.
    """

    clock: ManualClock
    generation: Literal["google", "x"] = "google"
    objects: dict[str, bytes] = field(default_factory=dict)
    refuses_resumable: bool = False
    leaves_out: tuple[str, ...] = ()
    signed_headers: str = "content-type;host"
    polls: int = 1
    jobs: dict[str, Job] = field(default_factory=dict)
    uploads: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    heard: list[str] = field(default_factory=list)
    on_create: Callable[[], None] = lambda: None

    def send(self, request: Request, body: bytes | Readable | None) -> Response:
        require(request.url.startswith(ORIGIN + "/2/compliance/jobs"), "the request goes to another place")
        require(request.headers.get("authorization") == f"Bearer {BEARER}", "the bearer token is missing or wrong")
        parts = urlsplit(request.url)
        path = parts.path.removeprefix("/2/compliance/jobs").strip("/").split("/")
        operation = {
            ("POST", 1): "create",
            ("PUT", 2): "upload",
            ("DELETE", 1): "cancel",
        }.get((request.method, len(path)), "get" if path[0] else "list")
        self.heard.append(operation)
        fault = self.faults[operation].pop(0) if self.faults[operation] else None
        if fault == "unheard":
            raise WireError("ConnectTimeoutError")
        if isinstance(fault, Response):
            if operation == "upload":
                read_body(request, body)
            return fault
        due = self._do(operation, request, body, path[0], parse_qs(parts.query))
        if fault == "unanswered":
            raise WireError("ReadTimeoutError")
        return due

    def job(self) -> Job:
        """The job that was created last."""
        return list(self.jobs.values())[-1]

    def add(self, job_type: str, name: str, *, is_resumable: bool = False) -> Job:
        """A new job, without anybody asking."""
        job_id = str(1_990_000_000_000_000_000 + len(self.jobs))
        self.jobs[job_id] = Job(job_id, job_type, name, self.clock.now(), is_resumable, polls_left=self.polls)
        return self.jobs[job_id]

    def upload_url(self, job: Job) -> str:
        if (job.generation or self.generation) == "x":
            return f"{ORIGIN}/2/compliance/jobs/{job.id}/upload?token=SECRET-upload"
        signed = quote(self.signed_headers + ";x-goog-resumable" * job.is_resumable)
        return f"https://storage.googleapis.com/{job.id}?X-Goog-SignedHeaders={signed}&X-Goog-Signature=SECRET-upload"

    def download_url(self, job: Job) -> str:
        if (job.generation or self.generation) == "x":
            return f"{ORIGIN}/2/compliance/jobs/{job.id}/download?token=SECRET-download"
        return f"https://storage.googleapis.com/results/{job.id}?X-Goog-Signature=SECRET-download"

    def _do(
        self, operation: str, request: Request, body: bytes | Readable | None, job_id: str, query: dict[str, list[str]]
    ) -> Response:
        self._expire()
        if operation == "upload":
            return self._upload(job_id, query, read_body(request, body))
        if operation == "create":
            return self._create(json.loads(read_body(request, body)))
        if operation == "list":
            listed = [self._described(job) for job in self.jobs.values() if job.type == query["type"][0]]
            return answer(200, ({"data": listed} if listed else {}) | {"meta": {"result_count": len(listed)}})
        job = self.jobs.get(job_id)
        if job is None:
            return answer(200, {"errors": [{"title": "Not Found Error", "detail": "Could not find job."}]})
        if operation == "cancel":
            return self._cancel(job)
        self._progress(job)
        return answer(200, {"data": self._described(job)})

    def _create(self, body: dict[str, Any]) -> Response:
        require(set(body) <= {"type", "name", "resumable"}, "X takes no other property")
        require(body["type"] in ("tweets", "users") and len(body["name"]) <= 64, "X does not take this type or name")
        if self.refuses_resumable and "resumable" in body:
            return problem(400, "invalid-request", "resumable is not supported.")
        if any(job.type == body["type"] and job.status in ("created", "in_progress") for job in self.jobs.values()):
            return problem(409, "conflict", "There is an active job.")
        self.on_create()
        job = self.add(body["type"], body["name"], is_resumable=bool(body.get("resumable")))
        job.generation = self.generation
        return answer(200, {"data": self._described(job)})

    def _upload(self, job_id: str, query: dict[str, list[str]], content: bytes) -> Response:
        require(query == {"token": ["SECRET-upload"]}, "the URL's own token must stay")
        job = self.jobs[job_id]
        if job.status != "created":
            return problem(409, "conflict", "The job has its upload.")
        self.uploads[job_id].append(content)
        job.status = "in_progress"
        return answer(200, {"data": {"status": "ok"}})

    def _cancel(self, job: Job) -> Response:
        if job.status not in ("created", "in_progress"):
            return problem(400, "invalid-request", "The job has ended.")
        job.status = "failed"
        return answer(200, {"data": self._described(job)})

    def _expire(self) -> None:
        """A job that got no upload in time ends, whether anybody asks for it or not."""
        for job in self.jobs.values():
            if job.status == "created" and job.id not in self.objects and self.clock.now() >= job.created + WINDOW:
                job.status = "expired"

    def _progress(self, job: Job) -> None:
        if job.status == "created" and job.id in self.objects:
            job.status = "in_progress"
        elif job.status == "in_progress":
            job.polls_left -= 1
            if job.polls_left < 0:
                job.status = "complete"

    def _described(self, job: Job) -> dict[str, Any]:
        described = {
            "id": job.id,
            "type": job.type,
            "name": job.name,
            "status": job.status,
            "resumable": False,
            "created_at": _iso(job.created),
            "upload_url": self.upload_url(job),
            "upload_expires_at": _iso(job.created + WINDOW),
            "download_url": self.download_url(job),
            "download_expires_at": _iso(job.created + RETENTION),
            "field_of_tomorrow": {"new": True},
        }
        return {name: value for name, value in described.items() if name not in self.leaves_out}


def _iso(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
