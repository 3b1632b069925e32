"""X's jobs through the socket: judged, adopted, and created without a refusal."""

from typing import Any

import pytest

from compliance.errors import JobConflict, JobNotFound, RequestRefused, XUnavailable
from compliance.jobs import Jobs
from compliance.x_api import XApi
from tests.fakes.clock import ManualClock
from tests.fakes.world import World
from tests.fakes.x import BEARER, ORIGIN, X, answer, problem
from xcompliance.sandbox.simulator.jobs import Status

API = XApi(ORIGIN, BEARER)


@pytest.fixture
def world() -> World:
    return World(ManualClock())


@pytest.fixture
def x(world: World) -> X:
    world.x.generation = "x"
    world.x.refuses_resumable = False
    return world.x


@pytest.fixture
def jobs(world: World) -> Jobs:
    return Jobs(API, world.send)


def test_a_job_is_created_under_its_name(x: X, jobs: Jobs) -> None:
    job = jobs.create("tweets", "a-name", resumable=True)
    assert job.id == x.job().id
    assert (x.job().name, x.job().is_resumable) == ("a-name", True)
    assert job.upload_url == x.upload_url(x.job())


def test_a_create_whose_answer_was_lost_is_found_by_name_with_all_its_fields(x: X, jobs: Jobs) -> None:
    x.faults["create"] = ["unanswered"]
    with pytest.raises(XUnavailable, match="ProtocolError"):
        jobs.create("tweets", "a-name", resumable=True)
    found = jobs.find("tweets", "a-name")
    assert found is not None
    assert found.id == x.job().id
    assert found.upload_url == x.upload_url(x.job())


def test_a_job_of_another_name_or_type_is_not_found(x: X, jobs: Jobs) -> None:
    jobs.create("tweets", "a-name", resumable=False)
    assert jobs.find("tweets", "a-name-2") is None
    assert jobs.find("users", "a-name") is None


def test_a_job_is_found_among_others(x: X, jobs: Jobs) -> None:
    others = [x.add("tweets", f"other-{number}") for number in range(2)]
    mine = x.add("tweets", "mine")
    others.append(x.add("tweets", "mine-too"))
    found = jobs.find("tweets", "mine")
    assert found is not None
    assert (found.id, found.name) == (mine.id, "mine")


def test_the_active_job_is_anybodys_that_has_not_ended(x: X, jobs: Jobs) -> None:
    assert jobs.in_the_way("tweets") is None
    over: tuple[Status, ...] = ("complete", "failed", "expired")
    for status in over:
        x.add("tweets", status).status = status
    x.add("users", "of-another-type")
    assert jobs.in_the_way("tweets") is None
    active_ones: tuple[Status, ...] = ("created", "in_progress")
    for status in active_ones:
        job = x.add("tweets", "somebody-elses")
        job.status = status
        active = jobs.in_the_way("tweets")
        assert active is not None
        assert (active.id, active.name) == (job.id, "somebody-elses")
        job.status = "failed"


def test_a_job_of_a_status_that_nobody_knows_may_be_in_the_way_of_others(x: X, jobs: Jobs) -> None:
    unknown = {"id": "1", "name": "unknown", "type": "tweets", "status": "completed"}
    active = {"id": "2", "name": "active", "type": "tweets", "status": "in_progress"}
    for listed, expected in (([unknown], "1"), ([unknown, active], "2")):
        x.faults["list"] = [answer(200, {"data": listed})]
        found = jobs.in_the_way("tweets")
        assert found is not None
        assert found.id == expected


@pytest.mark.parametrize(
    "said",
    [
        {"errors": [{"title": "Internal Error", "detail": "Something went wrong."}]},
        {"data": {"id": "1", "status": "in_progress"}},
        {"meta": {}},
    ],
)
def test_a_200_that_does_not_say_that_the_job_is_cancelled_is_no_cancellation(
    x: X, jobs: Jobs, said: dict[str, Any]
) -> None:
    x.add("tweets", "one")
    x.faults["cancel"] = [answer(200, said)]
    with pytest.raises(XUnavailable):
        jobs.cancel(x.job().id)


def test_a_list_that_x_answers_with_errors_is_not_an_empty_one(x: X, jobs: Jobs) -> None:
    x.add("tweets", "one")
    x.faults["list"] = [answer(200, {"errors": [{"title": "Internal Error"}], "meta": {"result_count": 0}})]
    with pytest.raises(XUnavailable):
        jobs.find("tweets", "one")


def test_a_job_that_is_cancelled_makes_room(x: X, jobs: Jobs) -> None:
    job = jobs.create("tweets", "one", resumable=False)
    jobs.cancel(job.id)
    assert jobs.get(job.id).status == "failed"
    assert jobs.in_the_way("tweets") is None


def test_a_cancel_that_x_refuses_is_an_error(x: X, jobs: Jobs) -> None:
    x.add("tweets", "one").status = "complete"
    with pytest.raises(RequestRefused):
        jobs.cancel(x.job().id)
    x.faults["cancel"] = [problem(503, "service-unavailable", "Over capacity."), "unheard"]
    for words in ("503", "ProtocolError"):
        with pytest.raises(XUnavailable, match=words):
            jobs.cancel(x.job().id)


def test_a_second_active_job_of_a_type_is_a_conflict(x: X, jobs: Jobs) -> None:
    jobs.create("tweets", "one", resumable=False)
    with pytest.raises(JobConflict):
        jobs.create("tweets", "two", resumable=False)
    assert jobs.create("users", "three", resumable=False).status == "created"


def test_an_unknown_job_is_not_found(x: X, jobs: Jobs) -> None:
    with pytest.raises(JobNotFound):
        jobs.get("5")


def test_jobs_show_no_token(x: X, jobs: Jobs) -> None:
    assert "SECRET" not in repr(jobs)
