"""Open Upload and Upload Part, over as many invocations as it takes, in every transport."""

import pytest

import open_upload
from adapters import aws, runs_table
from compliance import single_put
from compliance.attempts import Attempt
from compliance.clock import time_text
from compliance.errors import (
    PartTooLarge,
    ProtocolViolation,
    RateLimited,
    RequestRefused,
    RouteNotLive,
    SessionLost,
    SourceChanged,
    UploadCorrupted,
    UploadInterrupted,
    UploadWindowClosed,
    XUnavailable,
)
from compliance.runs import PartRef
from compliance.wire import Response, WireError
from tests.fakes.gcs import UNIT, WELL, Act
from tests.fakes.x import problem
from tests.unit.conftest import RESULTS, Functions

IDS = b"".join(b"%d\n" % (1_800_000_000_000_000_000 + number) for number in range(60_000))
FEW = b"1\n2\n3\n"


def opened(functions: Functions, content: bytes) -> dict[str, object]:
    ref = functions.created(content)
    assert functions.invoke("open_upload", ref) == {}
    return ref


def test_a_session_is_opened_once_and_kept_on_the_part(functions: Functions) -> None:
    ref = opened(functions, FEW)
    functions.invoke("open_upload", ref)
    assert [functions.part(ref)["session_uri"]] == list(functions.world.gcs.sessions)
    assert functions.part(ref)["status"] == "uploading"


@pytest.mark.parametrize("answer", [WireError("ConnectTimeoutError"), Response(503)])
def test_a_session_that_was_not_opened_is_tried_again(functions: Functions, answer: Response | WireError) -> None:
    ref = functions.created(FEW)
    functions.world.gcs.opening = [answer]
    with pytest.raises(UploadInterrupted):
        functions.invoke("open_upload", ref)
    functions.invoke("open_upload", ref)
    assert functions.invoke("upload_part", ref)["complete"]


def test_no_session_is_opened_after_the_window_by_our_clock_or_googles(functions: Functions) -> None:
    ref = functions.created(FEW)
    functions.clock.advance(900)
    functions.update(ref, upload_expires_at=time_text(functions.clock.now() + 1))
    with pytest.raises(UploadWindowClosed, match="Google opens no session"):
        functions.invoke("open_upload", ref)
    functions.clock.advance(1)
    with pytest.raises(UploadWindowClosed):
        functions.invoke("open_upload", ref)
    assert functions.world.gcs.sessions == {}


def test_a_session_on_another_host_is_refused(functions: Functions) -> None:
    ref = functions.created(FEW)
    functions.world.gcs.names_location = "https://evil.com/?upload_id=SECRET"
    with pytest.raises(ProtocolViolation):
        functions.invoke("open_upload", ref)
    assert "session_uri" not in functions.part(ref)


def test_a_refused_signature_is_not_tried_again(functions: Functions) -> None:
    ref = functions.created(FEW)
    functions.world.gcs.opening = [Response(403, {}, b"<Code>SignatureDoesNotMatch</Code>")]
    with pytest.raises(RequestRefused, match="SignatureDoesNotMatch"):
        functions.invoke("open_upload", ref)


def test_a_part_arrives_and_its_credentials_are_forgotten(functions: Functions) -> None:
    ref = opened(functions, IDS)
    assert functions.invoke("upload_part", ref, 900) == {"complete": True, "wait_seconds": 30}
    part = functions.part(ref)
    assert functions.world.uploaded(functions.world.x.job()) == IDS
    assert (part["status"], part["uploaded_bytes"]) == ("in_progress", len(IDS))
    assert not {"upload_url", "session_uri"} & set(part)
    assert functions.world.gcs.chunks == [(0, 1 << 20), (1 << 20, len(IDS))]


def test_an_upload_goes_on_in_another_invocation_from_what_the_server_kept(functions: Functions) -> None:
    ref = opened(functions, IDS)
    functions.world.gcs.rate = 2 * UNIT
    functions.world.gcs.play([WELL, Act(units=1)])
    answers = [functions.invoke("upload_part", ref, 2)]
    while not answers[-1]["complete"]:
        answers.append(functions.invoke("upload_part", ref, 2))
    assert len(answers) > 1
    assert functions.world.uploaded(functions.world.x.job()) == IDS


