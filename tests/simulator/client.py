"""A client as plain as can be, so that the tests speak of the protocol and of nothing else."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import urllib3

from xcompliance.sandbox.simulator import Simulator

from .contract import Contract

JOBS = "/2/compliance/jobs"
ALL_FIELDS = "created_at,download_expires_at,download_url,id,name,resumable,status,type,upload_expires_at,upload_url"
UNIT = 262_144


@dataclass
class Answer:
    """A status, headers and a body."""

    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.document["data"]

    @property
    def problem(self) -> str:
        """The last part of the problem's type."""
        return str(self.document["type"]).rpartition("/")[2]


@dataclass
class Client:
    """Calls a simulator; holds what the API says to the contract where that is at hand."""

    simulator: Simulator
    contract: Contract | None = None
    _http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))

    def send(self, method: str, url: str, body: bytes | None = None, **headers: str) -> Answer:
        """Any request; header names with ``_`` for ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self._http.request(method, url, body=body, headers=named, redirect=False, retries=False)
        return Answer(answer.status, answer.headers, answer.data)

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A call of X's API with the bearer token; ``path`` goes on after ``/2/compliance/jobs``."""
        if body is not None:
            headers.setdefault("content_type", "application/json")
        sent = None if body is None else json.dumps(body).encode()
        headers.setdefault("authorization", self.authorization)
        answer = self.send(method, f"{self.simulator.x_api_url}{JOBS}{path}", sent, **headers)
        if self.contract is not None and answer.body:
            self.contract.check(method, JOBS + path.partition("?")[0], answer.status, answer.document)
        return answer

    @property
    def authorization(self) -> str:
        return f"Bearer {self.simulator.settings.bearer_token}"

    def create(self, job_type: str = "tweets", **body: Any) -> Any:
        """A new job, with everything that is said of it."""
        answer = self.api("POST", f"?compliance_job.fields={ALL_FIELDS}", {"type": job_type, **body})
        assert answer.status == 200, answer.body
        return answer.data

    def get(self, job_id: str, fields: str = ALL_FIELDS) -> Any:
        return self.api("GET", f"/{job_id}?compliance_job.fields={fields}").data

    def status(self, job_id: str) -> str:
        return str(self.get(job_id)["status"])

    def open_session(self, job: Any) -> str:
        answer = self.send("POST", job["upload_url"], b"", content_type="text/plain", x_goog_resumable="start")
        assert answer.status == 201, answer.body
        return answer.headers["location"]

    def chunk(self, session: str, content: bytes, start: int, end: int, **headers: str) -> Answer:
        """Sends the bytes from ``start`` to before ``end`` of ``content``."""
        span = f"bytes {start}-{end - 1}/{len(content)}"
        return self.send("PUT", session, content[start:end], content_range=span, **headers)

    def ask(self, session: str, total: int | str = "*") -> Answer:
        return self.send("PUT", session, b"", content_range=f"bytes */{total}")

    def upload(self, job: Any, content: bytes) -> Answer:
        """A whole upload, whichever way the job wants it."""
        if "/upload?token=" in job["upload_url"]:
            return self.send(
                "PUT",
                job["upload_url"],
                content,
                content_type="application/octet-stream",
                authorization=self.authorization,
            )
        if job["resumable"]:
            return self.chunk(self.open_session(job), content, 0, len(content))
        return self.send("PUT", job["upload_url"], content, content_type="text/plain")

    def download(self, job: Any, **headers: str) -> Answer:
        if "/download?token=" in job["download_url"]:
            headers.setdefault("authorization", self.authorization)
        return self.send("GET", job["download_url"], None, **headers)

    def results(self, job: Any) -> Answer:
        """The results of an uploaded job, which takes the moment that answering needs."""
        deadline = time.monotonic() + 30
        known = next(known for known in self.simulator.jobs if known.id == job["id"])
        while known.status(self.simulator.clock.now()) == "in_progress":
            assert time.monotonic() < deadline
            time.sleep(0.005)
        return self.download(job)


def lines(ids: Iterable[object]) -> bytes:
    """An upload."""
    return "".join(f"{item}\n" for item in ids).encode()


def persisted(answer: Answer) -> int:
    """What a 308 says is safe."""
    assert answer.status == 308, answer.body
    span = answer.headers.get("range")
    return 0 if span is None else int(span.removeprefix("bytes=0-")) + 1
