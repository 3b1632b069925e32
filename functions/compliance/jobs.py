"""X's jobs, through a socket that is given: every call is judged, and a lost create is found again."""

from dataclasses import dataclass, field

from compliance.errors import XUnavailable
from compliance.runs import JobType
from compliance.wire import Request, Response, Send, WireError
from compliance.x_api import ComplianceJob, XApi, job_of, jobs_of


@dataclass(frozen=True)
class Jobs:
    """The compliance jobs of one App."""

    api: XApi
    send: Send = field(repr=False)

    def create(self, job_type: JobType, name: str, *, resumable: bool) -> ComplianceJob:
        """Creates a job; raises RequestRefused, among others, where X does not take ``resumable``."""
        request, body = self.api.create(job_type, name, resumable=resumable)
        return job_of(self._call(request, body))

    def find(self, job_type: JobType, name: str) -> ComplianceJob | None:
        """The job of that name which X lists, with all its fields."""
        for job in jobs_of(self._call(self.api.list(job_type))):
            if job.name == name:
                return self.get(job.id)
        return None

    def get(self, job_id: str) -> ComplianceJob:
        """The job as X describes it now."""
        return job_of(self._call(self.api.get(job_id)))

    def _call(self, request: Request, body: bytes | None = None) -> Response:
        try:
            return self.send(request, body)
        except WireError as error:
            raise XUnavailable(f"X did not answer: {error}.") from None