def test_headway_can_be_watched_on_the_part(functions: Functions) -> None:
    ref = opened(functions, IDS)
    functions.world.gcs.rate = UNIT
    assert functions.invoke("upload_part", ref, 3) == {"complete": False}
    (session,) = functions.world.gcs.sessions.values()
    assert functions.part(ref)["uploaded_bytes"] == session.persisted > 0


def test_a_finished_upload_is_not_begun_again(functions: Functions) -> None:
    ref = functions.uploaded(FEW)
    assert functions.invoke("upload_part", ref) == {"complete": True, "wait_seconds": 30}
    assert functions.invoke("open_upload", ref) == {}
    assert functions.world.gcs.sessions == {}


def test_a_crash_before_the_upload_was_written_down_sends_nothing_twice(functions: Functions) -> None:
    ref = opened(functions, FEW)
    before = functions.part(ref)
    functions.invoke("upload_part", ref)
    functions.update(ref, uploaded_at=None, session_uri=before["session_uri"], status="uploading")
    assert functions.invoke("upload_part", ref)["complete"]
    assert len(functions.world.gcs.chunks) == 1


def test_a_lost_session_is_forgotten_and_another_opened(functions: Functions) -> None:
    ref = opened(functions, FEW)
    functions.world.gcs.forget()
    with pytest.raises(SessionLost):
        functions.invoke("upload_part", ref)
    functions.invoke("open_upload", ref)
    assert functions.invoke("upload_part", ref)["complete"]
    assert functions.world.uploaded(functions.world.x.job()) == FEW


def test_a_lost_session_after_the_window_is_the_end(functions: Functions) -> None:
    ref = opened(functions, FEW)
    functions.world.gcs.forget()
    functions.clock.advance(901)
    with pytest.raises(SessionLost):
        functions.invoke("upload_part", ref)
    with pytest.raises(UploadWindowClosed):
        functions.invoke("open_upload", ref)


def test_sessions_that_are_lost_one_after_the_other_come_to_an_end(functions: Functions) -> None:
    ref = functions.created(FEW)
    for _ in range(open_upload.MAX_SESSIONS):
        functions.invoke("open_upload", ref)
        functions.world.gcs.forget()
        with pytest.raises(SessionLost):
            functions.invoke("upload_part", ref)
    with pytest.raises(SessionLost, match="10 upload sessions of this job"):
        functions.invoke("open_upload", ref)


def test_a_lost_session_that_was_already_forgotten_is_still_a_lost_session(functions: Functions) -> None:
    """The invocation that forgot it may have ended before it could say so."""
    ref = opened(functions, FEW)
    functions.update(ref, session_uri=None, uploaded_bytes=0)
    with pytest.raises(SessionLost):
        functions.invoke("upload_part", ref)


def test_a_corrupted_upload_is_never_called_complete(functions: Functions) -> None:
    ref = opened(functions, FEW)
    functions.world.gcs.corrupts = True
    with pytest.raises(UploadCorrupted):
        functions.invoke("upload_part", ref)
    assert "uploaded_at" not in functions.part(ref)


def test_a_prepared_object_that_was_replaced_is_never_mixed(functions: Functions) -> None:
    ref = opened(functions, FEW)
    aws.s3().put_object(Bucket=RESULTS, Key=functions.part(ref)["object_key"], Body=b"9\n9\n9\n")
    with pytest.raises(SourceChanged):
        functions.invoke("upload_part", ref)


def test_a_part_that_an_earlier_version_has_prepared_is_known_by_its_etag(functions: Functions) -> None:
    """Its object says no CRC32C."""
    ref = opened(functions, FEW)
    key = functions.part(ref)["object_key"]
    functions.update(ref, object_etag=aws.s3().put_object(Bucket=RESULTS, Key=key, Body=FEW)["ETag"])
    assert functions.invoke("upload_part", ref)["complete"]
    ref = opened(functions, FEW)
    functions.update(ref, object_etag='"another"')
    with pytest.raises(SourceChanged):
        functions.invoke("upload_part", ref)


