"""X's jobs and their states, which follow from what has happened and what time it is."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from xcompliance.sandbox.simulator.clock import Clock
from xcompliance.sandbox.simulator.settings import Generation, JobType

Status = Literal["created", "in_progress", "complete", "failed", "expired"]
Outcome = Literal["complete", "failed", "expired"]

DOWNLOAD_SECONDS = 604_800
"""Results can be downloaded for 7 days from the job's creation."""
_ACTIVE = ("created", "in_progress")
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657


@dataclass
class Job:
    """One job, of one App. Times are simulated epoch seconds.

    ``completed_uploads`` counts every upload that was stored as a whole, also a late or a second one.
    """

    id: str
    type: JobType
    name: str | None
    resumable: bool
    generation: Generation
    created_at: float
    upload_expires_at: float
    accepts_late_uploads: bool
    app: str = "owner"
    upload_url: str = field(default="", repr=False)
    download_url: str = field(default="", repr=False)
    upload_token: str = field(default="", repr=False)
    download_token: str = field(default="", repr=False)
    uploads_running: int = 0
    uploaded_last_at: float = 0.0
    ends_at: float | None = None
    outcome: Outcome = "complete"
    error: str | None = None
    results_ready: bool = False
    cancelled: bool = False
    completed_uploads: int = 0
    uploaded_bytes: int = 0
    uploaded_crc32c: str | None = None

    @property
    def download_expires_at(self) -> float:
        """When the results are gone."""
        return self.created_at + DOWNLOAD_SECONDS

    @property
    def submission(self) -> str:
        """The path of the object that is uploaded."""
        return f"/twttr-{self.type[:-1]}-compliance/{self.id}/submission/{self.id}"

    @property
    def results(self) -> str:
        """The path of the object that is downloaded."""
        return f"/twttr-{self.type[:-1]}-compliance/{self.id}/delivery/{self.id}"

    def status(self, now: float) -> Status:
        """The state at that time."""
        if self.cancelled:
            return "failed"
        if self.ends_at is None:
            return "created" if now < self.upload_expires_at or self._is_uploading(now) else "expired"
        is_done = now >= self.ends_at and (self.results_ready or self.outcome != "complete")
        return self.outcome if is_done else "in_progress"

    @contextmanager
    def uploading(self, clock: Clock) -> Iterator[None]:
        """While a request about the upload is under way; it changes nothing when the job waits for none any more."""
        if self.status(clock.now()) != "created":
            yield
            return
        self.uploads_running += 1
        try:
            yield
        finally:
            self.uploads_running -= 1
            self.uploaded_last_at = clock.now()

    def _is_uploading(self, now: float) -> bool:
        """Whether an upload that began in time goes on: its last request is no longer ago than the window is wide."""
        window = self.upload_expires_at - self.created_at
        return self.accepts_late_uploads and (self.uploads_running > 0 or now < self.uploaded_last_at + window)


class ActiveJobError(Exception):
    """X allows one active job per type and App."""


class JobTable:
    """All jobs, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def add(self, now: float, make: Callable[[str], Job]) -> Job:
        """Adds what ``make`` makes of a new ID. Raises ActiveJobError when one of its type and App is active."""
        with self._lock:
            job = make(self._next_id(now))
            mine = (known for known in self._jobs.values() if (known.type, known.app) == (job.type, job.app))
            if any(known.status(now) in _ACTIVE for known in mine):
                raise ActiveJobError
            self._jobs[job.id] = job
            return job

    def get(self, job_id: str) -> Job | None:
        """The job of that ID."""
        with self._lock:
            return self._jobs.get(job_id)

    def all(self) -> list[Job]:
        """All jobs."""
        with self._lock:
            return list(self._jobs.values())

    def _next_id(self, now: float) -> str:
        """A snowflake: 19 digits that grow."""
        last = max((int(job_id) for job_id in self._jobs), default=0)
        return str(max(last + 1, (int(now * 1000) - _SNOWFLAKE_EPOCH_MS) << 22))
