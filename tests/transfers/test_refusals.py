"""A refused transfer is no dead end: the token is read again, the URL asked for again, or the job replaced."""

import json

import pytest

from compliance.errors import (
    BadCredentials,
    ComplianceError,
    DownloadInterrupted,
    DownloadRefused,
    ResultsExpired,
    RouteNotLive,
    UploadInterrupted,
    UploadRefused,
)
from tests.transfers.conftest import Pipe, Pipeline

IDS = b"".join(b"%d\n" % (1_800_000_000_000_000_000 + number) for number in range(1000))
GENERATIONS = ("gcs", "x-hosted")


def abandon(pipeline: Pipeline, error: ComplianceError) -> dict[str, object]:
    """What Abandon Job makes of an error that a step has ended with."""
    cause = json.dumps({"errorMessage": str(error)})
    return pipeline.functions.invoke("abandon_job", pipeline.ref | {"error": type(error).__name__, "cause": cause})


def completed(pipe: Pipe, generation: str) -> Pipeline:
    pipeline = pipe(generation=generation)
    pipeline.begin(IDS)
    pipeline.upload()
    pipeline.await_job()
    return pipeline


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_refused_url_is_replaced_by_the_one_that_x_gives_anew(pipe: Pipe, generation: str) -> None:
    pipeline = completed(pipe, generation)
    valid, polls = pipeline.part["download_url"], pipeline.asked("get_job")
    pipeline.functions.update(pipeline.ref, download_url=valid[:-4] + "0000")
    with pytest.raises(DownloadInterrupted):
        pipeline.step("download_results")
    assert pipeline.part["download_url"] == valid
    assert pipeline.step("download_results") == {"complete": True}
    assert pipeline.asked("get_job") == polls + 1


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_download_that_is_refused_once_needs_no_other_job(pipe: Pipe, generation: str, status: int) -> None:
    pipeline = completed(pipe, generation)
    pipeline.simulator.faults.arm("status", operation="download", status=status)
    with pytest.raises(DownloadInterrupted):
        pipeline.step("download_results")
    assert pipeline.step("download_results") == {"complete": True}
    assert len(pipeline.simulator.jobs) == 1


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_download_that_stays_refused_is_made_good_by_another_job(pipe: Pipe, generation: str, status: int) -> None:
    pipeline = completed(pipe, generation)
    pipeline.simulator.faults.arm("status", operation="download", status=status, times=2)
    with pytest.raises(DownloadInterrupted):
        pipeline.step("download_results")
    with pytest.raises(DownloadRefused) as refused:
        pipeline.step("download_results")
    assert abandon(pipeline, refused.value) == {"again": True}
    pipeline.upload()
    pipeline.download()
    assert len(pipeline.simulator.jobs) == 2
    assert pipeline.results


def test_results_whose_route_is_not_live_are_kept_for_later(pipe: Pipe) -> None:
    pipeline = completed(pipe, "x-hosted")
    pipeline.simulator.faults.arm("empty_404", operation="download", times=2)
    with pytest.raises(DownloadInterrupted):
        pipeline.step("download_results")
    with pytest.raises(RouteNotLive) as refused:
        pipeline.step("download_results")
    assert abandon(pipeline, refused.value)["again"] is False
    assert pipeline.part["job_id"] == pipeline.simulator.jobs[0].id
    assert pipeline.step("download_results") == {"complete": True}


