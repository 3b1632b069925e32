"""Google Cloud Storage's uploads as its documentation describes them, in memory, strict, and as unreliable as told."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from compliance.wire import Readable, Request, Response, WireError
from tests.fakes.breach import crc32c, read_body, require
from tests.fakes.clock import ManualClock

UNIT = 262_144
BLOCK = 65_536
SESSION_LIFE = 7 * 86_400.0
ORIGIN = "https://storage.googleapis.com"
EXPIRED = b"<?xml version='1.0'?><Error><Code>ExpiredToken</Code><Message>It has expired.</Message></Error>"
BAD_DIGEST = b"Provided CRC32C does not match: x-goog-hash"

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


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
class Session:
    """A resumable session. ``stored`` is the object once it is whole."""

    uri: str
    opened_at: float
    total: int | None = None
    persisted: bytearray = field(default_factory=bytearray)
    is_stored: bool = False
    is_late: bool = False


@dataclass
class FakeGcs:
    """Implements ``Send``. ``script`` says how the next requests to sessions are treated; after it, all goes well.

    ``rate`` is in bytes per second of the manual clock. ``persisted_log`` holds each chunk that a client announced;
    ``windows`` tells until when an object's signed URL is good, beside ``expires_at`` for all of them.
    """

    clock: ManualClock
    script: Iterator[Act] = field(default_factory=lambda: iter(()))
    rate: float = 75e6
    corrupts: bool = False
    says_hash: bool = True
    names_location: str | None = None
    opening: list[Response | WireError] = field(default_factory=list)
    expires_at: float = float("inf")
    windows: dict[str, float] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    chunks: list[tuple[int, int]] = field(default_factory=list)
    questions: int = 0

    def play(self, acts: Iterable[Act]) -> None:
        self.script = iter(acts)

    def open(self, name: str = "object") -> str:
        """A session as it is after the POST; returns its URI."""
        uri = f"{ORIGIN}/{name}?upload_id=SECRET-{len(self.sessions)}"
        self.sessions[uri] = Session(uri, self.clock.now())
        return uri

    def forget(self) -> None:
        """Loses all sessions."""
        self.sessions.clear()

    def send(self, request: Request, body: bytes | Readable | None) -> Response:
        require("authorization" not in request.headers, "the signed URL is the credential: no bearer token for Google")
        require(request.url.startswith(ORIGIN + "/"), "the request goes to another host")
        if request.method == "POST":
            return self._post(request, body)
        require(request.method == "PUT", "a session knows PUT alone")
        if "upload_id" not in parse_qs(urlsplit(request.url).query):
            return self._put(request, body)
        session = self.sessions.get(request.url)
        if session is None or self.clock.now() >= session.opened_at + SESSION_LIFE:
            return Response(404)
        match = _CONTENT_RANGE.fullmatch(request.headers.get("content-range", ""))
        require(match is not None, "Content-Range is missing or malformed")
        assert match is not None
        total = int(match[3])
        require(session.total in (None, total), "the total changed within a session")
        session.total = total
        act = next(self.script, WELL)
        if match[1] is None:
            return self._ask(request, body, session, act)
        return self._chunk(request, body, session, act, int(match[1]), int(match[2]) + 1)

    def _post(self, request: Request, body: bytes | Readable | None) -> Response:
        require(read_body(request, body) == b"", "the POST that opens a session has no body")
        signed = set(parse_qs(urlsplit(request.url).query)["X-Goog-SignedHeaders"][0].split(";")) - {"host"}
        require(signed <= set(request.headers), "a header that the URL is signed for is missing")
        require(request.headers.get("x-goog-resumable") == "start", "x-goog-resumable: start is missing")
        require("x-goog-hash" not in request.headers, "the POST must not carry a hash")
        if self.opening:
            answer = self.opening.pop(0)
            if isinstance(answer, WireError):
                raise answer
            return answer
        if self._has_expired(request):
            return Response(400, {}, EXPIRED)
        uri = self.open(urlsplit(request.url).path.lstrip("/"))
        return Response(201, {"location": self.names_location or uri})

    def _has_expired(self, request: Request) -> bool:
        name = urlsplit(request.url).path.lstrip("/")
        return self.clock.now() >= min(self.expires_at, self.windows.get(name, float("inf")))

    def _put(self, request: Request, body: bytes | Readable | None) -> Response:
        """A plain upload in one."""
        content = read_body(request, body)
        if self._has_expired(request):
            return Response(400, {}, EXPIRED)
        self.clock.advance(len(content) / self.rate)
        self.objects[urlsplit(request.url).path.lstrip("/")] = content
        return Response(200, {"x-goog-hash": f"crc32c={self._hash(content)}"})

    def _ask(self, request: Request, body: bytes | Readable | None, session: Session, act: Act) -> Response:
        require(read_body(request, body) == b"", "a question has no body")
        self.questions += 1
        self._store_if_whole(session)
        if act.ending in ("reset", "status"):
            return self._ended(act, Response(308))
        return self._answer(session)

    def _chunk(
        self, request: Request, body: bytes | Readable | None, session: Session, act: Act, start: int, end: int
    ) -> Response:
        assert session.total is not None
        self.chunks.append((start, end))
        require(not session.is_stored, "bytes were sent to a finished session")
        require(start == len(session.persisted), "a chunk does not begin where the server stands")
        require(int(request.headers["content-length"]) == end - start, "Content-Length is not that of the range")
        is_last = end == session.total
        require(end <= session.total and end > start, "the range is none")
        require(is_last or (end - start) % UNIT == 0, "a chunk that is not the last is no multiple of 256 KiB")
        require(("x-goog-hash" in request.headers) <= is_last, "a hash belongs to the last chunk only")
        require(body is not None and not isinstance(body, bytes), "a chunk is streamed")
        assert body is not None
        assert not isinstance(body, bytes)
        limit = end - start if act.units is None else min(act.units * UNIT, end - start)
        self._take(session, body, limit, end - start, goes_on=act.ending != "reset")
        if len(session.persisted) == end and is_last and act.ending != "late":
            refused = self._store(session, request.headers.get("x-goog-hash"))
            if refused is not None:
                return refused
        if act.ending == "late":
            session.is_late = len(session.persisted) == session.total
            return self._told(session)
        if act.ending == "no_range" and not session.is_stored:
            return Response(308)
        return self._ended(act, self._answer(session))

    def _take(self, session: Session, body: Readable, limit: int, length: int, *, goes_on: bool) -> None:
        """Reads the body and keeps whole units of it, ``limit`` bytes at most, whatever becomes of the connection."""
        received = bytearray()
        try:
            while len(received) < length and (goes_on or len(received) < limit):
                block = body.read(BLOCK)
                require(block != b"", "the body ended before its Content-Length")
                require(len(block) <= BLOCK, "more was handed out than was asked for")
                received += block
                self.clock.advance(len(block) / self.rate)
            if goes_on:
                require(body.read(BLOCK) == b"", "the body goes on behind its Content-Length")
        finally:
            kept = min(limit, len(received))
            whole = kept if kept == length and len(session.persisted) + kept == session.total else kept // UNIT * UNIT
            session.persisted += received[:whole]

    def _store(self, session: Session, announced: str | None) -> Response | None:
        ours = self._hash(session.persisted)
        if announced is not None and announced != f"crc32c={ours}":
            return Response(400, {}, BAD_DIGEST)
        self._finish(session)
        return None

    def _store_if_whole(self, session: Session) -> None:
        if session.is_late:
            self._finish(session)

    def _finish(self, session: Session) -> None:
        session.is_stored = True
        self.objects[urlsplit(session.uri).path.lstrip("/")] = bytes(session.persisted)

    def _answer(self, session: Session) -> Response:
        if session.is_stored:
            hashes = {"x-goog-hash": f"crc32c={self._hash(session.persisted)},md5=AAAA"} if self.says_hash else {}
            return Response(200 + self.questions % 2, hashes)
        return self._told(session)

    def _told(self, session: Session) -> Response:
        kept = len(session.persisted)
        return Response(308, {"range": f"bytes=0-{kept - 1}"} if kept else {})

    def _ended(self, act: Act, answer: Response) -> Response:
        if act.ending == "reset":
            raise WireError("ProtocolError")
        return Response(act.status) if act.ending == "status" else answer

    def _hash(self, content: bytes | bytearray) -> str:
        return crc32c(b"something else") if self.corrupts else crc32c(bytes(content))
