"""What happens to requests and answers on their way between the functions, X and Google."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from compliance.wire import Download, Readable, Request, Response
from tests.fakes.x import BEARER, ORIGIN, Job
from tests.faults.deployment import Universe

CHECKSUM = "x-goog-hash"
OTHER_APPS = f"{BEARER}-of-the-other-app"
STATUSES = ("completed", "processing", "queued", "in-progress")


@dataclass
class Weather:
    """Stands between the functions and the world; what is not in its way passes unchanged.

    Attributes:
        refusal: what X answers to everything until ``refused_until`` (epoch seconds).
        unsaid_until: until when Google names no checksum. Nothing is corrupted meanwhile, as nobody could notice.
        renamed_until: until when X gives jobs the status ``status``.
        is_corrupting: the next bytes to or from Google arrive with a wrong digit.
    """

    universe: Universe
    random: Random
    refusal: Response | None = None
    refused_until: float = 0.0
    unsaid_until: float = 0.0
    renamed_until: float = 0.0
    status: str = ""
    is_corrupting: bool = False
    rotated_at: float = 0.0

    def __post_init__(self) -> None:
        world = self.universe.world
        world.core.settings = replace(world.core.settings, other_app_token=OTHER_APPS)
        self._send, self._fetch = world.send, world.fetch
        world.send, world.fetch = self.send, self.fetch  # type: ignore[method-assign]

    @property
    def now(self) -> float:
        return self.universe.clock.now()

    @property
    def hides_jobs(self) -> bool:
        """Return whether X does not tell what has become of a job, or not to all who ask."""
        return self.now < max(self.refused_until, self.renamed_until)

    def clear(self) -> None:
        """End all that would pass by itself."""
        self.refused_until = self.unsaid_until = self.renamed_until = 0.0
        self.is_corrupting = False

    def rotate(self) -> None:
        """Put the token of the other App into the secret. X shows a job to the App that created it only."""
        secrets = self.universe.aws.secrets
        secrets["bearer"] = OTHER_APPS if secrets["bearer"] == BEARER else BEARER
        self.rotated_at = self.now

    def was_out_of_reach(self, job: Job) -> bool:
        """Return whether the secret has held, since a job was created, the token of an App it does not belong to."""
        is_foreign = (job.known.app == "owner") != (self.universe.aws.secrets["bearer"] == BEARER)
        return is_foreign or job.created <= self.rotated_at

    def send(self, request: Request, body: bytes | Readable | None = None) -> Response:
        if not request.url.startswith(ORIGIN):
            return self._from_google(self._send(request, self._to_google(request, body)))
        if self.refusal is not None and self.now < self.refused_until:
            return self.refusal
        return self._renamed(self._send(request, body))

    @contextmanager
    def fetch(self, request: Request) -> Iterator[Download]:
        is_google = not request.url.startswith(ORIGIN)
        if not is_google and self.refusal is not None and self.now < self.refused_until:
            yield Download(self.refusal.status, self.refusal.headers, iter([self.refusal.body]))
            return
        with self._fetch(request) as download:
            yield self._as_it_arrives(download) if is_google else download

    # Google.

    def _as_it_arrives(self, download: Download) -> Download:
        return replace(download, headers=self._unsaid(download.headers), blocks=self._corrupted(download.blocks))

    def _to_google(self, request: Request, body: bytes | Readable | None) -> bytes | Readable | None:
        if request.method != "PUT" or body is None or isinstance(body, bytes):
            return body
        return _Corrupting(body, self)

    def _from_google(self, answered: Response) -> Response:
        return replace(answered, headers=self._unsaid(answered.headers))

    def _unsaid(self, headers: Any) -> dict[str, str]:
        if CHECKSUM not in headers or self.now >= self.unsaid_until:
            return dict(headers)
        return {name: value for name, value in headers.items() if name != CHECKSUM}

    def _corrupted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            yield self.corrupted(block)

    def corrupted(self, block: bytes) -> bytes:
        """Return a block as it arrives."""
        if not self.is_corrupting or self.now < self.unsaid_until:
            return block
        digits = [at for at, byte in enumerate(block) if byte in b"0123456789"]
        if not digits:
            return block
        self.is_corrupting = False
        at = self.random.choice(digits)
        return block[:at] + bytes([block[at] ^ 1]) + block[at + 1 :]

    # X.

    def _renamed(self, answered: Response) -> Response:
        if self.now >= self.renamed_until or answered.status != 200 or b'"status"' not in answered.body:
            return answered
        document = json.loads(answered.body)
        data = document.get("data", [])
        for job in data if isinstance(data, list) else [data]:
            if "id" in job and job["status"] not in ("failed", "expired"):
                job["status"] = self.status
        return replace(answered, body=json.dumps(document).encode())


@dataclass
class _Corrupting:
    """A body on its way to Google."""

    body: Readable
    weather: Weather

    def read(self, size: int = -1, /) -> bytes:
        return self.weather.corrupted(self.body.read(size))
