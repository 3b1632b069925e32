"""What X says about the account and about its jobs, heard on a socket at every call."""

import json

import pytest

from compliance.errors import (
    CreditsDepleted,
    DownloadInterrupted,
    JobFailed,
    UploadInterrupted,
    UsageCapExceeded,
    XUnavailable,
)
from tests.transfers.conftest import Pipe, Pipeline
from tests.transfers.test_refusals import IDS, abandon

CALLS = {
    "create_job": ("create_job", ()),
    "upload": ("upload_part", ("create_job",)),
    "get_job": ("get_job", ("create_job", "upload_part")),
    "download": ("download_results", ("create_job", "upload_part", "get_job")),
}
"""An operation of X's, the step that asks for it, and the steps before."""


def at(pipe: Pipe, operation: str) -> tuple[Pipeline, str]:
    """A part that has come as far as the step that asks X for this."""
    pipeline = pipe(generation="x-hosted")
    pipeline.begin(IDS)
    step, before = CALLS[operation]
    for each in before:
        pipeline.await_job() if each == "get_job" else pipeline.step(each)
    return pipeline, step


def go_on(pipeline: Pipeline, step: str) -> None:
    """Goes through the step and all that follow."""
    if step == "create_job":
        pipeline.step("create_job")
    while not pipeline.step("upload_part")["complete"]:
        pass
    pipeline.download()
    assert len(pipeline.simulator.jobs) == 1
    assert pipeline.simulator.jobs[0].completed_uploads == 1


@pytest.mark.parametrize("form", ["credits", "credits-depleted"])
@pytest.mark.parametrize("operation", CALLS)
def test_missing_credits_leave_everything_ready_for_the_next_try(pipe: Pipe, operation: str, form: str) -> None:
    pipeline, step = at(pipe, operation)
    pipeline.simulator.faults.arm("credits_depleted", operation=operation, times=2, form=form)
    for _ in range(2):
        with pytest.raises(CreditsDepleted):
            pipeline.step(step)
    go_on(pipeline, step)


@pytest.mark.parametrize("operation", CALLS)
def test_a_spending_limit_is_a_usage_cap_and_says_when_it_ends(pipe: Pipe, operation: str) -> None:
    pipeline, step = at(pipe, operation)
    pipeline.simulator.faults.arm("spend_cap_reached", operation=operation, reset_date="2027-02-01")
    with pytest.raises(UsageCapExceeded, match="X lifts it on 2027-02-01") as reached:
        pipeline.step(step)
    assert abandon(pipeline, reached.value)["again"] is False
    assert "2027-02-01" in pipeline.part["error_message"]


def test_a_create_that_is_answered_200_with_errors_is_not_taken_for_a_job(pipe: Pipe) -> None:
    pipeline, _ = at(pipe, "create_job")
    pipeline.simulator.faults.arm("errors_in_200", operation="create_job")
    with pytest.raises(XUnavailable):
        pipeline.step("create_job")
    go_on(pipeline, "create_job")


def test_an_upload_that_is_answered_with_a_page_is_not_taken_for_stored(pipe: Pipe) -> None:
    pipeline, step = at(pipe, "upload")
    pipeline.simulator.faults.arm("html_page", operation="upload")
    with pytest.raises(UploadInterrupted):
        pipeline.step(step)
    go_on(pipeline, step)


def test_a_list_that_is_answered_with_errors_hides_no_job(pipe: Pipe) -> None:
    """The job would be created again, and paid twice."""
    pipeline, step = at(pipe, "create_job")
    pipeline.simulator.faults.arm("lost_answer", operation="create_job")
    with pytest.raises(XUnavailable):
        pipeline.step(step)
    pipeline.simulator.faults.arm("errors_in_200", operation="list_jobs")
    with pytest.raises(XUnavailable):
        pipeline.step(step)
    go_on(pipeline, step)


def test_a_cancellation_that_is_answered_200_with_errors_is_none(pipe: Pipe) -> None:
    pipeline = pipe(generation="x-hosted", job_seconds=3600)
    pipeline.begin(IDS)
    pipeline.upload()
    pipeline.simulator.faults.arm("errors_in_200", operation="cancel_job")
    abandon(pipeline, UsageCapExceeded("So it is."))
    assert not pipeline.simulator.jobs[0].cancelled
    assert pipeline.part["job_id"] == pipeline.simulator.jobs[0].id


