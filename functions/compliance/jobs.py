"""X's jobs, through a socket that is given: every call is judged, and a lost create is found again."""

from dataclasses import dataclass, field

from compliance.errors import ComplianceError, XUnavailable
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
        return job_of(self._call(request, body), of_job=False)

    def find(self, job_type: JobType, name: str) -> ComplianceJob | None:
        """The job of that name which X lists, with all its fields."""
        job_id = next((job.id for job in self._list(job_type) if job.name == name), None)
        return self.get(job_id) if job_id else None

    def in_the_way(self, job_type: JobType) -> ComplianceJob | None:
        """The job that has X's one slot of this type, whoever created it.

        Where X lists no active one, it may be one whose status nobody knows.
        """
        jobs = self._list(job_type)
        return next((job for job in jobs if job.is_active), next((job for job in jobs if not job.has_ended), None))

    def get(self, job_id: str) -> ComplianceJob:
        """The job as X describes it now."""
        return job_of(self._call(self.api.get(job_id)))

    def reason(self, job: ComplianceJob) -> str | None:
        """Why a job has failed, where X says so.

        X's description has no field ``error``, its reference pages have: it is asked for on its own, and a refusal
        means no more than that there is no reason to tell.
        """
        if job.error:
            return job.error
        try:
            return job_of(self._call(self.api.get(job.id, "error,id,status"))).error
        except ComplianceError:
            return None

    def cancel(self, job_id: str) -> None:
        """Cancels a job that has not ended, where X can: with the older byte path it could not, and raises."""
        if job_of(self._call(self.api.cancel(job_id))).is_active:
            raise XUnavailable("X has not cancelled the job.")

    def _list(self, job_type: JobType) -> list[ComplianceJob]:
        return jobs_of(self._call(self.api.list(job_type)))

    def _call(self, request: Request, body: bytes | None = None) -> Response:
        try:
            return self.send(request, body)
        except WireError as error:
            raise XUnavailable(f"X did not answer: {error}.") from None
