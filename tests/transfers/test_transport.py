"""The URL's signature says how to upload, whatever was asked for."""

import pytest

from tests.transfers.conftest import Pipe, Pipeline
from xcompliance.sandbox.simulator.signing import UrlSigner

IDS = b"20\n2244994945\n1800000000000000000\n"


def arrived(pipeline: Pipeline) -> str | None:
    (job,) = pipeline.simulator.jobs
    return job.uploaded_crc32c


@pytest.mark.parametrize("told", [True, False])
def test_a_resumable_job_whose_url_opens_no_session_gets_one_put(pipe: Pipe, told: bool) -> None:
    """X's own example: the URL is signed for content-type;host alone, whatever the job says of ``resumable``."""
    pipeline = pipe(resumable="ignored")
    pipeline.simulator.faults.arm("job_field", "create_job", field="resumable", value=told)
    pipeline.begin(IDS)
    pipeline.upload()
    assert pipeline.part["resumable"] is True
    assert pipeline.part["transport"] == "gcs_put"
    assert (pipeline.asked("open_session"), pipeline.asked("upload")) == (0, 1)
    assert arrived(pipeline) == pipeline.part["crc32c"]


@pytest.mark.parametrize("sign_content_length", [True, False])
def test_a_url_that_is_signed_for_a_session_gets_one(pipe: Pipe, sign_content_length: bool) -> None:
    pipeline = pipe(sign_content_length=sign_content_length)
    pipeline.begin(IDS)
    pipeline.upload()
    assert pipeline.part["transport"] == "gcs_resumable"
    assert (pipeline.asked("open_session"), pipeline.asked("upload")) == (1, 0)
    assert arrived(pipeline) == pipeline.part["crc32c"]


def test_a_plain_url_that_is_signed_for_no_content_type_gets_none(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    sign = UrlSigner.sign

    def without_type(signer: UrlSigner, *args: object, **named: object) -> str:
        named.pop("content_type", None)
        return sign(signer, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(UrlSigner, "sign", without_type)
    pipeline = pipe(resumable="refused")
    pipeline.begin(IDS)
    pipeline.upload()
    assert arrived(pipeline) == pipeline.part["crc32c"]
