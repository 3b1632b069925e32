"""What Google stores and sends is compared with its CRC32C, as its answers on a socket really carry it."""

import pytest

from compliance.errors import ResultsCorrupted, UploadCorrupted
from tests.transfers.conftest import Pipe

IDS = b"".join(b"%d\n" % (1_800_000_000_000_000_000 + number) for number in range(10_000))


@pytest.mark.parametrize("md5", [True, False])
def test_corrupted_results_are_never_kept_but_fetched_again(pipe: Pipe, md5: bool) -> None:
    pipeline = pipe(md5=md5)
    pipeline.begin(IDS)
    pipeline.upload()
    pipeline.simulator.faults.arm("corrupted_download")
    with pytest.raises(ResultsCorrupted):
        pipeline.download()
    assert "downloaded_at" not in pipeline.part
    pipeline.download()
    assert pipeline.results.count(b'"id"') == pipeline.results.count(b'{"id"') > 100
    assert "unverified" not in pipeline.part


@pytest.mark.parametrize("resumable", ["honoured", "refused"])
@pytest.mark.parametrize("md5", [True, False])
def test_a_corrupted_upload_never_counts(pipe: Pipe, resumable: str, md5: bool) -> None:
    pipeline = pipe(resumable=resumable, md5=md5)
    pipeline.begin(IDS)
    pipeline.simulator.faults.arm("corrupted_upload")
    with pytest.raises(UploadCorrupted):
        pipeline.upload()
    assert "uploaded_at" not in pipeline.part
    pipeline.forget_job()
    pipeline.upload()
    assert "unverified" not in pipeline.part
