"""What the API and the storage do alike with every request: name it, let its faults happen, write it down."""

from abc import ABC, abstractmethod

from xcompliance.sandbox.simulator.journal import Entry
from xcompliance.sandbox.simulator.wire import CutError, Request, Response, StallError
from xcompliance.sandbox.simulator.world import World

_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in to continue.</body></html>"


class FaultyService(ABC):
    """A service whose requests can go wrong as the fault box says."""

    name: str

    def __init__(self, world: World) -> None:
        self.world = world

    @abstractmethod
    def operation(self, request: Request) -> str | None:
        """Which operation the request is, if any."""

    @abstractmethod
    def perform(self, request: Request) -> Response:
        """Does what is asked."""

    @abstractmethod
    def failure(self, status: int) -> Response:
        """An answer with that status in the service's own form."""

    def answer(self, request: Request) -> Response:
        """Performs the request with the faults that befall its connection."""
        request.operation = self.operation(request)
        faults, body = self.world.faults, request.body
        if faults.take("unheard", request.operation) is not None:
            raise CutError
        if answer := faults.take("answer", request.operation):
            return Response(answer["status"], list(answer["headers"].items()), answer["body"].encode())
        body.rate = self.world.settings.upload_rate
        if slow := faults.take("slow_upload", request.operation):
            body.rate = slow["bytes_per_second"]
        if cut := faults.take("reset", request.operation):
            body.cut_after = cut["after_bytes"]
        response = self._changed(self.perform(request), request)
        response.chunked = self.world.settings.chunked
        if faults.take("stalled", request.operation) is not None:
            body.drain()
            raise StallError
        if faults.take("no_answer", request.operation) is not None:
            raise CutError
        is_lost = 200 <= response.status < 300 and faults.take("lost_answer", request.operation) is not None
        if is_lost or body.cut_after is not None:
            raise CutError
        return response

    def _changed(self, response: Response, request: Request) -> Response:
        """The answer as a fault after the work has it."""
        if after := self.world.faults.take("status_after", request.operation):
            response = self.failure(after["status"])
        if response.header("x-goog-hash") and self.world.faults.take("hashless", request.operation) is not None:
            response.headers = [(name, value) for name, value in response.headers if name != "x-goog-hash"]
        while change := self.world.faults.take("header", request.operation):
            name, value = change["header"], change["value"]
            kept = [header for header in response.headers if header[0].lower() != name.lower()]
            response.headers[:] = kept if value is None else [*kept, (name, value)]
        return response

    def answered(self, request: Request, status: int | None, sent: int) -> None:
        """Writes the request into the journal."""
        self.world.journal.record(
            Entry(
                at=self.world.clock.now(),
                service=self.name,
                operation=request.operation,
                method=request.method,
                path=request.path,
                content_range=request.headers.get("content-range"),
                status=status,
                received=request.body.received,
                sent=sent,
            )
        )

    def fault_answer(self, request: Request) -> Response | None:
        """The answer that a fault gives in place of the work."""
        faults = self.world.faults
        if faults.take("empty_404", request.operation) is not None:
            return Response(404)
        if faults.take("html_page", request.operation) is not None:
            return Response(200, [("Content-Type", "text/html; charset=UTF-8")], _PAGE)
        if redirect := faults.take("redirect", request.operation):
            return Response(redirect["status"], [("Location", redirect["location"])])
        if asked := faults.take("status", request.operation):
            response = self.failure(asked["status"])
            if asked["retry_after"] is not None:
                response.headers.append(("Retry-After", str(asked["retry_after"])))
            return response
        return None
