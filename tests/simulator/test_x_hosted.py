"""The generation whose bytes go to X itself."""

from urllib.parse import urlsplit

import pytest

from .client import Client, lines
from .conftest import Simulate

IDS = lines(range(10**18, 10**18 + 500))


def test_bytes_go_to_the_api_with_a_token_in_the_url(x_hosted: Client) -> None:
    job = x_hosted.create()
    for url, end in ((job["upload_url"], "/upload"), (job["download_url"], "/download")):
        assert url.startswith(f"{x_hosted.simulator.x_api_url}/2/compliance/jobs/{job['id']}{end}?token=")


def test_one_put_uploads_and_answers_with_the_job(simulate: Simulate) -> None:
    client = simulate(generation="x-hosted", job_seconds=60)
    job = client.create("users")
    answer = client.upload(job, IDS)
    assert answer.status == 200
    assert (answer.data["id"], answer.data["status"]) == (job["id"], "in_progress")
    client.simulator.clock.advance(60)
    assert client.results(job).status == 200
    assert client.status(job["id"]) == "complete"
    assert client.simulator.jobs[0].completed_uploads == 1


def test_the_bearer_token_is_needed_beside_the_urls_token(x_hosted: Client) -> None:
    job = x_hosted.create()
    assert x_hosted.send("PUT", job["upload_url"], IDS).status == 401
    x_hosted.upload(job, IDS)
    x_hosted.results(job)
    assert x_hosted.send("GET", job["download_url"]).status == 401


def test_a_token_is_good_for_one_purpose_of_one_job(x_hosted: Client) -> None:
    tweets, users = x_hosted.create("tweets"), x_hosted.create("users")
    wrong = (users["upload_url"], tweets["download_url"])
    for url in wrong:
        path = urlsplit(tweets["upload_url"]).path.removeprefix("/2/compliance/jobs")
        answer = x_hosted.api("PUT", f"{path}?{urlsplit(url).query}", 1)
        assert (answer.status, answer.problem) == (403, "not-authorized-for-resource")


def test_tokens_expire(x_hosted: Client) -> None:
    tweets, users = x_hosted.create("tweets"), x_hosted.create("users")
    x_hosted.upload(users, IDS)
    assert x_hosted.results(users).status == 200
    x_hosted.simulator.clock.advance(900)
    assert x_hosted.upload(tweets, IDS).status == 403
    x_hosted.simulator.clock.advance(604_800)
    assert x_hosted.download(users).status == 403


def test_a_second_upload_is_a_conflict(x_hosted: Client) -> None:
    job = x_hosted.create()
    assert [x_hosted.upload(job, IDS).status for _ in range(2)] == [200, 409]
    assert x_hosted.simulator.jobs[0].completed_uploads == 1


def test_more_than_128_mb_is_too_large(x_hosted: Client) -> None:
    job = x_hosted.create()
    assert x_hosted.upload(job, bytes(128_000_001)).status == 413
    assert x_hosted.status(job["id"]) == "created"


def test_results_can_be_fetched_in_pieces(x_hosted: Client) -> None:
    job = x_hosted.create()
    x_hosted.upload(job, IDS)
    whole = x_hosted.results(job).body
    piece = x_hosted.download(job, range="bytes=10-")
    assert (piece.status, piece.body) == (206, whole[10:])
    assert piece.headers["content-range"] == f"bytes 10-{len(whole) - 1}/{len(whole)}"


def test_there_are_no_results_before_the_job_is_complete(simulate: Simulate) -> None:
    client = simulate(generation="x-hosted", job_seconds=60)
    job = client.create()
    client.upload(job, IDS)
    assert client.download(job).status == 404


@pytest.mark.parametrize("route", ["upload", "download"])
def test_the_gcs_generation_has_no_such_routes(client: Client, route: str) -> None:
    method = {"upload": "PUT", "download": "GET"}[route]
    answer = client.api(method, f"/{client.create()['id']}/{route}?token=t", 1 if method == "PUT" else None)
    assert (answer.status, answer.body) == (404, b"")
