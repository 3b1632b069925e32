"""Plays Google Cloud Storage's XML API, as far as signed URLs and resumable uploads need it."""

from xcompliance.sandbox.simulator import google_answers, transfers
from xcompliance.sandbox.simulator.google_answers import error
from xcompliance.sandbox.simulator.jobs import Job
from xcompliance.sandbox.simulator.persistence import Persistence
from xcompliance.sandbox.simulator.service import FaultyService
from xcompliance.sandbox.simulator.sessions import (
    SESSION_SECONDS,
    ContentRange,
    RangeError,
    Session,
    SessionTable,
)
from xcompliance.sandbox.simulator.signing import SignatureError
from xcompliance.sandbox.simulator.wire import CutError, Request, Response
from xcompliance.sandbox.simulator.world import World

_NO_BODY = [("Content-Type", "text/html; charset=UTF-8")]
"""What Google says of the content even where there is none."""
_BUSY_SECONDS = 10.0
"""How long a request waits for another one about the same session."""


class Storage(FaultyService):
    """The service on the storage port."""

    name = "storage"

    def __init__(self, world: World, url: str) -> None:
        super().__init__(world)
        self.url = url
        self.sessions = SessionTable()
        self._persistence = Persistence(world.settings.seed)

    def operation(self, request: Request) -> str | None:
        """A request with an upload ID is about a session, any other one about an object."""
        if request.method == "POST":
            return "open_session" if request.headers.get("x-goog-resumable") == "start" else None
        if "upload_id" not in dict(request.query):
            return {"PUT": "upload", "GET": "download", "HEAD": "head"}.get(request.method)
        is_question = request.headers.get("content-range", "").startswith("bytes */")
        return {"PUT": "ask_session" if is_question else "send_chunk", "DELETE": "cancel_session"}.get(request.method)

    def failure(self, status: int) -> Response:
        """Any status, in XML."""
        return google_answers.failure(status)

    def perform(self, request: Request) -> Response:
        """Does what is asked, and says who answered."""
        response = self._answer(request)
        response.headers.insert(0, ("X-GUploader-UploadID", self.world.new_secret()))
        response.headers.append(("Server", google_answers.SERVER))
        return response

    def _answer(self, request: Request) -> Response:
        """Refuses bearer tokens: a signed URL, or a session URI, is the only credential that belongs here."""
        if (fault := self.fault_answer(request)) is not None:
            return fault
        if "authorization" in request.headers:
            return error(403, "AccessDenied", "A signed URL must be the only authentication of a request.")
        if request.operation is None:
            return error(400, "InvalidArgument", "There is no such request here.")
        work = {
            "open_session": self._open,
            "upload": self._upload,
            "download": self._download,
            "head": self._download,
        }
        try:
            return work.get(request.operation, self._in_session)(request)
        except SignatureError as refusal:
            return refusal.answer

    def _open(self, request: Request) -> Response:
        job = self._signed_job(request)
        if job is None:
            return _no_such_key(request)
        request.body.drain()
        expires_at = self.world.clock.now() + SESSION_SECONDS
        session = Session(job, expires_at, self.world.objects.writer(), self.world.new_secret())
        with job.uploading(self.world.clock):
            self.sessions.add(session)
        location = f"{self.url}{job.submission}?upload_id={session.id}"
        return Response(201, [("Location", location), *_NO_BODY])

    def _upload(self, request: Request) -> Response:
        job = self._signed_job(request)
        if job is None:
            return _no_such_key(request)
        return google_answers.stored(self.world.take_upload(job, request.body))

    def _download(self, request: Request) -> Response:
        job = self._signed_job(request)
        stored = self.world.objects.get(request.path)
        if job is None or stored is None or job.status(self.world.clock.now()) != "complete":
            return _no_such_key(request)
        headers = google_answers.description(stored, self.world.clock.now())
        return transfers.serve(stored, request, headers, self.world.faults)

    def _signed_job(self, request: Request) -> Job | None:
        """The job that a signed request is about. Raises SignatureError."""
        self.world.signer.verify(request, self.world.clock.now())
        return self.world.job_at(request.path)

    def _in_session(self, request: Request) -> Response:
        session = self.sessions.get(dict(request.query)["upload_id"], request.path)
        if session is None:
            return error(404, "NoSuchUpload", "There is no such upload session.")
        if not session.lock.acquire(timeout=_BUSY_SECONDS):
            return error(503, "ServiceUnavailable", "Another request about this session is under way.")
        try:
            with session.job.uploading(self.world.clock):
                return self._gone(session, request) or self._step(session, request)
        except RangeError as refused:
            return error(refused.status, "InvalidArgument", f"Invalid request. {refused}")
        finally:
            session.lock.release()

    def _gone(self, session: Session, request: Request) -> Response | None:
        if lost := self.world.faults.take("session_lost", request.operation):
            session.give_up(lost["status"])
        if session.gone is None and session.stored is None and self.world.clock.now() >= session.expires_at:
            session.give_up(410)
        if session.gone is not None:
            return error(session.gone, "NoSuchUpload", "The upload session is gone.")
        return None

    def _step(self, session: Session, request: Request) -> Response:
        if request.operation == "cancel_session":
            if session.stored is None:
                session.give_up(499)
            return Response(499, [*_NO_BODY])
        if session.stored is not None:
            return google_answers.stored(session.stored)
        asked = ContentRange.of(request.headers.get("content-range"), request.body.length)
        session.agree(asked)
        if not asked.is_question:
            self._receive(session, asked, request)
        if session.is_complete and self.world.faults.take("stored_late", request.operation) is None:
            return self._finish(session, request)
        is_silent = not asked.is_question and self.world.faults.take("silent_308", "send_chunk") is not None
        if is_silent or session.persisted == 0:
            return Response(308, [*_NO_BODY])
        return Response(308, [("Range", f"bytes=0-{session.persisted - 1}"), *_NO_BODY])

    def _receive(self, session: Session, chunk: ContentRange, request: Request) -> None:
        faults, probability = self.world.faults, self.world.settings.partial_persistence
        keep = self._persistence.keep(chunk.end - session.persisted, probability, faults)
        corrupt = faults.take("corrupted_upload", "send_chunk") is not None
        session.receive(chunk, request.body, keep, corrupt)
        if not request.body.is_whole:
            raise CutError

    def _finish(self, session: Session, request: Request) -> Response:
        """Makes the object of a complete session; a hash that the client announced must be the object's."""
        stored = session.writer.finish()
        ours = {f"crc32c={stored.crc32c}", f"md5={stored.md5}"}
        claimed = {item.strip() for item in request.headers.get("x-goog-hash", "").split(",") if item.strip()}
        if not claimed <= ours:
            session.give_up(410)
            return error(400, "BadDigest", "The hash that was announced is not that of the bytes received.")
        session.stored = stored
        self.world.submit(session.job, stored)
        return google_answers.stored(stored)


def _no_such_key(request: Request) -> Response:
    details = f"No such object: {request.path.removeprefix('/')}"
    return error(404, "NoSuchKey", "The specified key does not exist.", Details=details)
