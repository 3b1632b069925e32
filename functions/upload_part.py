"""Upload Part: brings the part to where X wants it, over as many invocations as it takes."""

from typing import Any

from adapters import durations, prepared_part, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.http import Wire
from adapters.secret import x_api
from adapters.settings import settings
from compliance import single_put
from compliance.clock import parse_time, time_text
from compliance.errors import (
    PartTooLarge,
    SessionExpired,
    SessionLost,
    UploadInterrupted,
    UploadRefused,
    UploadUnverified,
    UploadWindowClosed,
)
from compliance.gcs_resumable import put_request
from compliance.jobs import Jobs
from compliance.runs import Part, PartRef
from compliance.upload import Outcome, ResumableUpload, Source
from compliance.waiting import kept_forecast, wait_seconds

RESERVE_SECONDS = 20
"""Kept at most of an invocation's time for asking what was persisted; a tenth where that is less."""


SESSION_SECONDS = 7 * 86_400
"""How long Google keeps a session."""


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference; returns whether the upload is ``complete``, and then ``wait_seconds`` for X."""
    ref = PartRef.of(event)
    part = runs_table.get_part_with_job(ref)
    if "uploaded_at" not in part:
        outcome = _upload(ref, part, clock)
        if not outcome.complete:
            return {"complete": False}
        if not outcome.verified and settings().unverified == "fail":
            raise UploadUnverified("Google has not named the CRC32C of the stored upload. The part gets a new job.")
        part = runs_table.update_part(
            ref,
            job=part["job_name"],
            until="uploaded_at",
            status="in_progress",
            uploaded_at=time_text(clock.now()),
            uploaded_bytes=part["bytes"],
            forecast=kept_forecast(durations.forecast_of(part)),
            unverified=None if outcome.verified else ["upload"],
            polls=0,
            working_at=None,
            upload_url=None,
            session_uri=None,
            refused_at=None,
        )
    wait = wait_seconds(part, settings().poll_schedule, settings().job_deadline_seconds, clock.now())
    return {"complete": True, "wait_seconds": wait}


def _upload(ref: PartRef, part: Part, clock: LambdaClock) -> Outcome:
    reserve = min(RESERVE_SECONDS, clock.remaining() / 10)
    source = prepared_part.source(part)
    if part["transport"] == "gcs_resumable":
        if "session_uri" not in part:
            raise SessionLost("The upload session was lost, and there is no new one yet.")
        if clock.now() - parse_time(part["session_opened_at"]).timestamp() >= SESSION_SECONDS:
            _update_session(ref, part, session_uri=None, uploaded_bytes=0)
            raise SessionExpired("The upload session is over a week old: Google has forgotten it.")
        upload = ResumableUpload(
            part["session_uri"],
            source,
            Wire(clock).send,
            clock,
            settings().chunk_bytes,
            reserve,
            report=lambda uploaded: _update_session(ref, part, uploaded_bytes=uploaded),
            is_last_sent=part.get("last_chunk_session") == part["sessions"],
            before_last=lambda: _update_session(ref, part, last_chunk_session=part["sessions"]),
        )
        try:
            return upload.run()
        except SessionLost:
            _update_session(ref, part, session_uri=None, uploaded_bytes=0)
            raise
    if part["transport"] == "x_hosted" and part["bytes"] > single_put.X_HOSTED_LIMIT:
        raise PartTooLarge(f"X takes {single_put.X_HOSTED_LIMIT} bytes in one upload. Lower part_size_mb to 128.")
    verified = _put_once(ref, part, source, clock, reserve)
    return Outcome(complete=True, uploaded=part["bytes"], verified=verified)


def _put_once(ref: PartRef, part: Part, source: Source, clock: LambdaClock, reserve: float) -> bool:
    """Send the part in one PUT, unless X already works on what an earlier invocation, or execution, has sent.

    A status that nobody knows does not say that X has it: it is sent again while there is time, which X refuses with
    409 if it does. Google takes it again, but X may work on what was sent before. Returns whether it is verified. X's
    own byte path knows no checksums: there, X's word is all there is. Google's answer that names none, or was lost,
    cannot be asked for again.
    """
    api, send = x_api(), Wire(clock).send
    is_over = clock.now() >= parse_time(part["upload_expires_at"]).timestamp()
    job = Jobs(api, send).get(part["job_id"]) if "uploaded_bytes" in part else None
    is_unclear = job is not None and job.status != "created"
    if job is not None and (job.is_past_upload or (is_unclear and is_over)):
        return part["transport"] == "x_hosted"
    if is_over:
        raise UploadWindowClosed("The 15 minutes for the upload are over.")
    runs_table.update_part(ref, job=part["job_name"], until="uploaded_at", status="uploading", uploaded_bytes=0)
    if part["transport"] == "x_hosted":
        request = single_put.x_hosted_request(api, part["upload_url"], source.total)
        answer = single_put.put(request, source, send, clock, reserve)
        if answer.status == 409 and is_unclear:
            return True
        try:
            single_put.judge_x_hosted(answer)
        except UploadRefused:
            if "refused_at" in part:
                raise
            refused_at = time_text(clock.now())
            runs_table.update_part(ref, job=part["job_name"], until="uploaded_at", refused_at=refused_at)
            raise UploadInterrupted("X refused the upload. It is tried once more with the token read again.") from None
        return True
    request = put_request(part["upload_url"], source.total)
    answer = single_put.put(request, source, send, clock, reserve)
    return single_put.judge_gcs_put(answer, source.crc32c) and not is_unclear


def _update_session(ref: PartRef, part: Part, **attributes: Any) -> None:
    """Write about the session that this invocation works on; raise JobNotFound once the part has another one."""
    session = part["session_uri"]
    runs_table.update_part(ref, job=part["job_name"], of_session=session, **attributes)
