"""What tests arrange at the simulator's Google Cloud Storage, and see of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from compliance.wire import Response, WireError
from xcompliance.sandbox.simulator import wire
from xcompliance.sandbox.simulator.sessions import CHUNK_UNIT as UNIT
from xcompliance.sandbox.simulator.sessions import Session
from xcompliance.sandbox.simulator.storage import Storage
from xcompliance.sandbox.simulator.world import World as Core

__all__ = ["EXPIRED", "ORIGIN", "UNIT", "WELL", "Act", "Google"]

ORIGIN = "https://storage.googleapis.com"
EXPIRED = b"<?xml version='1.0'?><Error><Code>ExpiredToken</Code><Message>It has expired.</Message></Error>"
OTHER_HASH = "crc32c=AAAAAA=="


@dataclass(frozen=True)
class Act:
    """How the server treats one request to a session.

    ``units``: how many units of 256 KiB it takes in at most. ``ending``: what the client then sees: the answer that is
    due, the same answer without its Range, a connection that breaks, another ``status``, or (``late``) a 308 for a
    whole object that only the next question finds stored.
    """

    units: int | None = None
    ending: Literal["answer", "no_range", "reset", "status", "late"] = "answer"
    status: int = 503


WELL = Act()


@dataclass
class Google:
    """Google's side. ``script`` says how the next requests to sessions are treated; after it, all goes well.

    ``rate`` is in bytes per second of the tests' clock. ``opening`` are the next answers to the POST of a session,
    and ``names_location`` is the session that it names instead of its own.
    """

    core: Core
    storage: Storage
    script: Iterator[Act] = field(default_factory=lambda: iter(()))
    rate: float = 75e6
    corrupts: bool = False
    says_hash: bool = True
    says_other_hash: bool = False
    names_location: str | None = None
    opening: list[Response | WireError] = field(default_factory=list)

    def play(self, acts: Iterable[Act]) -> None:
        self.script = iter(acts)

    def forget(self) -> None:
        """Loses all sessions."""
        self.storage.sessions.clear()

    @property
    def sessions(self) -> dict[str, Session]:
        """The sessions by their URI."""
        return {
            f"{self.storage.url}{session.job.submission}?upload_id={session.id}": session
            for session in self.storage.sessions.all()
        }

    @property
    def chunks(self) -> list[tuple[int, int]]:
        """What clients announced to send, so far: start and end in bytes."""
        ranges = [entry.content_range or "" for entry in self.core.journal.entries("send_chunk")]
        spans = [each.removeprefix("bytes ").partition("/")[0].split("-") for each in ranges]
        return [(int(start), int(last) + 1) for start, last in spans]

    @property
    def questions(self) -> int:
        return len(self.core.journal.entries("ask_session"))

    def session_of(self, request: wire.Request) -> Session | None:
        """The session that a request is about."""
        upload_id = dict(request.query).get("upload_id")
        return self.storage.sessions.get(upload_id, request.path) if upload_id else None

    def arrange(self, request: wire.Request, operation: str | None) -> None:
        """Lets happen to a request what a test has asked for."""
        faults = self.core.faults
        if operation == "open_session":
            self._arrange_opening()
        if operation in ("upload", "send_chunk") and self.corrupts:
            faults.arm("corrupted_upload", operation)
        if operation in ("upload", "send_chunk", "ask_session"):
            if not self.says_hash:
                faults.arm("header", operation, header="x-goog-hash", value=None)
            if self.says_other_hash:
                faults.arm("header", operation, header="x-goog-hash", value=OTHER_HASH)
        if operation in ("send_chunk", "ask_session") and self.session_of(request) is not None:
            self._arrange(operation, request.body.length, next(self.script, WELL))

    def _arrange_opening(self) -> None:
        faults = self.core.faults
        if self.names_location is not None:
            faults.arm("header", "open_session", header="Location", value=self.names_location)
        if not self.opening:
            return
        match self.opening.pop(0):
            case Response(status, headers, body):
                faults.arm("answer", "open_session", status=status, headers=dict(headers), body=body.decode())
            case WireError():
                faults.arm("unheard", "open_session")

    def _arrange(self, operation: str, length: int, act: Act) -> None:
        faults = self.core.faults
        kept = length if act.units is None else min(act.units * UNIT, length)
        if operation == "send_chunk":
            match act.ending:
                case "reset":
                    faults.arm("reset", operation, after_bytes=kept)
                case "no_range":
                    faults.arm("silent_308", operation)
                case "late":
                    faults.arm("stored_late", operation)
            if kept < length:
                faults.arm("partial_chunk", operation, keep_bytes=kept)
        elif act.ending == "reset":
            faults.arm("no_answer", operation)
        if act.ending == "status":
            faults.arm("status_after", operation, status=act.status)
