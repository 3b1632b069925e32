"""The secret gets the token of another App while a job is active: X shows that App none of the first one's jobs."""

import pytest

from compliance.errors import ComplianceError, JobNotFound, UploadInterrupted
from tests.transfers.conftest import Pipe, Pipeline
from tests.transfers.test_refusals import GENERATIONS, IDS, abandon

OTHER = "token-of-another-app"


def rotated_after(pipe: Pipe, generation: str, *steps: str) -> Pipeline:
    """A part that has come through these steps under the first App."""
    pipeline = pipe(generation=generation, other_app_token=OTHER)
    pipeline.begin(IDS)
    for step in steps:
        pipeline.step(step)
    pipeline.put_token(OTHER)
    return pipeline


def completes_by_a_job_of_the_other_app(pipeline: Pipeline, error: ComplianceError) -> None:
    assert abandon(pipeline, error) == {"again": True}
    pipeline.upload()
    pipeline.download()
    assert [job.app for job in pipeline.simulator.jobs] == ["owner", "other"]
    assert pipeline.part["job_id"] == pipeline.simulator.jobs[1].id
    assert pipeline.results


def test_an_upload_goes_to_a_job_of_the_other_app(pipe: Pipe) -> None:
    pipeline = rotated_after(pipe, "x-hosted", "create_job")
    with pytest.raises(UploadInterrupted):
        pipeline.step("upload_part")
    with pytest.raises(JobNotFound) as lost:
        pipeline.step("upload_part")
    completes_by_a_job_of_the_other_app(pipeline, lost.value)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_poll_leads_to_a_job_of_the_other_app(pipe: Pipe, generation: str) -> None:
    pipeline = rotated_after(pipe, generation, "create_job", "open_upload", "upload_part")
    with pytest.raises(JobNotFound) as lost:
        pipeline.step("get_job")
    completes_by_a_job_of_the_other_app(pipeline, lost.value)


def test_a_download_leads_to_a_job_of_the_other_app(pipe: Pipe) -> None:
    pipeline = rotated_after(pipe, "x-hosted", "create_job", "upload_part")
    pipeline.put_token(pipeline.simulator.settings.bearer_token)
    pipeline.await_job()
    pipeline.put_token(OTHER)
    with pytest.raises(JobNotFound) as lost:
        pipeline.step("download_results")
    completes_by_a_job_of_the_other_app(pipeline, lost.value)


def test_a_download_from_google_needs_no_token(pipe: Pipe) -> None:
    pipeline = rotated_after(pipe, "gcs", "create_job", "open_upload", "upload_part")
    pipeline.put_token(pipeline.simulator.settings.bearer_token)
    pipeline.await_job()
    pipeline.put_token(OTHER)
    assert pipeline.step("download_results") == {"complete": True}
    assert len(pipeline.simulator.jobs) == 1


def test_a_token_that_comes_back_while_the_upload_is_tried_again_keeps_the_job(pipe: Pipe) -> None:
    pipeline = rotated_after(pipe, "x-hosted", "create_job")
    with pytest.raises(UploadInterrupted):
        pipeline.step("upload_part")
    pipeline.put_token(pipeline.simulator.settings.bearer_token)
    assert pipeline.step("upload_part")["complete"]
    pipeline.download()
    assert len(pipeline.simulator.jobs) == 1
