"""Open Upload: opens the resumable session, where the part goes to Google in one."""

from typing import Any

from adapters import runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.http import Wire
from adapters.settings import settings
from compliance import gcs_resumable
from compliance.clock import parse_time, time_text
from compliance.errors import ProtocolViolation, SessionLost, UploadInterrupted, UploadWindowClosed
from compliance.gcs_resumable import Unclear
from compliance.runs import PartRef
from compliance.wire import WireError

MAX_SESSIONS = 10
"""Sessions that a job gets: Google forgets hardly any, and the next one is opened at once."""


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference. The session URI is a credential: it stands on the part's record only.

    Raises UploadWindowClosed once ``upload_expires_at`` has passed, as no session can be opened after it, and
    SessionLost when one session after the other was forgotten.
    """
    ref = PartRef.of(event)
    part = runs_table.get_part_with_job(ref)
    if part["transport"] != "gcs_resumable" or "session_uri" in part or "uploaded_at" in part:
        return {}
    if clock.now() >= parse_time(part["upload_expires_at"]).timestamp():
        raise UploadWindowClosed("The 15 minutes for opening the upload are over.")
    sessions = part.get("sessions", 0) + 1
    if sessions > MAX_SESSIONS:
        runs_table.update_part(ref, job=part["job_name"], until="session_uri", sessions=0)
        raise SessionLost(f"Google has forgotten {MAX_SESSIONS} upload sessions of this job, one after the other.")
    request = gcs_resumable.open_request(part["upload_url"])
    try:
        session_uri = gcs_resumable.judge_open(request, Wire(clock).send(request))
    except WireError as error:
        raise UploadInterrupted(f"Google did not answer: {error}.") from None
    if isinstance(session_uri, Unclear):
        raise UploadInterrupted(f"No upload session yet: {session_uri.reason}.")
    if settings().transfer_hosts.of(session_uri) != "google":
        raise ProtocolViolation("Google's upload session is not on Google's host.")
    runs_table.update_part(
        ref,
        job=part["job_name"],
        until="uploaded_at",
        status="uploading",
        sessions=sessions,
        session_uri=session_uri,
        session_opened_at=time_text(clock.now()),
        uploaded_bytes=0,
    )
    return {}