def test_a_status_that_nobody_knows_is_polled_on_and_its_job_cancelled_if_it_is_given_up(pipe: Pipe) -> None:
    pipeline = pipe(generation="x-hosted", job_seconds=3600)
    pipeline.begin(IDS)
    pipeline.upload()
    pipeline.simulator.faults.arm("job_field", operation="get_job", field="status", value="completed", times=2)
    assert pipeline.step("get_job")["status"] == "unknown"
    abandon(pipeline, UsageCapExceeded("So it is."))
    assert pipeline.simulator.jobs[0].cancelled


def test_why_a_job_failed_is_told(pipe: Pipe) -> None:
    pipeline = pipe(generation="x-hosted")
    pipeline.begin(IDS)
    pipeline.simulator.faults.arm("job_fails", error="Line 1 [1800000000000000001] is too odd.")
    pipeline.upload()
    with pytest.raises(JobFailed, match=r"failed \(Line 1 is too odd\)\."):
        pipeline.step("get_job")
    assert pipeline.part["job_error"] == "Line 1 is too odd"


def test_a_page_in_place_of_results_is_not_kept(pipe: Pipe) -> None:
    pipeline, step = at(pipe, "download")
    pipeline.simulator.faults.arm("html_page", operation="download")
    with pytest.raises(DownloadInterrupted):
        pipeline.step(step)
    go_on(pipeline, step)


@pytest.mark.parametrize("status", ["completed", "pending", "queued"])
def test_a_status_that_nobody_knows_does_not_say_that_x_has_an_upload_that_was_cut_off(pipe: Pipe, status: str) -> None:
    pipeline, _ = at(pipe, "upload")
    pipeline.simulator.faults.arm("unheard", operation="upload")
    with pytest.raises(UploadInterrupted):
        pipeline.step("upload_part")
    pipeline.simulator.faults.arm("job_field", operation="get_job", field="status", value=status)
    assert pipeline.step("upload_part")["complete"]
    assert pipeline.simulator.jobs[0].completed_uploads == 1


def test_an_upload_whose_answer_was_lost_is_known_by_xs_refusal_of_another(pipe: Pipe) -> None:
    pipeline, _ = at(pipe, "upload")
    pipeline.simulator.faults.arm("no_answer", operation="upload")
    with pytest.raises(UploadInterrupted):
        pipeline.step("upload_part")
    pipeline.simulator.faults.arm("job_field", operation="get_job", field="status", value="processing")
    assert pipeline.step("upload_part")["complete"]
    assert pipeline.simulator.jobs[0].completed_uploads == 1


def test_a_page_instead_of_an_upload_session_is_asked_again(pipe: Pipe) -> None:
    pipeline = pipe(generation="gcs")
    pipeline.begin(IDS)
    pipeline.step("create_job")
    pipeline.simulator.faults.arm("html_page", operation="open_session")
    with pytest.raises(UploadInterrupted):
        pipeline.step("open_upload")
    pipeline.step("open_upload")
    assert "session_uri" in pipeline.part


SPEND_CAP = {"title": "SpendCapReached", "type": "https://api.x.com/2/problems/credits", "reset_date": "2027-01-01"}


@pytest.mark.parametrize("operation", ["create_job", "upload", "get_job"])
@pytest.mark.parametrize(
    ("errors", "error"),
    [
        ([SPEND_CAP | {"status": "403"}], UsageCapExceeded),
        ([{"title": "Other"}, SPEND_CAP], UsageCapExceeded),
        ([{"title": "Payment Required", "status": "402"}], CreditsDepleted),
    ],
)
def test_a_limit_in_a_200_is_heard_in_each_of_its_forms(
    pipe: Pipe, operation: str, errors: list[dict[str, str]], error: type[Exception]
) -> None:
    pipeline, step = at(pipe, operation)
    pipeline.simulator.faults.arm("answer", operation=operation, status=200, body=json.dumps({"errors": errors}))
    with pytest.raises(error):
        pipeline.step(step)


@pytest.mark.parametrize("data", [{}, []])
def test_a_success_without_a_job_is_no_stored_upload(pipe: Pipe, data: object) -> None:
    pipeline, _ = at(pipe, "upload")
    pipeline.simulator.faults.arm("answer", operation="upload", status=200, body=json.dumps({"data": data}))
    with pytest.raises(UploadInterrupted):
        pipeline.step("upload_part")
    assert pipeline.step("upload_part")["complete"]
    assert pipeline.simulator.jobs[0].completed_uploads == 1
