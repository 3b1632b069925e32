"""What tests arrange at the simulator's X, and see of it."""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from compliance.wire import Response
from xcompliance.sandbox.simulator import jobs
from xcompliance.sandbox.simulator.api import Api
from xcompliance.sandbox.simulator.settings import JobType
from xcompliance.sandbox.simulator.world import World as Core

ORIGIN = "https://api.x.com"
BEARER = "SECRET-bearer"
JSON = {"content-type": "application/json"}
WINDOW = 900.0
ALWAYS = 1_000_000
OPERATIONS = {
    "create": "create_job",
    "list": "list_jobs",
    "get": "get_job",
    "cancel": "cancel_job",
    "upload": "upload",
    "download": "download",
}

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
    """One of X's jobs, whose fate a test decides."""

    core: Core = field(repr=False)
    known: jobs.Job

    @property
    def id(self) -> str:
        return self.known.id

    @property
    def type(self) -> str:
        return self.known.type

    @property
    def name(self) -> str:
        return self.known.name or ""

    @property
    def created(self) -> float:
        return self.known.created_at

    @property
    def is_resumable(self) -> bool:
        return self.known.resumable

    @property
    def status(self) -> str:
        return self.known.status(self.core.clock.now())

    @status.setter
    def status(self, status: jobs.Status) -> None:
        """From now on; a job that is in progress has no end."""
        job = self.known
        job.cancelled, job.results_ready = False, True
        ends = {"created": None, "in_progress": float("inf")}
        job.ends_at = ends.get(status, self.core.clock.now())
        if status == "complete" and self.core.objects.get(job.results) is None:
            self.answer(b"")
        job.outcome = status if status in ("failed", "expired") else "complete"

    def answer(self, results: bytes) -> None:
        """Gives the job these results."""
        writer = self.core.objects.writer()
        writer.append(results)
        self.core.objects.put(self.known.results, writer.finish())

    def take(self, content: bytes) -> None:
        """Gives the job an upload, without anybody sending it."""
        writer = self.core.objects.writer()
        writer.append(content)
        self.core.submit(self.known, writer.finish())


@dataclass
class X:
    """X's side. ``faults`` are the next answers to an operation, by its name.

    ``tells`` is what X says of a field of every job in answers to an operation, None to leave it out.
    """

    core: Core
    api: Api
    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    tells: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    leaves_out: tuple[str, ...] = ()
    on_create: Callable[[], None] = lambda: None

    @property
    def generation(self) -> Literal["google", "x"]:
        """Where X lets the bytes of new jobs go."""
        return "x" if self.core.settings.generation == "x-hosted" else "google"

    @generation.setter
    def generation(self, generation: Literal["google", "x"]) -> None:
        self.core.settings = replace(self.core.settings, generation="x-hosted" if generation == "x" else "gcs")

    @property
    def refuses_resumable(self) -> bool:
        return self.core.settings.refuses_resumable

    @refuses_resumable.setter
    def refuses_resumable(self, refuses: bool) -> None:
        self.core.settings = replace(self.core.settings, resumable="refused" if refuses else "honoured")

    @property
    def job_seconds(self) -> float:
        """From the upload of a job to its end."""
        return self.core.settings.job_seconds

    @job_seconds.setter
    def job_seconds(self, seconds: float) -> None:
        self.core.settings = replace(self.core.settings, job_seconds=seconds)

    @property
    def jobs(self) -> dict[str, Job]:
        return {job.id: Job(self.core, job) for job in self.core.jobs.all()}

    @property
    def heard(self) -> list[str]:
        """The operations so far, by their short names."""
        short = {name: key for key, name in OPERATIONS.items()}
        return [short.get(entry.operation or "", "") for entry in self.core.journal.entries() if entry.service == "api"]

    @property
    def uploads(self) -> dict[str, list[bytes]]:
        """What X itself was sent, by job."""
        return {
            job_id: [b"".join(stored.blocks(0, stored.size)) for stored in uploads]
            for job_id, uploads in cast(Any, self.core).uploads.items()
            if (known := self.core.jobs.get(job_id)) and known.generation == "x-hosted"
        }

    def job(self) -> Job:
        """The job that was created last."""
        return Job(self.core, self.core.jobs.all()[-1])

    def add(self, job_type: str, name: str, *, is_resumable: bool = False) -> Job:
        """A new job, without anybody asking, also where X has an active one."""
        now, settings, known = self.core.clock.now(), self.core.settings, self.core.jobs
        job = jobs.Job(
            id=known._next_id(now),
            type=cast(JobType, job_type),
            name=name,
            resumable=is_resumable,
            generation=settings.generation,
            created_at=now,
            upload_expires_at=now + WINDOW,
            accepts_late_uploads=True,
            upload_token=self.core.new_secret(),
            download_token=self.core.new_secret(),
        )
        self.api._sign(job)
        known._jobs[job.id] = job
        return Job(self.core, job)

    def forget(self, job: Job) -> None:
        """Knows the job no longer."""
        del self.core.jobs._jobs[job.id]

    def upload_url(self, job: Job) -> str:
        return job.known.upload_url

    def download_url(self, job: Job) -> str:
        return job.known.download_url

    def arrange(self, operation: str | None) -> None:
        """Lets happen to a request what a test has asked for."""
        short = next((key for key, name in OPERATIONS.items() if name == operation), "")
        faults = self.core.faults
        if short in self.tells:
            name, value = self.tells[short]
            faults.arm("job_field", operation, ALWAYS, field=name, value=value)
        if self.leaves_out and short in ("create", "get", "list", "cancel"):
            faults.arm("job_field", operation, ALWAYS, field=self.leaves_out[0], value=None)
        if operation == "create_job":
            self.on_create()
        match self.faults[short].pop(0) if self.faults[short] else None:
            case "unheard":
                faults.arm("unheard", operation)
            case "unanswered":
                faults.arm("no_answer", operation)
            case Response(status, headers, body):
                faults.arm("answer", operation, status=status, headers=dict(headers), body=body.decode())
