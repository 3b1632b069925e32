"""X and Google together, as the functions see them: the core of the sandbox's simulator, on the tests' own clock."""

import copyreg
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from compliance.wire import Download, Readable, Request, Response
from tests.fakes.breach import BreachError, check_chunk, check_google, check_refusal, check_x, require
from tests.fakes.clock import ManualClock
from tests.fakes.downloads import Downloads
from tests.fakes.gcs import ORIGIN as GOOGLE
from tests.fakes.gcs import Google
from tests.fakes.in_process import exchange
from tests.fakes.x import BEARER, Job, X
from tests.fakes.x import ORIGIN as X_URL
from xcompliance.sandbox.simulator import wire
from xcompliance.sandbox.simulator.api import Api
from xcompliance.sandbox.simulator.clock import Clock
from xcompliance.sandbox.simulator.objects import InMemory, ObjectStore, StoredObject
from xcompliance.sandbox.simulator.rate_limit import RateLimit
from xcompliance.sandbox.simulator.service import FaultyService
from xcompliance.sandbox.simulator.settings import Settings
from xcompliance.sandbox.simulator.signing import UrlSigner
from xcompliance.sandbox.simulator.storage import Storage
from xcompliance.sandbox.simulator.world import World as Core

CREDENTIAL = re.compile("SECRET|X-Goog-|upload_id=|[?&]token=")
"""What stands in a token, a signed URL or a session's URI, and nowhere else."""

NEVER = 1e12
"""Seconds after which a job ends that no test waits for."""

# A copy of a world has locks of its own, which nobody holds, and digests that go on from where they are.
copyreg.pickle(type(threading.Lock()), lambda _: (threading.Lock, ()))
copyreg.pickle(type(hashlib.md5()), lambda digest: (digest.copy, ()))


def deletes_every_second(ids: Iterable[str]) -> list[dict[str, object]]:
    """A deletion for each even ID."""
    return [
        {"id": each, "action": "delete", "created_at": "2020-01-02T03:04:05.000Z", "reason": "deleted"}
        for each in ids
        if int(each) % 2 == 0
    ]


class _Time(Clock):
    """The simulator's time, and its clients': the tests' own."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def now(self) -> float:
        return self._world.clock.now()

    def client_time(self) -> float:
        return self.now()


@dataclass
class _Core(Core):
    """Keeps all that was uploaded, for tests to look at."""

    uploads: dict[str, list[StoredObject]] = field(default_factory=dict)

    def submit(self, job: object, stored: StoredObject) -> None:
        self.uploads.setdefault(job.id, []).append(stored)  # type: ignore[attr-defined]
        super().submit(job, stored)  # type: ignore[arg-type]


@dataclass
class World:
    """Answers as X or as Google, in process or behind sockets at ``x_url`` and ``gcs_url``.

    ``findings`` are X's records about valid IDs. ``breaches`` are the rules that a client has broken. ``is_overtaken``
    is set while a client goes on that another has overtaken: it may then send bytes that Google has.
    """

    clock: ManualClock
    job_seconds: float = NEVER
    x_url: str = X_URL
    gcs_url: str = GOOGLE
    findings: Callable[[list[str]], list[dict[str, object]]] = deletes_every_second
    is_overtaken: bool = False
    breaches: list[str] = field(default_factory=list)
    secrets: int = 0

    def __post_init__(self) -> None:
        time = _Time(self)
        settings = Settings(bearer_token=BEARER, job_seconds=self.job_seconds)
        self.core = _Core(
            settings=settings,
            clock=time,
            objects=ObjectStore(InMemory, settings.md5),
            signer=UrlSigner(self.gcs_url),
            rate_limit=RateLimit(settings.rate_limit, time),
            events=self._answers,
            start=_at_once,
            new_secret=self._new_secret,
        )
        self.api, self.storage = Api(self.core, self.x_url), Storage(self.core, self.gcs_url)
        self.x, self.gcs, self.downloads = X(self.core, self.api), Google(self.core, self.storage), Downloads(self.core)

    def send(self, request: Request, body: bytes | Readable | None = None) -> Response:
        """Answers in process."""
        with self._exchange(request, body, self.downloads.block) as answer:
            return Response(answer.status, answer.headers, b"".join(answer.blocks))

    def fetch(self, request: Request) -> AbstractContextManager[Download]:
        """Answers in process, with a streamed body."""
        return self._exchange(request, None, self.downloads.block)

    def service(self, name: str) -> "Judged":
        """The service on a port: ``api`` or ``storage``."""
        return Judged(self, self.api if name == "api" else self.storage)

    def uploaded(self, job: Job) -> bytes:
        """Return what X works on: the first upload to a job. A twin's may come later."""
        return _content(self.core.uploads[job.id][0])

    def results(self, job: Job) -> bytes:
        """X's answer."""
        stored = self.core.objects.get(job.known.results)
        assert stored is not None, "the job has no results"
        return _content(stored)

    def _exchange(
        self, request: Request, body: bytes | Readable | None, block: int
    ) -> AbstractContextManager[Download]:
        is_google = request.url.startswith(self.gcs_url + "/")
        require(is_google or request.url.startswith(self.x_url + "/"), "the request goes to another host")
        service = self.service("storage" if is_google else "api")
        return exchange(service, request, body, self.clock, rate=self.gcs.rate, block=block)

    def _answers(self, ids: list[bytes]) -> Iterator[tuple[bytes, Sequence[bytes]]]:
        for record in self.findings([each.decode() for each in ids]):
            yield str(record["id"]).encode(), [json.dumps(record).encode() + b"\n"]

    def _new_secret(self) -> str:
        self.secrets += 1
        return f"SECRET-{self.secrets}"


@dataclass
class Judged:
    """A service of which tests arrange the next answers, and that forgives its clients nothing."""

    world: World
    service: FaultyService

    def answer(self, request: wire.Request) -> wire.Response:
        """Raises BreachError for a client that breaks the protocol."""
        world, operation = self.world, self.service.operation(request)
        try:
            self._check(request, operation)
            self._arrange(request, operation)
            arranged = sum(fault.times for fault in world.core.faults.armed())
            response = self.service.answer(request)
            if arranged == sum(fault.times for fault in world.core.faults.armed()):
                knows_other_app = world.core.settings.other_app_token is not None
                check_refusal(self.service.name, response, knows_other_app=knows_other_app)
            return response
        except BreachError as breach:
            world.breaches.append(str(breach))
            raise
        finally:
            world.core.faults.clear()

    def answered(self, request: wire.Request, status: int | None, sent: int) -> None:
        """Writes the request down."""
        self.service.answered(request, status, sent)

    def _check(self, request: wire.Request, operation: str | None) -> None:
        if self.service is self.world.api:
            check_x(request)
            return
        check_google(request, operation)
        session = self.world.gcs.session_of(request)
        if operation == "send_chunk" and session is not None and not self.world.is_overtaken:
            check_chunk(request, session)

    def _arrange(self, request: wire.Request, operation: str | None) -> None:
        if self.service is self.world.api:
            self.world.x.arrange(operation)
        else:
            self.world.gcs.arrange(request, operation)
        if operation == "download":
            self.world.downloads.arrange(request)


def _at_once(work: Callable[[], None]) -> None:
    work()


def _content(stored: StoredObject) -> bytes:
    return b"".join(stored.blocks(0, stored.size))