def test_a_download_url_that_google_calls_expired_is_asked_for_anew(pipe: Pipe) -> None:
    pipeline = completed(pipe, "gcs")
    valid = pipeline.part["download_url"]
    pipeline.functions.update(pipeline.ref, download_url=valid.replace("X-Goog-Expires=604800", "X-Goog-Expires=0"))
    with pytest.raises((DownloadInterrupted, ResultsExpired)):
        pipeline.step("download_results")
    assert pipeline.part["download_url"] == valid
    assert pipeline.step("download_results") == {"complete": True}


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_upload_is_tried_once_more_with_the_token_read_again(pipe: Pipe, status: int) -> None:
    pipeline = pipe(generation="x-hosted")
    pipeline.begin(IDS)
    pipeline.step("create_job")
    pipeline.simulator.faults.arm("status", operation="upload", status=status)
    with pytest.raises(UploadInterrupted):
        pipeline.step("upload_part")
    assert pipeline.step("upload_part")["complete"]
    pipeline.download()
    assert len(pipeline.simulator.jobs) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_an_upload_that_stays_refused_is_made_good_by_another_job(pipe: Pipe, status: int) -> None:
    pipeline = pipe(generation="x-hosted")
    pipeline.begin(IDS)
    pipeline.step("create_job")
    pipeline.simulator.faults.arm("status", operation="upload", status=status, times=2)
    with pytest.raises(UploadInterrupted):
        pipeline.step("upload_part")
    with pytest.raises(UploadRefused) as refused:
        pipeline.step("upload_part")
    assert abandon(pipeline, refused.value) == {"again": True}
    first = pipeline.simulator.jobs[0]
    assert first.cancelled
    pipeline.upload()
    pipeline.download()
    assert len(pipeline.simulator.jobs) == 2


def test_a_token_that_x_refuses_everywhere_creates_no_other_job(pipe: Pipe) -> None:
    pipeline = pipe(generation="x-hosted")
    pipeline.begin(IDS)
    pipeline.step("create_job")
    pipeline.put_token("revoked")
    with pytest.raises(UploadInterrupted):
        pipeline.step("upload_part")
    with pytest.raises(BadCredentials) as refused:
        pipeline.step("upload_part")
    assert abandon(pipeline, refused.value)["again"] is False
    assert len(pipeline.simulator.jobs) == 1


def test_an_upload_that_is_refused_for_ever_is_paid_for_three_times_at_most(pipe: Pipe) -> None:
    pipeline = pipe(generation="x-hosted")
    pipeline.begin(IDS)
    pipeline.simulator.faults.arm("status", operation="upload", status=403, times=100)
    goes_on = True
    while goes_on:
        pipeline.step("create_job")
        with pytest.raises(UploadInterrupted):
            pipeline.step("upload_part")
        with pytest.raises(UploadRefused) as refused:
            pipeline.step("upload_part")
        goes_on = bool(abandon(pipeline, refused.value)["again"])
    assert len(pipeline.simulator.jobs) == 3
    assert pipeline.part["error"] == "UploadRefused"


REFUSALS = [(403, "about:blank"), (403, "client-forbidden"), (400, "invalid-request"), (409, "conflict"), (404, "")]


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(("status", "kind"), REFUSALS)
def test_a_refused_download_of_a_job_that_x_does_not_tell_of_gets_another_job(
    pipe: Pipe, generation: str, status: int, kind: str
) -> None:
    pipeline = completed(pipe, generation)
    pipeline.simulator.faults.arm("status", operation="download", status=403, times=9)
    body = json.dumps({"title": "No", "type": kind, "status": status}) if kind else ""
    pipeline.simulator.faults.arm("answer", operation="get_job", status=status, body=body, times=9)
    with pytest.raises(DownloadRefused) as refused:
        pipeline.step("download_results")
    assert abandon(pipeline, refused.value) == {"again": True}


def test_a_new_url_that_has_expired_too_is_replaced_with_another_job(pipe: Pipe) -> None:
    pipeline = completed(pipe, "gcs")
    expired = "<Error><Code>ExpiredToken</Code></Error>"
    pipeline.simulator.faults.arm("answer", operation="download", status=400, body=expired, times=2)
    with pytest.raises(DownloadInterrupted):
        pipeline.step("download_results")
    with pytest.raises(DownloadRefused) as refused:
        pipeline.step("download_results")
    assert abandon(pipeline, refused.value) == {"again": True}


def test_a_url_that_x_has_given_long_ago_is_asked_for_again(pipe: Pipe) -> None:
    pipeline = completed(pipe, "gcs")
    for _ in range(2):
        pipeline.simulator.faults.arm("status", operation="download", status=403)
        with pytest.raises(DownloadInterrupted):
            pipeline.step("download_results")
        pipeline.functions.clock.advance(3601)
    assert pipeline.step("download_results") == {"complete": True}
