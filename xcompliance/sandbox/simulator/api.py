"""Plays X's batch-compliance operations, and X's own byte path in the x-hosted generation."""

import json
import re
from hmac import compare_digest
from math import ceil
from typing import Any

from xcompliance.sandbox.simulator import problems, requests, transfers
from xcompliance.sandbox.simulator.clock import time_text
from xcompliance.sandbox.simulator.jobs import DOWNLOAD_SECONDS, ActiveJobError, Job
from xcompliance.sandbox.simulator.problems import RefusedError
from xcompliance.sandbox.simulator.service import FaultyService
from xcompliance.sandbox.simulator.wire import Request, Response
from xcompliance.sandbox.simulator.world import World

X_HOSTED_LIMIT = 128_000_000
"""Bytes that X's own upload takes at most."""

_ROUTE = re.compile(r"/2/compliance/jobs(?:/(?P<id>[^/]+)(?P<rest>/upload|/download)?)?")
_OPERATIONS = {
    ("POST", False, None): "create_job",
    ("GET", False, None): "list_jobs",
    ("GET", True, None): "get_job",
    ("DELETE", True, None): "cancel_job",
    ("PUT", True, "/upload"): "upload",
    ("GET", True, "/download"): "download",
    ("HEAD", True, "/download"): "head",
}


