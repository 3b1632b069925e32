"""X's jobs through the socket: judged, adopted, and created without a refusal."""

import pytest

from compliance.errors import JobConflict, JobNotFound, XUnavailable
from compliance.jobs import Jobs
from compliance.x_api import XApi
from tests.fakes.clock import ManualClock
from tests.fakes.x import BEARER, ORIGIN, FakeX

API = XApi(ORIGIN, BEARER)


@pytest.fixture
def x() -> FakeX:
    return FakeX(ManualClock())


def jobs_at(x: FakeX) -> Jobs:
    return Jobs(API, x.send)


def test_a_job_is_created_under_its_name(x: FakeX) -> None:
    job = jobs_at(x).create("tweets", "a-name", resumable=True)
    assert job.id == x.job().id
    assert (x.job().name, x.job().is_resumable) == ("a-name", True)
    assert job.upload_url == x.upload_url(x.job())


def test_a_create_whose_answer_was_lost_is_found_by_name_with_all_its_fields(x: FakeX) -> None:
    x.faults["create"] = ["unanswered"]
    with pytest.raises(XUnavailable, match="ReadTimeoutError"):
        jobs_at(x).create("tweets", "a-name", resumable=True)
    found = jobs_at(x).find("tweets", "a-name")
    assert found is not None
    assert found.id == x.job().id
    assert found.upload_url == x.upload_url(x.job())


def test_a_job_of_another_name_or_type_is_not_found(x: FakeX) -> None:
    jobs_at(x).create("tweets", "a-name", resumable=False)
    assert jobs_at(x).find("tweets", "a-name-2") is None
    assert jobs_at(x).find("users", "a-name") is None


def test_a_second_active_job_of_a_type_is_a_conflict(x: FakeX) -> None:
    jobs_at(x).create("tweets", "one", resumable=False)
    with pytest.raises(JobConflict):
        jobs_at(x).create("tweets", "two", resumable=False)
    assert jobs_at(x).create("users", "three", resumable=False).status == "created"


def test_an_unknown_job_is_not_found(x: FakeX) -> None:
    with pytest.raises(JobNotFound):
        jobs_at(x).get("5")


def test_jobs_show_no_token(x: FakeX) -> None:
    assert "SECRET" not in repr(jobs_at(x))
