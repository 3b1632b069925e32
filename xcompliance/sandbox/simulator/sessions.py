"""Google's resumable upload sessions: what is persisted, and what a chunk or a question does to it.

Source: Cloud Storage XML API, "Resumable uploads" and "Performing resumable uploads".
"""

import re
import threading
from dataclasses import dataclass, field

from xcompliance.sandbox.simulator.jobs import Job
from xcompliance.sandbox.simulator.objects import ObjectWriter, StoredObject
from xcompliance.sandbox.simulator.transfers import corrupted
from xcompliance.sandbox.simulator.wire import BLOCK, Body

SESSION_SECONDS = 604_800
"""A session lives one week."""
CHUNK_UNIT = BLOCK
"""Bytes: the length of every chunk but the last is a multiple of this."""

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", re.ASCII)


class RangeError(Exception):
    """A Content-Range that Google refuses; ``status`` is 400, or 503 for a gap."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class ContentRange:
    """``bytes A-B/N`` with ``end`` B+1, or the question ``bytes */N``. N may be unknown."""

    start: int
    end: int
    total: int | None
    is_question: bool

    @property
    def is_last(self) -> bool:
        """Whether the object ends with this chunk."""
        return self.end == self.total

    @classmethod
    def of(cls, header: str | None, length: int) -> "ContentRange":
        """Reads the header of a request with a body of ``length`` bytes, without one the whole object.

        Raises RangeError when the two do not fit.
        """
        if header is None:
            return cls(0, length, length, is_question=False)
        match = _RANGE.fullmatch(header.strip())
        if match is None:
            raise RangeError("Failed to parse Content-Range header.")
        total = None if match[3] == "*" else int(match[3])
        is_question = match[1] is None
        start, end = (0, 0) if is_question else (int(match[1]), int(match[2]) + 1)
        if end - start != length or (not is_question and end <= start):
            raise RangeError("The Content-Range does not fit the Content-Length.")
        if total is not None and end > total:
            raise RangeError("The Content-Range goes beyond the object's end.")
        if not is_question and end != total and length % CHUNK_UNIT:
            raise RangeError(f"A chunk that is not the last must be a multiple of {CHUNK_UNIT} bytes.")
        return cls(start, end, total, is_question)


@dataclass
class Session:
    """One upload. ``gone`` is the status that every request gets once the session was given up."""

    job: Job
    expires_at: float
    writer: ObjectWriter
    id: str = field(repr=False)
    total: int | None = None
    stored: StoredObject | None = None
    gone: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def persisted(self) -> int:
        """Bytes that are safe, from the front."""
        return self.writer.size

    def give_up(self, status: int) -> None:
        """Ends the session without an object."""
        self.gone = status
        self.writer.discard()

    def agree(self, asked: ContentRange) -> None:
        """Holds what is said about the object against what was said before.

        Raises RangeError for another total, or for bytes that do not follow on what is persisted: a gap is 503.
        """
        if asked.total is not None:
            if self.total not in (None, asked.total) or asked.total < self.persisted:
                raise RangeError("The object's size is not what an earlier request said.")
            self.total = asked.total
        if asked.start > self.persisted:
            raise RangeError(
                f"According to the Content-Range header, the upload offset is {asked.start} byte(s), "
                f"which exceeds already uploaded size of {self.persisted} byte(s).",
                503,
            )

    def receive(self, chunk: ContentRange, body: Body, keep: int | None, corrupt: bool) -> None:
        """Persists a chunk's new bytes in whole units, at most ``keep`` bytes; those it has are ignored.

        What came before the client left is persisted too; ``body.is_whole`` tells.
        """
        for _ in body.blocks(self.persisted - chunk.start):
            pass
        left = body.length if keep is None else keep
        blocks = body.blocks()
        for block in corrupted(blocks) if corrupt else blocks:
            is_unit = len(block) == CHUNK_UNIT or (body.is_whole and chunk.is_last)
            if is_unit and len(block) <= left:
                left -= len(block)
                self.writer.append(block)

    @property
    def is_complete(self) -> bool:
        """Whether every byte of the object is persisted."""
        return self.total is not None and self.persisted == self.total


class SessionTable:
    """All sessions, by their upload ID."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def add(self, session: Session) -> None:
        """Keeps a session."""
        with self._lock:
            self._sessions[session.id] = session

    def all(self) -> list[Session]:
        """All sessions, oldest first."""
        with self._lock:
            return list(self._sessions.values())

    def clear(self) -> None:
        """Forgets all sessions."""
        with self._lock:
            self._sessions.clear()

    def get(self, upload_id: str, path: str) -> Session | None:
        """The session of that ID, which belongs to one object only."""
        with self._lock:
            session = self._sessions.get(upload_id)
        return session if session is not None and session.job.submission == path else None
