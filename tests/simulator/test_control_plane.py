"""The four operations on jobs, as X describes them and as they have been seen."""

import time
from typing import Any

import pytest

from .client import ALL_FIELDS, Client, lines
from .conftest import Simulate
from .contract import Contract

WEEK = 604_800


def test_a_new_job_says_everything_that_is_asked_for(client: Client) -> None:
    job = client.create("tweets", name="nightly", resumable=True)
    assert set(job) == set(ALL_FIELDS.split(","))
    assert (job["type"], job["name"], job["status"], job["resumable"]) == ("tweets", "nightly", "created", True)
    assert job["id"].isdigit()
    assert len(job["id"]) <= 19


def test_only_the_fields_asked_for_are_told(client: Client) -> None:
    asked = client.api("POST", "?compliance_job.fields=id,upload_url", {"type": "users"})
    assert set(asked.data) == {"id", "upload_url"}
    unasked = client.api("POST", "", {"type": "tweets", "name": "n"})
    assert set(unasked.data) == {"id", "name", "status", "type"}


@pytest.mark.parametrize("fields", ["", "id,id", "id,owner", "id,"])
def test_fields_that_x_does_not_know_are_refused(client: Client, fields: str) -> None:
    answer = client.api("POST", f"?compliance_job.fields={fields}", {"type": "users"})
    assert (answer.status, answer.problem) == (400, "invalid-request")
    assert client.simulator.jobs == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"type": "tweets"}, 200),
        ({"type": "users", "name": "n" * 64, "resumable": False}, 200),
        ({"type": "users", "name": "n" * 65}, 400),
        ({"type": "posts"}, 400),
        ({"type": None}, 400),
        ({"name": "n"}, 400),
        ({"type": "tweets", "resumable": "true"}, 400),
        ({"type": "tweets", "name": None}, 400),
        ({"type": "tweets", "owner": "me"}, 400),
        ([], 400),
    ],
)
def test_a_create_is_accepted_exactly_when_x_describes_it(
    client: Client, contract: Contract, body: Any, status: int
) -> None:
    assert contract.accepts("CreateComplianceJobsRequest", body) == (status == 200)
    assert client.api("POST", "", body).status == status


def test_a_create_that_is_not_json_is_refused(client: Client) -> None:
    url = f"{client.simulator.x_api_url}/2/compliance/jobs"
    for body, media_type in ((b"{", "application/json"), (b'{"type": "tweets"}', "text/plain")):
        answer = client.send("POST", url, body, content_type=media_type, authorization=client.authorization)
        assert answer.status == 400


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic c2ltdWxhdG9y", "Bearer sïmulator"])
def test_without_the_bearer_token_nothing_is_told(client: Client, token: str) -> None:
    answer = client.api("GET", "?type=tweets", authorization=token)
    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_one_job_of_a_type_is_active_at_a_time(client: Client) -> None:
    first = client.create("tweets", resumable=True)
    assert client.api("POST", "", {"type": "tweets"}).status == 409
    assert client.create("users")["type"] == "users"
    client.upload(first, lines([1]))
    client.results(first)
    assert client.create("tweets")["id"] != first["id"]


def test_an_empty_list_has_no_data(client: Client) -> None:
    assert client.api("GET", "?type=tweets").document == {"meta": {"result_count": 0}}


def test_a_list_holds_the_jobs_of_its_type_and_status(client: Client) -> None:
    tweets, users = client.create("tweets"), client.create("users")
    assert [job["id"] for job in client.api("GET", "?type=tweets").data] == [tweets["id"]]
    created = client.api("GET", "?type=users&status=created&compliance_job.fields=id")
    assert created.document == {"data": [{"id": users["id"]}], "meta": {"result_count": 1}}
    assert "data" not in client.api("GET", "?type=users&status=complete").document


@pytest.mark.parametrize(
    "query", ["", "?type=posts", "?status=created", "?type=users&status=expired", "?type=users&page=2"]
)
def test_a_list_that_x_does_not_describe_is_refused(client: Client, query: str) -> None:
    assert client.api("GET", query).status == 400


def test_an_unknown_job_is_an_error_without_data_in_a_200(client: Client) -> None:
    answer = client.api("GET", "/1234567890123456789")
    assert answer.status == 200
    assert set(answer.document) == {"errors"}
    assert client.api("GET", "/not-a-job").status == 400
    assert client.api("GET", "/12345678901234567890").status == 400


def test_a_job_goes_from_created_over_in_progress_to_complete(simulate: Simulate) -> None:
    client = simulate(job_seconds=600)
    job = client.create(resumable=True)
    assert client.status(job["id"]) == "created"
    client.upload(job, lines(range(100)))
    assert client.status(job["id"]) == "in_progress"
    client.simulator.clock.advance(601)
    client.results(job)
    assert client.status(job["id"]) == "complete"


