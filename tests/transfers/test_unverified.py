"""What Google does not vouch for is marked, counted and warned of, or fails, as the deployer decides."""

from collections.abc import Sequence
from typing import Literal

import pytest

from compliance.errors import DownloadInterrupted, ResultsUnverified, UploadInterrupted, UploadUnverified
from compliance.report.audit import audit
from compliance.report.content import Content
from compliance.verification import count_unverified, with_unverified
from tests.emf import metrics_in
from tests.fakes.reports import complete, part
from tests.transfers.conftest import Pipe, Pipeline
from xcompliance.sandbox.simulator import google_answers
from xcompliance.sandbox.simulator.objects import StoredObject

IDS = b"".join(b"%d\n" % (1_800_000_000_000_000_000 + number) for number in range(2_000))
Resumable = Literal["honoured", "refused"]
RESUMABLE: tuple[Resumable, ...] = ("honoured", "refused")


def no_hash(pipeline: Pipeline) -> None:
    """Let Google's answers lose their checksums, as a proxy may."""
    pipeline.simulator.faults.arm("hashless", times=1_000)


@pytest.mark.parametrize("resumable", RESUMABLE)
def test_transfers_without_a_checksum_are_marked(pipe: Pipe, resumable: Resumable) -> None:
    pipeline = pipe(resumable=resumable)
    no_hash(pipeline)
    pipeline.begin(IDS)
    pipeline.upload()
    assert pipeline.part["unverified"] == ["upload"]
    pipeline.download()
    assert pipeline.part["unverified"] == ["upload", "download"]
    assert pipeline.results.count(b'{"id"') > 10


@pytest.mark.parametrize("resumable", RESUMABLE)
def test_an_upload_without_a_checksum_fails_where_that_is_wanted(pipe: Pipe, resumable: Resumable) -> None:
    pipeline = pipe(resumable=resumable)
    pipeline.functions.configure(unverified="fail")
    pipeline.begin(IDS)
    no_hash(pipeline)
    with pytest.raises(UploadUnverified):
        pipeline.upload()
    pipeline.simulator.faults.clear()
    assert "uploaded_at" not in pipeline.part
    pipeline.forget_job()
    pipeline.upload()
    pipeline.download()
    assert "unverified" not in pipeline.part


def test_results_without_a_checksum_fail_where_that_is_wanted_and_can_be_fetched_again(pipe: Pipe) -> None:
    pipeline = pipe()
    pipeline.functions.configure(unverified="fail")
    pipeline.begin(IDS)
    pipeline.upload()
    no_hash(pipeline)
    with pytest.raises(ResultsUnverified):
        pipeline.download()
    pipeline.simulator.faults.clear()
    assert "downloaded_at" not in pipeline.part
    pipeline.download()
    assert "unverified" not in pipeline.part


def test_results_are_verified_by_a_checksum_that_a_later_answer_names(pipe: Pipe) -> None:
    pipeline = pipe()
    pipeline.begin(IDS)
    pipeline.upload()
    pipeline.await_job()
    pipeline.simulator.faults.arm("hashless", "download", times=2)
    assert pipeline.step("download_results")["complete"]
    assert "unverified" not in pipeline.part
    assert pipeline.asked("download") == 3


@pytest.mark.parametrize("times", [3, 4])
def test_a_question_that_is_not_answered_does_not_make_results_unverified(
    pipe: Pipe, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = pipe()
    pipeline.begin(IDS)
    pipeline.upload()
    pipeline.await_job()
    describe = google_answers.description

    def once(stored: StoredObject, now: float) -> google_answers.Headers:
        pipeline.simulator.faults.arm("status", operation="download", times=times)
        monkeypatch.setattr(google_answers, "description", describe)
        return []

    monkeypatch.setattr(google_answers, "description", once)
    if times == 4:
        with pytest.raises(DownloadInterrupted):
            pipeline.step("download_results")
    assert pipeline.step("download_results")["complete"]
    assert "unverified" not in pipeline.part


def test_an_empty_file_of_results_is_asked_about_too(pipe: Pipe) -> None:
    pipeline = pipe()
    no_hash(pipeline)
    pipeline.begin(b"20\n")
    pipeline.upload()
    pipeline.download()
    assert pipeline.results == b""
    assert pipeline.part["unverified"] == ["upload", "download"]


def test_a_plain_upload_whose_answer_was_lost_is_not_sent_again_and_not_verified(pipe: Pipe) -> None:
    pipeline = pipe(resumable="refused")
    pipeline.begin(IDS)
    pipeline.simulator.faults.arm("lost_answer", operation="upload")
    with pytest.raises(UploadInterrupted):
        pipeline.upload()
    assert pipeline.step("upload_part")["complete"]
    assert pipeline.asked("upload") == 1
    assert pipeline.part["unverified"] == ["upload"]


def test_a_plain_upload_that_is_sent_again_while_xs_status_is_unclear_is_not_verified(pipe: Pipe) -> None:
    """X may work on what came first, whose answer was lost."""
    pipeline = pipe(resumable="refused", job_seconds=60)
    pipeline.begin(IDS)
    pipeline.simulator.faults.arm("corrupted_upload")
    pipeline.simulator.faults.arm("lost_answer", operation="upload")
    with pytest.raises(UploadInterrupted):
        pipeline.upload()
    pipeline.simulator.faults.arm("job_field", "get_job", field="status", value="completed")
    assert pipeline.step("upload_part")["complete"]
    assert pipeline.asked("upload") == 2
    assert pipeline.part["unverified"] == ["upload"]


def test_xs_own_byte_path_names_no_checksum_and_is_not_called_unverified(pipe: Pipe) -> None:
    pipeline = pipe(generation="x-hosted")
    pipeline.begin(IDS)
    pipeline.upload()
    pipeline.download()
    assert "unverified" not in pipeline.part


def test_a_part_that_is_unverified_is_counted(pipe: Pipe) -> None:
    pipeline = pipe()
    no_hash(pipeline)
    pipeline.begin(IDS)
    pipeline.upload()
    pipeline.download()
    assert counted(pipeline) == 1


def counted(pipeline: Pipeline) -> float:
    pipeline.functions.configure(results_index=False)
    pipeline.step("write_results")
    pipeline.functions.invoke("index_results", pipeline.ref | {"progress": {}, "outcomes": []})
    told = metrics_in(pipeline.functions.log.getvalue().splitlines())
    return sum(sum(values) for name, values in told.items() if name.metric == "PartsUnverified")


@pytest.mark.parametrize(
    ("before", "unverified", "after"),
    [
        ([], 1, ["1 of 3 parts is unverified: "]),
        (["odd"], 2, ["odd", "2 of 3 parts are unverified: "]),
    ],
)
def test_the_warning_about_unverified_parts_replaces_an_earlier_one(
    before: Sequence[str], unverified: int, after: list[str]
) -> None:
    once = with_unverified(before, unverified, 3)
    assert [found.startswith(due) for found, due in zip(once, after, strict=True)] == [True] * len(after)
    assert with_unverified(with_unverified(before, 1, 3), unverified, 3) == once


def test_only_parts_that_are_complete_are_counted() -> None:
    parts = [part(1, unverified=["upload"]), part(2, status="failed", unverified=["upload"]), part(3)]
    assert count_unverified(parts) == 1


def test_the_report_names_what_of_a_part_is_unverified() -> None:
    content: Content = complete(parts=[part(1), part(2, unverified=["upload", "download"])])
    assert str(audit(content)).count("upload and download unverified") == 1