class Api(FaultyService):
    """The service on the API port."""

    name = "api"

    def __init__(self, world: World, url: str) -> None:
        super().__init__(world)
        self._url = url

    def operation(self, request: Request) -> str | None:
        """By method and path."""
        match = _ROUTE.fullmatch(request.path)
        return match and _OPERATIONS.get((request.method, match["id"] is not None, match["rest"]))

    def failure(self, status: int) -> Response:
        """Any status, as a problem."""
        return problems.failure(status)

    def perform(self, request: Request) -> Response:
        """Checks the bearer token, counts against the rate limit, and does the work."""
        if self._app(request) is None:
            return problems.unauthorized()
        if request.operation is None:
            return problems.not_found("There is nothing at this address.")
        allowance = self.world.rate_limit.count(request.operation)
        try:
            response = problems.too_many_requests() if allowance.is_exceeded else self._work(request)
        except RefusedError as refused:
            response = refused.response
        told = response.header("x-rate-limit-limit") is not None
        response.headers += [] if told else allowance.headers
        return response

    def fault_answer(self, request: Request) -> Response | None:
        """X knows more ways to refuse than storage does."""
        faults, operation = self.world.faults, request.operation
        if depleted := faults.take("credits_depleted", operation):
            return problems.credits_depleted(depleted["form"])
        if capped := faults.take("spend_cap_reached", operation):
            return problems.spend_cap_reached(capped["reset_date"])
        if faults.take("errors_in_200", operation) is not None:
            return _json({"errors": [problems.unknown_job("0")]})
        if faults.take("usage_capped", operation) is not None:
            return problems.usage_capped()
        if operation is not None and faults.take("rate_limited", operation) is not None:
            response = problems.too_many_requests()
            response.headers += self.world.rate_limit.exhaust(operation).headers
            return response
        return super().fault_answer(request)

    def _work(self, request: Request) -> Response:
        if (fault := self.fault_answer(request)) is not None:
            return fault
        if request.operation == "create_job":
            return self._create(request)
        if request.operation == "list_jobs":
            return self._list(request)
        match = _ROUTE.fullmatch(request.path)
        job_id = requests.job_id_of(match["id"] if match else "")
        job = self.world.jobs.get(job_id)
        if job is not None and job.app != self._app(request):
            job = None
        if request.operation == "get_job":
            return self._tell(request, job_id, job)
        return self._x_hosted(request, job_id, job)

    def _x_hosted(self, request: Request, job_id: str, job: Job | None) -> Response:
        """The operations that came with X's own byte path; before, these routes were not there."""
        generation = self.world.settings.generation if job is None else job.generation
        if generation != "x-hosted":
            return Response(404)
        if request.operation == "upload":
            return self._upload(request, job)
        if request.operation in ("download", "head"):
            return self._download(request, job)
        return self._tell(request, job_id, job)

    def _tell(self, request: Request, job_id: str, job: Job | None) -> Response:
        fields = requests.fields_of(requests.query_of(request))
        if job is None:
            return _json({"errors": [problems.unknown_job(job_id)]})
        if request.operation == "cancel_job":
            self._cancel(job)
        return _json({"data": self._told(job, fields, request)})

    def _create(self, request: Request) -> Response:
        fields = requests.fields_of(requests.query_of(request))
        asked = requests.new_job_of(request)
        settings, now, app = self.world.settings, self.world.clock.now(), self._app(request) or ""
        if asked.resumable and settings.refuses_resumable:
            raise RefusedError(problems.invalid_request("The property [resumable] is not supported."))

        def make(job_id: str) -> Job:
            job = Job(
                id=job_id,
                type=asked.type,
                name=asked.name,
                resumable=bool(asked.resumable) and settings.resumable != "ignored",
                generation=settings.generation,
                created_at=now,
                upload_expires_at=now + settings.upload_window_seconds,
                accepts_late_uploads=settings.late_uploads == "accepted",
                app=app,
                upload_token=self.world.new_secret(),
                download_token=self.world.new_secret(),
            )
            self._sign(job)
            return job

        try:
            job = self.world.jobs.add(now, make)
        except ActiveJobError:
            detail = f"A {asked.type} job is already in progress. Wait until it has ended."
            return problems.invalid_request(detail, 409)
        return _json({"data": self._told(job, fields, request)})

    def _sign(self, job: Job) -> None:
        """Gives the job its two URLs."""
        if job.generation == "x-hosted":
            base = f"{self._url}/2/compliance/jobs/{job.id}"
            job.upload_url = f"{base}/upload?token={job.upload_token}"
            job.download_url = f"{base}/download?token={job.download_token}"
            return
        sign, signs_length = self.world.signer.sign, self.world.settings.sign_content_length
        job.upload_url = sign(
            "RESUMABLE" if job.resumable else "PUT",
            job.submission,
            job.created_at,
            ceil(job.upload_expires_at - job.created_at),
            content_type="text/plain",
            headers={"Content-Length": "0"} if job.resumable and signs_length else None,
        )
        job.download_url = sign("GET", job.results, job.created_at, DOWNLOAD_SECONDS)

    def _list(self, request: Request) -> Response:
        query = requests.query_of(request, "type", "status")
        fields = requests.fields_of(query)
        job_type, status = requests.filters_of(query)
        now, app = self.world.clock.now(), self._app(request)
        data = [
            self._told(job, fields, request)
            for job in self.world.jobs.all()
            if (job.type, job.app) == (job_type, app) and status in (None, job.status(now))
        ]
        return _json(({"data": data} if data else {}) | {"meta": {"result_count": len(data)}})

    def _cancel(self, job: Job) -> None:
        if job.status(self.world.clock.now()) not in ("created", "in_progress"):
            raise RefusedError(problems.invalid_request("The job has ended and cannot be cancelled."))
        job.cancelled, job.error = True, "The job was cancelled."

    def _upload(self, request: Request, job: Job | None) -> Response:
        query = requests.query_of(request, "token")
        now = self.world.clock.now()
        if job is None or not _same(query.get("token", ""), job.upload_token):
            raise RefusedError(problems.forbidden("The token is not one for this upload."))
        if now >= job.upload_expires_at:
            raise RefusedError(problems.forbidden("The token has expired."))
        if request.body.length > X_HOSTED_LIMIT:
            return problems.invalid_request(f"The file is larger than {X_HOSTED_LIMIT} bytes.", 413)
        if job.status(now) != "created":
            return problems.invalid_request("The job takes no upload any more.", 409)
        fields = requests.fields_of(query)
        self.world.take_upload(job, request.body)
        return _json({"data": self._told(job, fields, request)})

    def _download(self, request: Request, job: Job | None) -> Response:
        query = requests.query_of(request, "token")
        now = self.world.clock.now()
        if job is None or not _same(query.get("token", ""), job.download_token):
            raise RefusedError(problems.forbidden("The token is not one for this download."))
        if now >= job.download_expires_at:
            raise RefusedError(problems.forbidden("The token has expired."))
        stored = self.world.objects.get(job.results)
        if stored is None or job.status(now) != "complete":
            return problems.not_found("The job has no results yet.")
        return transfers.serve(stored, request, [], self.world.faults)

    def _told(self, job: Job, fields: tuple[str, ...], request: Request) -> dict[str, Any]:
        """What is said of a job: the fields asked for, as far as it has them, and why it failed."""
        status = job.status(self.world.clock.now())
        known = {
            "created_at": time_text(job.created_at),
            "download_expires_at": time_text(job.download_expires_at),
            "download_url": job.download_url,
            "error": job.error if status == "failed" else None,
            "id": job.id,
            "name": job.name,
            "resumable": job.resumable,
            "status": status,
            "type": job.type,
            "upload_expires_at": time_text(job.upload_expires_at),
            "upload_url": job.upload_url,
        }
        told = {name: known[name] for name in fields}
        if fault := self.world.faults.take("job_field", request.operation):
            told[fault["field"]] = fault["value"]
        return {name: value for name, value in told.items() if value is not None}

    def _app(self, request: Request) -> str | None:
        """The App whose bearer token the request has."""
        settings, given = self.world.settings, request.headers.get("authorization", "")
        tokens = {"owner": settings.bearer_token, "other": settings.other_app_token}
        return next((app for app, token in tokens.items() if token and _same(given, f"Bearer {token}")), None)


def _same(given: str, expected: str) -> bool:
    return compare_digest(given.encode(), expected.encode())


def _json(document: dict[str, Any]) -> Response:
    return Response(200, [("Content-Type", "application/json; charset=utf-8")], json.dumps(document).encode())
