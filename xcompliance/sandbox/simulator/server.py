"""The simulator as a whole: two ports, their shared world, and a directory that is gone in the end."""

import threading
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from xcompliance.sandbox.simulator import results
from xcompliance.sandbox.simulator.admin import PREFIX, Admin
from xcompliance.sandbox.simulator.api import Api
from xcompliance.sandbox.simulator.clock import Clock
from xcompliance.sandbox.simulator.faults import FaultBox
from xcompliance.sandbox.simulator.jobs import Job
from xcompliance.sandbox.simulator.journal import Journal
from xcompliance.sandbox.simulator.objects import ObjectStore, files_in
from xcompliance.sandbox.simulator.rate_limit import RateLimit
from xcompliance.sandbox.simulator.settings import Settings
from xcompliance.sandbox.simulator.signing import UrlSigner
from xcompliance.sandbox.simulator.storage import Storage
from xcompliance.sandbox.simulator.wire import PortServer, Request, Response
from xcompliance.sandbox.simulator.world import World


def _temporary() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="simulator-", ignore_cleanup_errors=True)


class _ApiPort:
    """X's API, and the simulator's own endpoints beside it."""

    def __init__(self, api: Api, admin: Admin) -> None:
        self._api = api
        self._admin = admin

    def _service(self, request: Request) -> Api | Admin:
        return self._admin if request.path.startswith(f"{PREFIX}/") else self._api

    def answer(self, request: Request) -> Response:
        return self._service(request).answer(request)

    def answered(self, request: Request, status: int | None, sent: int) -> None:
        self._service(request).answered(request, status, sent)


class Simulator:
    """Runs while it is entered: ``with Simulator(Settings(...)) as simulator``. Port 0 picks a free one.

    Raises OSError when a port is taken and ValueError when the events file cannot be read.
    """

    def __init__(self, settings: Settings | None = None, api_port: int = 0, storage_port: int = 0) -> None:
        self.settings = settings or Settings()
        self._ports = api_port, storage_port
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            directory = Path(stack.enter_context(_temporary()))
            api_port, storage_port = (stack.enter_context(PortServer(port)) for port in self._ports)
            self.x_api_url, self.gcs_url = api_port.url, storage_port.url
            self._world = world = self._begin(directory)
            api_port.service = _ApiPort(Api(world, self.x_api_url), Admin(world))
            storage_port.service = Storage(world, self.gcs_url)
            for port in (api_port, storage_port):
                threading.Thread(target=port.serve_forever, args=(0.01,), daemon=True).start()
                stack.callback(port.shutdown)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _begin(self, directory: Path) -> World:
        clock = Clock(self.settings.speed)
        return World(
            settings=self.settings,
            clock=clock,
            objects=ObjectStore(files_in(directory), self.settings.md5, clock.now),
            signer=UrlSigner(self.gcs_url),
            rate_limit=RateLimit(self.settings.rate_limit, clock),
            events=results.by_events(self.settings.events) if self.settings.events else None,
        )

    @property
    def clock(self) -> Clock:
        """Simulated time; ``advance`` moves it on."""
        return self._world.clock

    @property
    def faults(self) -> FaultBox:
        """What is to go wrong: ``arm("status", operation="get_job", times=2, status=503)``."""
        return self._world.faults

    @property
    def journal(self) -> Journal:
        """What was asked."""
        return self._world.journal

    @property
    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        return self._world.jobs.all()
