"""X and Google behind sockets, and the functions' own HTTP on the way to them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from adapters import http
from adapters.http import MARGIN_SECONDS, READ_SECONDS, Wire
from compliance.clock import Clock
from compliance.wire import Download, Readable, Request, Response, WireError
from tests.fakes.breach import BreachError
from tests.fakes.world import World
from xcompliance.sandbox.simulator import wire
from xcompliance.sandbox.simulator.wire import CutError, PortServer


class RealWire(Wire):
    """The functions' own HTTP, kept from before a deployment in memory takes its place."""

    send = Wire.send
    fetch = Wire.fetch


IMPATIENT_SECONDS = 0.2
"""How long a function waits for an answer that does not come."""

GIVEN_UP = "ReadTimeoutError"


@dataclass
class Ports:
    """Two ports that serve the world of the moment. ``answered`` is how many requests they are done with."""

    world: Callable[[], World]
    x_url: str = ""
    gcs_url: str = ""
    answered: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def send(self, clock: Clock, request: Request, body: bytes | Readable | None = None) -> Response:
        """What the adapter does, once the server is done with the request too."""
        with self._done(clock):
            return RealWire(clock).send(request, body)

    @contextmanager
    def fetch(self, clock: Clock, request: Request) -> Iterator[Download]:
        """The same of a download."""
        with self._done(clock), RealWire(clock).fetch(request) as answer:
            yield answer

    @contextmanager
    def _done(self, clock: Clock) -> Iterator[None]:
        before = self.answered
        try:
            yield
        except WireError as error:
            if str(error) == GIVEN_UP:
                self.world().clock.advance(min(READ_SECONDS, max(0.1, clock.remaining() - MARGIN_SECONDS)))
            raise
        finally:
            with self.changed:
                is_done = self.changed.wait_for(lambda: self.answered > before, timeout=30)
            if self.world().breaches or not is_done:
                raise BreachError(self.world().breaches or "the server has not heard of the request")

    def note(self) -> None:
        with self.changed:
            self.answered += 1
            self.changed.notify_all()


@dataclass
class _Port:
    """The service on a port. What goes wrong in it is told to the test, as no client would say it."""

    ports: Ports
    name: str

    def answer(self, request: wire.Request) -> wire.Response:
        try:
            return self.ports.world().service(self.name).answer(request)
        except CutError:
            raise
        except Exception as error:
            self.ports.world().breaches.append(repr(error))
            raise CutError from None

    def answered(self, request: wire.Request, status: int | None, sent: int) -> None:
        self.ports.world().service(self.name).answered(request, status, sent)
        self.ports.note()


@contextmanager
def listening(world: Callable[[], World]) -> Iterator[Ports]:
    """X's port and Google's, which serve until the end of the context."""
    ports = Ports(world)
    with ExitStack() as stack:
        servers = []
        for name in ("api", "storage"):
            server = stack.enter_context(PortServer(0))
            server.service = _Port(ports, name)
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(server.shutdown)
            servers.append(server)
        ports.x_url, ports.gcs_url = (server.url for server in servers)
        yield ports


@contextmanager
def impatient() -> Iterator[None]:
    """Waits for an answer that will not come, and that nobody needs to wait two minutes for."""
    patience, http.READ_SECONDS = http.READ_SECONDS, IMPATIENT_SECONDS
    try:
        yield
    finally:
        http.READ_SECONDS = patience
