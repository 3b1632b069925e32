"""What comes back, in both dialects."""

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

import google_crc32c
import pytest

from xcompliance.sandbox.simulator.rule import affected, record_line, rule
from xcompliance.sandbox.simulator.settings import GENERATIONS, JOB_TYPES, Generation, JobType

from .client import Client, lines
from .conftest import Simulate

IDS = [str(1_500_000_000_000_000_000 + 7919 * number) for number in range(10_000)]


def _records(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.splitlines() if line]


def _answer(client: Client, job_type: str, content: bytes) -> bytes:
    job = client.create(job_type)
    client.upload(job, content)
    answer = client.results(job)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-length"] == str(len(answer.body))
    return answer.body


def _rule(job_type: JobType, generation: Generation) -> list[dict[str, Any]]:
    return [record for record in (rule(job_type, subject, generation) for subject in IDS) if record]


ACCOUNT = {"deleted", "deactivated", "suspended", "protected"}
REASONS: dict[tuple[Generation, JobType], set[str]] = {
    ("gcs", "tweets"): {*ACCOUNT, "bounced", "scrub_geo", "tweet_edited"},
    ("gcs", "users"): {*ACCOUNT, "scrub_geo"},
    ("x-hosted", "tweets"): {*ACCOUNT, "geo_scrubbed", "tweet_edited"},
    ("x-hosted", "users"): ACCOUNT,
}


@pytest.mark.parametrize(("generation", "job_type"), REASONS)
def test_the_rule_affects_about_one_id_in_fifty_for_the_reasons_of_its_generation(
    generation: Generation, job_type: JobType
) -> None:
    records = _rule(job_type, generation)
    assert 150 < len(records) < 250
    assert [record["id"].encode() for record in records] == affected(job_type, [s.encode() for s in IDS])
    assert {record["reason"] for record in records} == REASONS[generation, job_type]
    kinds = Counter(repr(record.get("redacted_at", "absent"))[:6] for record in records)
    assert {"'absen", "None"} < set(kinds)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_rule_pairs_each_reason_with_its_action(generation: Generation) -> None:
    special = {"scrub_geo": "scrub_geo", "geo_scrubbed": "scrub_geo", "tweet_edited": "rehydrate"}
    assert all(record["action"] == special.get(record["reason"], "delete") for record in _rule("tweets", generation))


@pytest.mark.parametrize("subject", ["0", "1", "20", "4294967296", "9" * 19])
@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_rule_takes_any_id(subject: str, generation: Generation) -> None:
    for job_type in JOB_TYPES:
        assert rule(job_type, subject, generation) == rule(job_type, subject, generation)


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(("job_type", "zone"), [("tweets", "Z"), ("users", "+00:00")])
def test_results_are_what_the_rule_says_in_the_dialect_of_the_generation(
    simulate: Simulate, generation: Generation, job_type: JobType, zone: str
) -> None:
    records = _records(_answer(simulate(generation=generation), job_type, lines(IDS)))
    truth = [json.loads(record_line(record, generation)) for record in _rule(job_type, generation)]
    assert sorted(map(json.dumps, records)) == sorted(map(json.dumps, truth))
    assert all(record["created_at"].endswith(zone) for record in records)
    assert ("." in records[0]["created_at"]) == (job_type == "tweets")


def test_posts_answered_by_x_itself_speak_todays_words(x_hosted: Client) -> None:
    records = _records(_answer(x_hosted, "tweets", lines(IDS)))
    assert {(record["action"], record["reason"]) for record in records} == {
        *(("delete", reason) for reason in ACCOUNT),
        ("scrub_geo", "geo_scrubbed"),
        ("rehydrate", "tweet_edited"),
    }
    for record in records:
        told = "redacted_at" in record and record["action"] == "delete"
        assert ("deleted_at" in record) == told
        assert not told or record["deleted_at"] == record["redacted_at"]


def test_posts_answered_by_google_speak_the_older_words(client: Client) -> None:
    records = _records(_answer(client, "tweets", lines(IDS)))
    assert {(record["action"], record["reason"]) for record in records} == {
        *(("delete", reason) for reason in (*ACCOUNT, "bounced", "scrub_geo")),
        ("rehydrate", "tweet_edited"),
    }
    assert not any("deleted_at" in record for record in records)


def test_the_order_is_another_and_a_blank_line_is_in_the_middle(client: Client) -> None:
    body = _answer(client, "tweets", lines(IDS))
    texts = body.split(b"\n")
    assert b"" in texts[10:-10]
    answered = [record["id"] for record in _records(body)]
    assert answered != sorted(answered)
    assert sorted(answered) == [subject.decode() for subject in affected("tweets", [s.encode() for s in IDS])]


def test_a_bad_line_is_answered_and_fails_nothing(client: Client) -> None:
    bad = ["not_a_valid_id", "12 34", "1" * 20, "-1", "\u0661"]
    body = _answer(client, "tweets", lines(["", *bad, "  ", *IDS[:10]]) + b"123")
    errors = [record for record in _records(body) if "error" in record]
    assert sorted(record["id"] for record in errors) == sorted(bad)
    assert all(record == {"id": record["id"], "error": "invalid_id"} for record in errors)


def test_an_id_is_answered_once_and_line_ends_do_not_matter(client: Client) -> None:
    subject = affected("tweets", [s.encode() for s in IDS])[0].decode()
    body = _answer(client, "tweets", f"{subject}\r\n{subject}\n{subject}".encode())
    assert [record["id"] for record in _records(body)] == [subject]


def test_an_upload_without_affected_ids_has_empty_results(client: Client) -> None:
    clean = next(subject for subject in IDS if rule("tweets", subject, "gcs") is None)
    assert _answer(client, "tweets", lines([clean])) == b""


def test_an_events_file_is_answered_as_it_is(simulate: Simulate, tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    known = ['{"id":"5","action":"vaporize", "reason":"new"}', '{"id": "7", "action": "delete"}']
    events.write_text("\n".join([known[0], "", known[1], '{"id": "9", "action": "delete"}']))
    body = _answer(simulate(events=events), "users", lines([7, 8, 5, "x"]))
    assert sorted(body.decode().split("\n")) == sorted(["", "", *known, '{"id": "x", "error": "invalid_id"}'])


def test_downloads_carry_length_and_hash_and_come_in_pieces(client: Client) -> None:
    job = client.create()
    client.upload(job, lines(IDS))
    whole = client.results(job)
    crc32c = base64.b64encode(google_crc32c.value(whole.body).to_bytes(4, "big")).decode()
    assert f"crc32c={crc32c}" in whole.headers["x-goog-hash"]
    assert whole.headers["x-goog-stored-content-length"] == str(len(whole.body))
    for span, expected in (("0-9", whole.body[:10]), ("100-", whole.body[100:]), ("-7", whole.body[-7:])):
        piece = client.download(job, range=f"bytes={span}")
        assert (piece.status, piece.body) == (206, expected)
        assert piece.headers["x-goog-hash"] == whole.headers["x-goog-hash"]
        assert piece.headers["etag"] == whole.headers["etag"]
    assert client.download(job, range=f"bytes={len(whole.body)}-").status == 416