def test_no_headway_is_an_interrupted_upload(functions: Functions) -> None:
    ref = opened(functions, FEW)
    functions.world.gcs.play([Act(units=0, ending="reset")] * 50)
    with pytest.raises(UploadInterrupted):
        functions.invoke("upload_part", ref, 900)


def hosted(functions: Functions, content: bytes = FEW) -> dict[str, object]:
    functions.world.x.generation = "x"
    return opened(functions, content)


def test_x_gets_the_part_in_one_put(functions: Functions) -> None:
    ref = hosted(functions, IDS)
    assert functions.world.gcs.sessions == {}
    assert functions.invoke("upload_part", ref, 900) == {"complete": True, "wait_seconds": 30}
    job = functions.world.x.job()
    assert functions.world.x.uploads[job.id] == [IDS]
    assert "upload_url" not in functions.part(ref)


def test_x_is_not_sent_again_what_it_already_works_on(functions: Functions) -> None:
    ref = hosted(functions)
    functions.world.x.faults["upload"] = ["unanswered"]
    with pytest.raises(UploadInterrupted):
        functions.invoke("upload_part", ref)
    assert functions.invoke("upload_part", ref)["complete"]
    assert functions.world.x.heard.count("upload") == 1
    assert functions.world.x.uploads[functions.world.x.job().id] == [FEW]


def test_what_was_sent_before_the_part_failed_is_not_sent_again_nor_its_job_given_up(functions: Functions) -> None:
    ref = hosted(functions)
    functions.world.x.faults["upload"] = ["unanswered"]
    with pytest.raises(UploadInterrupted):
        functions.invoke("upload_part", ref)
    functions.update(ref, status="failed")
    runs_table.claim_part(PartRef.of(ref), Attempt("another"))
    functions.clock.advance(900)
    assert functions.invoke("upload_part", ref)["complete"]
    assert functions.world.x.uploads[functions.world.x.job().id] == [FEW]


@pytest.mark.parametrize("fault", ["unheard", problem(503, "unavailable", "Later.")])
def test_x_is_sent_again_what_it_did_not_get(functions: Functions, fault: object) -> None:
    ref = hosted(functions)
    functions.world.x.faults["upload"] = [fault]  # type: ignore[list-item]
    with pytest.raises((UploadInterrupted, XUnavailable)):
        functions.invoke("upload_part", ref)
    assert functions.invoke("upload_part", ref)["complete"]
    assert functions.world.x.uploads[functions.world.x.job().id] == [FEW]


def test_x_is_not_sent_anything_after_the_window(functions: Functions) -> None:
    ref = hosted(functions)
    functions.clock.advance(900)
    with pytest.raises(UploadWindowClosed):
        functions.invoke("upload_part", ref)
    assert "upload" not in functions.world.x.heard


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(404), RouteNotLive),
        (Response(413), PartTooLarge),
        (Response(429), RateLimited),
    ],
)
def test_xs_refusals_of_an_upload_keep_their_names(
    functions: Functions, answer: Response, error: type[Exception]
) -> None:
    ref = hosted(functions)
    functions.world.x.faults["upload"] = [answer]
    with pytest.raises(error):
        functions.invoke("upload_part", ref)


def test_a_part_that_is_too_large_for_one_put_says_what_to_do(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_put, "X_HOSTED_LIMIT", len(FEW) - 1)
    ref = hosted(functions)
    with pytest.raises(PartTooLarge, match="part_size_mb"):
        functions.invoke("upload_part", ref)
    assert "upload" not in functions.world.x.heard


def test_a_job_that_is_not_resumable_is_put_to_google_in_one(functions: Functions) -> None:
    functions.world.x.refuses_resumable = True
    ref = functions.created(FEW)
    functions.invoke("open_upload", ref)
    assert functions.world.gcs.sessions == {}
    assert functions.invoke("upload_part", ref)["complete"]
    assert functions.world.uploaded(functions.world.x.job()) == FEW
    assert functions.part(ref)["status"] == "in_progress"


def test_a_put_to_google_with_another_checksum_is_corrupted(functions: Functions) -> None:
    functions.world.x.refuses_resumable = True
    ref = functions.created(FEW)
    functions.world.gcs.corrupts = True
    with pytest.raises(UploadCorrupted):
        functions.invoke("upload_part", ref)
