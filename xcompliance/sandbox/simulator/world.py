"""What both ports share, and what happens to a job when its upload is stored."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from xcompliance.sandbox.simulator import results, transfers
from xcompliance.sandbox.simulator.clock import Clock
from xcompliance.sandbox.simulator.faults import FaultBox
from xcompliance.sandbox.simulator.jobs import Job, JobTable, Outcome
from xcompliance.sandbox.simulator.journal import Journal
from xcompliance.sandbox.simulator.objects import ObjectStore, StoredObject
from xcompliance.sandbox.simulator.rate_limit import RateLimit
from xcompliance.sandbox.simulator.settings import Settings
from xcompliance.sandbox.simulator.signing import UrlSigner
from xcompliance.sandbox.simulator.wire import Body

GCS_LIMIT = 1 << 30
"""Bytes of the largest upload that X works on when it came by Google."""


def secret() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(48)


def in_a_thread(work: Callable[[], None]) -> None:
    """Run the work beside the request that caused it."""
    threading.Thread(target=work, daemon=True).start()


@dataclass
class World:
    """The state of one simulator. ``settings`` may be replaced at any time and hold for what happens next.

    ``start`` runs the work on a job; ``new_secret`` makes tokens and session IDs.
    """

    settings: Settings
    clock: Clock
    objects: ObjectStore
    signer: UrlSigner
    rate_limit: RateLimit
    events: results.Lookup | None = None
    start: Callable[[Callable[[], None]], None] = in_a_thread
    new_secret: Callable[[], str] = secret
    faults: FaultBox = field(default_factory=FaultBox)
    journal: Journal = field(default_factory=Journal)
    jobs: JobTable = field(default_factory=JobTable)
    _submitting: threading.Lock = field(default_factory=threading.Lock)

    def job_at(self, path: str) -> Job | None:
        """The job whose submission or results have that path."""
        segments = path.split("/")
        job = self.jobs.get(segments[2]) if len(segments) > 2 else None
        return job if job is not None and path in (job.submission, job.results) else None

    def submit(self, job: Job, stored: StoredObject) -> None:
        """Takes a completed upload; the job moves on unless it is too late or the second one."""
        with self._submitting:
            now = self.clock.now()
            was_waiting = job.status(now) == "created"
            job.completed_uploads += 1
            job.uploaded_bytes, job.uploaded_crc32c = stored.size, stored.crc32c
            if was_waiting:
                job.outcome, job.error = self._outcome(stored)
                job.ends_at = now + self.settings.job_seconds
        if was_waiting and job.outcome == "complete":
            self.start(lambda: self._work(job, stored))
        else:
            stored.content.discard()

    def take_upload(self, job: Job, body: Body) -> StoredObject:
        """Stores a body as the job's submission. Raises CutError when the client leaves before its end."""
        with job.uploading(self.clock):
            stored = transfers.receive(body, self.objects, self.faults)
            self.submit(job, stored)
        return stored

    def _outcome(self, stored: StoredObject) -> tuple[Outcome, str | None]:
        if self.faults.take("job_expires") is not None:
            return "expired", None
        if failed := self.faults.take("job_fails"):
            return "failed", failed["error"]
        if stored.size > GCS_LIMIT:
            return "failed", "The file is too large."
        return "complete", None

    def _work(self, job: Job, stored: StoredObject) -> None:
        """Writes the results; the submission is not needed after that."""
        lookup = self.events or results.by_rule(job.type, job.generation)
        writer = self.objects.writer(composite=self.settings.composite_results)
        try:
            results.answer(stored, lookup, writer)
        except OSError:
            writer.discard()
            job.outcome, job.error = "failed", "The simulator has no room for the results."
        else:
            self.objects.put(job.results, writer.finish())
            job.results_ready = True
        finally:
            stored.content.discard()
