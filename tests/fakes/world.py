"""X and Google together, as the functions see them through the one socket they have."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from compliance.wire import Download, Readable, Request, Response
from tests.fakes.clock import ManualClock
from tests.fakes.downloads import FakeDownloads
from tests.fakes.gcs import ORIGIN as GOOGLE
from tests.fakes.gcs import FakeGcs
from tests.fakes.x import ORIGIN as X
from tests.fakes.x import WINDOW, FakeX, Job


def deletes_every_second(ids: list[str]) -> list[dict[str, object]]:
    return [
        {"id": each, "action": "delete", "created_at": "2020-01-02T03:04:05.000Z", "reason": "deleted"}
        for each in ids[::2]
    ]


@dataclass
class World:
    """Routes each request to whom it is meant for; a finished job has the results that its upload calls for."""

    clock: ManualClock
    findings: Callable[[list[str]], list[dict[str, object]]] = deletes_every_second
    x: FakeX = field(init=False)
    gcs: FakeGcs = field(init=False)
    downloads: FakeDownloads = field(init=False)

    def __post_init__(self) -> None:
        self.gcs = FakeGcs(self.clock)
        self.x = FakeX(self.clock, objects=self.gcs.objects)
        self.downloads = FakeDownloads(block=1 << 16)

    def send(self, request: Request, body: bytes | Readable | None = None) -> Response:
        if request.url.startswith(GOOGLE + "/"):
            self.gcs.windows |= {job.id: job.created + WINDOW for job in self.x.jobs.values()}
            return self.gcs.send(request, body)
        return self.x.send(request, body)

    def fetch(self, request: Request) -> AbstractContextManager[Download]:
        self.downloads.wants_bearer = request.url.startswith(X + "/")
        for job in self.x.jobs.values():
            if job.status != "complete":
                continue
            self.downloads.files.setdefault(self.x.download_url(job), self.results(job))
        return self.downloads.fetch(request)

    def uploaded(self, job: Job) -> bytes:
        return self.x.uploads[job.id][-1] if job.id in self.x.uploads else self.gcs.objects[job.id]

    def results(self, job: Job) -> bytes:
        records = self.findings(self.uploaded(job).decode().split())
        return job.results or b"".join(json.dumps(record).encode() + b"\n" for record in records)