def test_a_job_without_an_upload_expires_after_15_minutes(client: Client) -> None:
    job = client.create()
    client.simulator.clock.advance(890)
    assert client.status(job["id"]) == "created"
    client.simulator.clock.advance(11)
    assert client.status(job["id"]) == "expired"
    assert client.create()["status"] == "created"


@pytest.mark.parametrize(("late_uploads", "status"), [("accepted", "complete"), ("expired", "expired")])
def test_whether_an_upload_may_end_late_is_a_setting(simulate: Simulate, late_uploads: str, status: str) -> None:
    client = simulate(late_uploads=late_uploads)
    job, content = client.create(resumable=True), lines(range(100))
    session = client.open_session(job)
    client.simulator.clock.advance(899)
    client.ask(session)
    client.simulator.clock.advance(2)
    assert client.chunk(session, content, 0, len(content)).status == 200
    client.results(job)
    assert client.status(job["id"]) == status
    assert client.simulator.jobs[0].completed_uploads == 1


def test_an_upload_that_does_not_go_on_lets_its_job_expire(client: Client) -> None:
    job = client.create(resumable=True)
    client.open_session(job)
    client.simulator.clock.advance(1801)
    assert client.status(job["id"]) == "expired"


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"generation": "gcs"}, 200),
        ({"generation": "gcs", "resumable": "refused"}, 400),
        ({"generation": "x-hosted"}, 400),
        ({"generation": "x-hosted", "resumable": "honoured"}, 200),
    ],
)
def test_whether_resumable_is_refused_is_a_setting(simulate: Simulate, settings: dict[str, str], status: int) -> None:
    client = simulate(**settings)
    assert client.api("POST", "", {"type": "tweets", "resumable": True}).status == status
    assert client.api("POST", "", {"type": "users", "resumable": False}).status == 200


def test_each_operation_has_150_requests_in_15_minutes(client: Client) -> None:
    answers = [client.api("GET", "?type=tweets") for _ in range(151)]
    assert [answer.status for answer in answers] == [200] * 150 + [429]
    assert [answer.headers["x-rate-limit-remaining"] for answer in (answers[0], *answers[-2:])] == ["149", "0", "0"]
    assert {answer.headers["x-rate-limit-limit"] for answer in answers} == {"150"}
    assert 890 < int(answers[-1].headers["x-rate-limit-reset"]) - time.time() < 902
    assert client.api("GET", "/1").status == 200
    client.simulator.clock.advance(900)
    assert client.api("GET", "?type=tweets").status == 200


def test_a_fast_clock_shortens_the_wait_for_a_job(simulate: Simulate) -> None:
    client = simulate(job_seconds=600, speed=10_000, upload_window_seconds=100_000)
    job = client.create(resumable=True)
    client.upload(job, lines([1]))
    client.results(job)
    assert client.status(job["id"]) == "complete"


def test_cancelling_frees_the_slot(x_hosted: Client) -> None:
    job = x_hosted.create()
    cancelled = x_hosted.api("DELETE", f"/{job['id']}")
    assert (cancelled.status, cancelled.data["status"]) == (200, "failed")
    assert x_hosted.create()["status"] == "created"
    assert x_hosted.api("DELETE", f"/{job['id']}").status == 400
    assert set(x_hosted.api("DELETE", "/1").document) == {"errors"}


def test_the_gcs_generation_cannot_cancel(client: Client) -> None:
    job = client.create()
    answer = client.api("DELETE", f"/{job['id']}")
    assert (answer.status, answer.body) == (404, b"")
    assert client.status(job["id"]) == "created"


def test_every_kind_of_answer_is_one_that_x_describes(simulate: Simulate, contract: Contract) -> None:
    client = simulate(generation="x-hosted", rate_limit=8)
    assert client.contract is contract
    job = client.create()
    known = f"/{job['id']}"
    token = job["upload_url"].partition("?")[2]
    statuses = [
        client.api(method, path, body).status
        for method, path, body in (
            ("GET", "?type=tweets", None),
            ("GET", "?type=users", None),
            ("GET", "", None),
            ("GET", known, None),
            ("GET", "/1", None),
            ("POST", "", {"type": "tweets"}),
            ("POST", "", {}),
            ("PUT", f"{known}/upload?token=wrong", "1"),
            ("PUT", f"{known}/upload?{token}", 1),
            ("PUT", f"{known}/upload?{token}", 1),
            ("GET", f"{known}/download?token=wrong", None),
            ("DELETE", "/1", None),
            ("GET", "/1/2", None),
        )
    ]
    assert statuses == [200, 200, 400, 200, 200, 409, 400, 403, 200, 409, 403, 200, 404]
    assert [client.api("GET", known).status for _ in range(7)][-1] == 429
    for name, status in (("credits_depleted", 402), ("usage_capped", 429), ("status", 503), ("rate_limited", 429)):
        client.simulator.faults.arm(name, "list_jobs")
        assert client.api("GET", "?type=tweets").status == status
