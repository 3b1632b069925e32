"""Everything that can be made to go wrong, and that it goes wrong as often as asked and no more."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3

from .client import UNIT, Answer, Client, lines, persisted
from .conftest import Simulate

CONTENT = lines(range(10**18, 10**18 + 60_000))
TOTAL = len(CONTENT)


@pytest.fixture
def job(client: Client) -> Any:
    return client.create(resumable=True)


def _admin(client: Client, method: str, path: str, body: Any = None) -> Answer:
    sent = None if body is None else json.dumps(body).encode()
    return client.send(method, f"{client.simulator.x_api_url}/_simulator{path}", sent)


def test_a_status_befalls_the_next_requests_of_an_operation(client: Client, job: Any) -> None:
    client.simulator.faults.arm("status", "get_job", times=2, status=502, retry_after=7)
    answers = [client.api("GET", f"/{job['id']}") for _ in range(3)]
    assert [answer.status for answer in answers] == [502, 502, 200]
    assert answers[0].headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("name", "parameters", "status", "problem", "title"),
    [
        ("credits_depleted", {}, 402, "credits-depleted", "Payment Required"),
        ("credits_depleted", {"form": "credits"}, 402, "credits", "CreditsDepleted"),
        ("spend_cap_reached", {}, 403, "credits", "SpendCapReached"),
        ("usage_capped", {}, 429, "usage-capped", "UsageCapExceeded"),
    ],
)
def test_money_runs_out_with_requests_left(
    client: Client, name: str, parameters: dict[str, Any], status: int, problem: str, title: str
) -> None:
    client.simulator.faults.arm(name, "create_job", **parameters)
    answer = client.api("POST", "", {"type": "tweets"})
    assert (answer.status, answer.problem, answer.document["title"]) == (status, problem, title)
    assert answer.headers["x-rate-limit-remaining"] == "149"
    assert client.simulator.jobs == []


def test_a_spending_limit_says_when_it_ends(x_hosted: Client) -> None:
    job = x_hosted.create()
    x_hosted.simulator.faults.arm("spend_cap_reached", "upload", reset_date="2027-02-03")
    answer = x_hosted.upload(job, CONTENT)
    assert (answer.status, answer.document["reset_date"]) == (403, "2027-02-03")
    assert "blocked until the next cycle begins on 2027-02-03" in answer.document["detail"]


@pytest.mark.parametrize("operation", ["upload", "download", "get_job"])
def test_a_402_may_clear(x_hosted: Client, operation: str) -> None:
    x_hosted.simulator.faults.arm("credits_depleted", operation, times=2)
    job = x_hosted.create()
    statuses = [answer.status for answer in _each_step(x_hosted, job) if answer.status != 200]
    assert statuses == [402, 402]


def _each_step(client: Client, job: Any) -> Iterator[Answer]:
    """Each call until it succeeds."""
    steps: tuple[Callable[[], Answer], ...] = (
        lambda: client.upload(job, CONTENT),
        lambda: client.results(job),
        lambda: client.api("GET", f"/{job['id']}"),
    )
    for step in steps:
        while (answer := step()).status != 200:
            yield answer
        yield answer


@pytest.mark.parametrize(
    ("status", "problem"), [(401, "blank"), (403, "not-authorized-for-resource"), (404, "not-found")]
)
@pytest.mark.parametrize("operation", ["upload", "download"])
def test_x_refuses_on_the_byte_path_in_its_own_words(
    x_hosted: Client, operation: str, status: int, problem: str
) -> None:
    x_hosted.simulator.faults.arm("status", operation, status=status)
    (answer,) = [answer for answer in _each_step(x_hosted, x_hosted.create()) if answer.status != 200]
    assert answer.status == status
    assert answer.problem.endswith(problem)


@pytest.mark.parametrize(
    ("status", "code"), [(401, b"AuthenticationRequired"), (403, b"AccessDenied"), (404, b"NoSuchKey")]
)
def test_google_refuses_in_its_own_words(client: Client, job: Any, status: int, code: bytes) -> None:
    client.upload(job, CONTENT)
    client.results(job)
    client.simulator.faults.arm("status", "download", status=status)
    answer = client.download(job)
    assert (answer.status, code in answer.body) == (status, True)


@pytest.mark.parametrize("operation", ["create_job", "list_jobs", "get_job", "cancel_job", "upload"])
def test_a_200_may_carry_errors_and_no_data(x_hosted: Client, operation: str) -> None:
    job = x_hosted.create()
    x_hosted.simulator.faults.arm("errors_in_200", operation)
    path = f"/{job['id']}"
    answer = {
        "create_job": lambda: x_hosted.api("POST", "", {"type": "users"}),
        "list_jobs": lambda: x_hosted.api("GET", "?type=tweets"),
        "get_job": lambda: x_hosted.api("GET", path),
        "cancel_job": lambda: x_hosted.api("DELETE", path),
        "upload": lambda: x_hosted.upload(job, CONTENT),
    }[operation]()
    assert (answer.status, list(answer.document)) == (200, ["errors"])
    assert [(known.type, known.status(x_hosted.simulator.clock.now())) for known in x_hosted.simulator.jobs] == [
        ("tweets", "created")
    ]


def test_answers_may_lack_their_hash(client: Client, job: Any) -> None:
    """An answer that has none anyway does not use the fault up."""
    client.simulator.faults.arm("hashless", times=2)
    session = client.open_session(job)
    assert client.chunk(session, CONTENT, 0, UNIT).status == 308
    final, asked, again = client.chunk(session, CONTENT, UNIT, TOTAL), client.ask(session), client.ask(session)
    assert [answer.status for answer in (final, asked, again)] == [200, 200, 200]
    assert ["x-goog-hash" in answer.headers for answer in (final, asked, again)] == [False, False, True]
    client.results(job)
    client.simulator.faults.arm("hashless", "download")
    assert ["x-goog-hash" in client.download(job).headers for _ in range(2)] == [False, True]
    client.simulator.faults.arm("hashless", "upload")
    assert "x-goog-hash" not in client.upload(client.create(resumable=False), CONTENT).headers


def test_a_page_comes_instead_of_an_answer(client: Client, job: Any) -> None:
    session = client.open_session(job)
    client.simulator.faults.arm("html_page", times=2)
    job_url = f"{client.simulator.x_api_url}/2/compliance/jobs/{job['id']}"
    for answer in (client.ask(session, TOTAL), client.send("GET", job_url, authorization=client.authorization)):
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=UTF-8")
        assert answer.body.startswith(b"<!DOCTYPE html>")
    assert persisted(client.ask(session, TOTAL)) == 0


def test_a_redirect_does_no_work(client: Client, job: Any) -> None:
    client.simulator.faults.arm("redirect", "upload", location="https://elsewhere.example/")
    single = client.create("users", resumable=False)
    answer = client.upload(single, CONTENT)
    assert (answer.status, answer.headers["location"]) == (307, "https://elsewhere.example/")
    assert client.status(single["id"]) == "created"


def test_a_status_that_nobody_knows(client: Client, job: Any) -> None:
    client.simulator.faults.arm("job_field", "get_job", field="status", value="completed")
    assert [client.status(job["id"]) for _ in range(2)] == ["completed", "created"]


def test_a_failed_job_says_why(client: Client, job: Any) -> None:
    client.simulator.faults.arm("job_fails", error="The file has no valid IDs.")
    client.upload(job, CONTENT)
    asked = client.api("GET", f"/{job['id']}?compliance_job.fields=status,error").data
    assert asked == {"status": "failed", "error": "The file has no valid IDs."}


@pytest.mark.parametrize("generation", ["gcs", "x-hosted"])
def test_another_apps_token_does_not_see_the_jobs_of_the_first(simulate: Simulate, generation: str) -> None:
    client = simulate(generation=generation, other_app_token="another")
    job, other = client.create(), {"authorization": "Bearer another"}
    assert "data" not in client.api("GET", f"/{job['id']}", **other).document
    assert "data" not in client.api("GET", "?type=tweets", **other).document
    assert client.api("POST", "", {"type": "tweets"}, **other).status == 200
    if generation == "x-hosted":
        answer = client.send("PUT", job["upload_url"], CONTENT, **other)
        assert (answer.status, answer.problem) == (403, "not-authorized-for-resource")
    assert client.upload(job, CONTENT).status == 200


def test_the_rate_limit_can_be_used_up(client: Client) -> None:
    client.simulator.faults.arm("rate_limited", "list_jobs")
    answers = [client.api("GET", "?type=tweets") for _ in range(2)]
    assert [answer.status for answer in answers] == [429, 429]
    assert answers[0].headers["x-rate-limit-remaining"] == "0"
    client.simulator.clock.advance(900)
    assert client.api("GET", "?type=tweets").status == 200


def test_a_route_that_is_not_live_answers_an_empty_404(x_hosted: Client) -> None:
    job = x_hosted.create()
    x_hosted.simulator.faults.arm("empty_404", "upload")
    answer = x_hosted.upload(job, b"1\n")
    assert (answer.status, answer.body) == (404, b"")
    assert x_hosted.upload(job, b"1\n").status == 200


def test_a_created_job_whose_answer_was_lost_is_there(client: Client) -> None:
    client.simulator.faults.arm("lost_answer", "create_job")
    with pytest.raises(urllib3.exceptions.ProtocolError):
        client.create(name="known")
    assert [job["name"] for job in client.api("GET", "?type=tweets").data] == ["known"]


def test_only_part_of_a_chunk_is_persisted(client: Client, job: Any) -> None:
    session = client.open_session(job)
    client.simulator.faults.arm("partial_chunk", keep_bytes=UNIT + 5)
    assert persisted(client.chunk(session, CONTENT, 0, TOTAL)) == UNIT
    assert client.chunk(session, CONTENT, UNIT, TOTAL).status == 200


def test_a_308_without_range_says_nothing(client: Client, job: Any) -> None:
    session = client.open_session(job)
    client.simulator.faults.arm("silent_308")
    assert "range" not in client.chunk(session, CONTENT, 0, UNIT).headers
    assert persisted(client.ask(session, TOTAL)) == UNIT


@pytest.mark.parametrize(("after", "kept"), [(0, 0), (UNIT - 1, 0), (2 * UNIT, 2 * UNIT), (3 * UNIT + 1, 3 * UNIT)])
def test_a_reset_in_mid_chunk_keeps_what_came_whole(client: Client, job: Any, after: int, kept: int) -> None:
    session = client.open_session(job)
    client.simulator.faults.arm("reset", "send_chunk", after_bytes=after)
    with pytest.raises(urllib3.exceptions.HTTPError):
        client.chunk(session, CONTENT, 0, TOTAL)
    assert persisted(client.ask(session, TOTAL)) == kept


def test_the_final_answer_is_lost_but_the_object_is_stored_once(client: Client, job: Any) -> None:
    session = client.open_session(job)
    client.simulator.faults.arm("lost_answer", "send_chunk")
    assert persisted(client.chunk(session, CONTENT, 0, UNIT)) == UNIT
    with pytest.raises(urllib3.exceptions.ProtocolError):
        client.chunk(session, CONTENT, UNIT, TOTAL)
    assert client.ask(session, TOTAL).status == 200
    assert client.simulator.jobs[0].completed_uploads == 1
    assert [entry.status for entry in client.simulator.journal.entries("send_chunk")] == [308, None]


@pytest.mark.parametrize("status", [404, 410])
def test_a_lost_session_stays_lost_and_another_can_be_opened(client: Client, job: Any, status: int) -> None:
    session = client.open_session(job)
    client.simulator.faults.arm("session_lost", "ask_session", status=status)
    assert [client.ask(session).status, client.chunk(session, CONTENT, 0, TOTAL).status] == [status, status]
    assert client.chunk(client.open_session(job), CONTENT, 0, TOTAL).status == 200


def test_a_corrupted_upload_shows_in_its_hash(simulate: Simulate) -> None:
    client = simulate()
    job = client.create("tweets", resumable=True)
    honest = client.upload(job, CONTENT).headers["x-goog-hash"]
    client.results(job)
    client.simulator.faults.arm("corrupted_upload")
    assert client.upload(client.create("users", resumable=True), CONTENT).headers["x-goog-hash"] != honest


def test_a_slow_upload_takes_its_time(client: Client, job: Any) -> None:
    client.simulator.faults.arm("slow_upload", bytes_per_second=TOTAL * 5)
    before = client.simulator.clock.now()
    client.upload(job, CONTENT)
    assert client.simulator.clock.now() - before > 0.15


def test_all_uploads_can_be_slow(simulate: Simulate) -> None:
    client = simulate(upload_rate=TOTAL * 5)
    before = client.simulator.clock.now()
    client.upload(client.create(), CONTENT)
    assert client.simulator.clock.now() - before > 0.15


def test_downloads_are_cut_shortened_and_corrupted(client: Client, job: Any) -> None:
    client.upload(job, CONTENT)
    whole = client.results(job)
    client.simulator.faults.arm("truncated_download", keep_bytes=100)
    with pytest.raises(urllib3.exceptions.ProtocolError, match="100 bytes read"):
        client.download(job)
    client.simulator.faults.arm("short_download", keep_bytes=100)
    short = client.download(job)
    assert (short.body, short.headers["content-length"]) == (whole.body[:100], "100")
    assert short.headers["x-goog-stored-content-length"] == str(len(whole.body))
    client.simulator.faults.arm("corrupted_download")
    corrupted = client.download(job)
    assert (corrupted.body != whole.body, corrupted.body[1:]) == (True, whole.body[1:])
    assert corrupted.headers["x-goog-hash"] == whole.headers["x-goog-hash"]
    assert client.download(job).body == whole.body


@pytest.mark.parametrize(("name", "status"), [("job_fails", "failed"), ("job_expires", "expired")])
def test_a_job_ends_badly_after_its_upload(client: Client, job: Any, name: str, status: str) -> None:
    client.simulator.faults.arm(name)
    client.upload(job, CONTENT)
    told = client.get(job["id"], "error,status")
    assert told["status"] == status
    assert ("error" in told) == (status == "failed")
    assert client.create()["status"] == "created"


def test_a_field_is_missing_or_says_something_else(client: Client) -> None:
    client.simulator.faults.arm("job_field", "create_job", field="upload_url")
    job = client.create()
    assert "upload_url" not in job
    client.simulator.faults.arm("job_field", "get_job", field="upload_url", value="https://elsewhere.example/")
    assert client.get(job["id"])["upload_url"] == "https://elsewhere.example/"


def test_faults_are_armed_listed_and_cleared_over_http(client: Client) -> None:
    body = {"fault": "status", "operation": "list_jobs", "times": 3, "status": 500}
    answer = _admin(client, "POST", "/faults", body)
    assert [fault["times"] for fault in answer.document["armed"]] == [3]
    assert client.api("GET", "?type=users").status == 500
    assert _admin(client, "GET", "/faults").document["armed"][0]["times"] == 2
    assert _admin(client, "DELETE", "/faults").status == 200
    assert client.api("GET", "?type=users").status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"fault": "earthquake"},
        {"fault": "silent_308", "operation": "get_job"},
        {"fault": "status", "status": "500"},
        {"fault": "status", "color": 1},
        {"fault": "status", "times": 0},
        {"fault": "credits_depleted", "form": "other"},
        [],
    ],
)
def test_a_fault_that_is_not_in_the_table_is_refused(client: Client, body: Any) -> None:
    answer = _admin(client, "POST", "/faults", body)
    assert (answer.status, list(answer.document)) == (400, ["error"])


def test_the_journal_tells_every_request_and_no_secret(client: Client, job: Any) -> None:
    session = client.open_session(job)
    client.chunk(session, CONTENT, 0, UNIT)
    client.chunk(session, CONTENT, UNIT, TOTAL)
    journal = _admin(client, "GET", "/journal").document
    assert [(entry["operation"], entry["status"], entry["received"]) for entry in journal[1:]] == [
        ("open_session", 201, 0),
        ("send_chunk", 308, UNIT),
        ("send_chunk", 200, TOTAL - UNIT),
    ]
    assert journal[2]["content_range"] == f"bytes 0-{UNIT - 1}/{TOTAL}"
    text = json.dumps(journal) + repr(client.simulator.jobs)
    for secret in ("X-Goog", "upload_id", client.simulator.settings.bearer_token, "token="):
        assert secret not in text


def test_the_jobs_tell_what_was_uploaded(client: Client, job: Any) -> None:
    client.upload(job, CONTENT)
    told = _admin(client, "GET", "/jobs").document[0]
    assert (told["id"], told["completed_uploads"], told["uploaded_bytes"]) == (job["id"], 1, TOTAL)
    assert len(told["uploaded_crc32c"]) == 8


def test_time_and_settings_are_changed_over_http(client: Client) -> None:
    before = _admin(client, "GET", "/clock").document["now"]
    assert _admin(client, "POST", "/clock", {"advance": 3600}).document["now"] >= before + 3600
    assert _admin(client, "POST", "/settings", {"generation": "x-hosted"}).document["generation"] == "x-hosted"
    assert "/upload?token=" in client.create()["upload_url"]
    for refused in ({"generation": "ftp"}, {"bearer_token": "mine"}):
        assert _admin(client, "POST", "/settings", refused).status == 400
