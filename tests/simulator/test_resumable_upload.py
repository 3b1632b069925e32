"""Google's resumable upload, byte by byte."""

import base64
import hashlib
import socket
import struct
import time
from urllib.parse import urlsplit

import google_crc32c
import pytest

from .client import UNIT, Client, lines, persisted
from .conftest import Simulate

CONTENT = lines(range(10**18, 10**18 + 60_000))
TOTAL = len(CONTENT)
HASHES = (
    f"crc32c={base64.b64encode(google_crc32c.value(CONTENT).to_bytes(4, 'big')).decode()}, "
    f"md5={base64.b64encode(hashlib.md5(CONTENT).digest()).decode()}"
)


@pytest.fixture
def session(client: Client) -> str:
    return client.open_session(client.create(resumable=True))


def test_chunks_are_persisted_one_after_the_other(client: Client, session: str) -> None:
    assert persisted(client.ask(session, TOTAL)) == 0
    assert persisted(client.chunk(session, CONTENT, 0, UNIT)) == UNIT
    assert persisted(client.chunk(session, CONTENT, UNIT, 3 * UNIT)) == 3 * UNIT
    assert persisted(client.ask(session, TOTAL)) == 3 * UNIT
    assert client.chunk(session, CONTENT, 3 * UNIT, TOTAL).status == 200


def test_the_final_answer_carries_hashes_and_length(client: Client, session: str) -> None:
    for answer in (client.chunk(session, CONTENT, 0, TOTAL), client.ask(session, TOTAL)):
        assert answer.status == 200
        assert answer.headers["x-goog-hash"] == HASHES
        assert answer.headers["x-goog-stored-content-length"] == str(TOTAL)
        assert answer.headers["etag"] == f'"{hashlib.md5(CONTENT).hexdigest()}"'


def test_a_composite_object_has_no_md5(simulate: Simulate) -> None:
    client = simulate(md5=False)
    answer = client.upload(client.create(resumable=True), CONTENT)
    assert answer.headers["x-goog-hash"] == HASHES.partition(",")[0]


def test_a_completed_upload_counts_once(client: Client, session: str) -> None:
    client.chunk(session, CONTENT, 0, TOTAL)
    assert client.chunk(session, CONTENT, 0, TOTAL).status == 200
    job = client.simulator.jobs[0]
    assert (job.completed_uploads, job.uploaded_bytes) == (1, TOTAL)
    assert f"crc32c={job.uploaded_crc32c}" == HASHES.partition(",")[0]


def test_a_chunk_in_the_middle_is_a_multiple_of_256_kib(client: Client, session: str) -> None:
    assert client.chunk(session, CONTENT, 0, UNIT - 1).status == 400
    assert persisted(client.ask(session)) == 0


def test_bytes_that_are_persisted_already_are_ignored(client: Client, session: str) -> None:
    client.chunk(session, CONTENT, 0, 2 * UNIT)
    assert persisted(client.chunk(session, CONTENT, 0, UNIT)) == 2 * UNIT
    assert persisted(client.chunk(session, CONTENT, UNIT, 3 * UNIT)) == 3 * UNIT
    assert client.chunk(session, CONTENT, 0, TOTAL).headers["x-goog-hash"] == HASHES


def test_a_gap_is_refused(client: Client, session: str) -> None:
    client.chunk(session, CONTENT, 0, UNIT)
    assert client.chunk(session, CONTENT, 2 * UNIT, 3 * UNIT).status == 503
    assert persisted(client.ask(session)) == UNIT


@pytest.mark.parametrize(
    "span", ["bytes 0-262143", "bytes 0-262144/*", "bytes 5-1/*", "bytes 0-262143/9", "items 0-262143/*"]
)
def test_a_range_that_does_not_fit_is_refused(client: Client, session: str, span: str) -> None:
    assert client.send("PUT", session, CONTENT[:UNIT], content_range=span).status == 400


def test_the_size_may_not_change(client: Client, session: str) -> None:
    client.chunk(session, CONTENT, 0, UNIT)
    assert client.ask(session, TOTAL + 1).status == 400


def test_the_size_may_be_told_at_the_end(client: Client, session: str) -> None:
    client.send("PUT", session, CONTENT[:UNIT], content_range=f"bytes 0-{UNIT - 1}/*")
    assert persisted(client.ask(session)) == UNIT
    answer = client.ask(session, UNIT)
    assert (answer.status, answer.headers["x-goog-stored-content-length"]) == (200, str(UNIT))


def test_a_put_without_a_range_is_the_whole_object(client: Client, session: str) -> None:
    assert client.send("PUT", session, CONTENT).headers["x-goog-hash"] == HASHES


def test_an_empty_object_can_be_uploaded(client: Client, session: str) -> None:
    assert client.ask(session, 0).status == 200


def test_a_hash_on_the_last_chunk_is_checked(client: Client, session: str) -> None:
    answer = client.chunk(session, CONTENT, 0, TOTAL, x_goog_hash="crc32c=AAAAAA==")
    assert (answer.status, b"BadDigest" in answer.body) == (400, True)
    assert client.simulator.jobs[0].completed_uploads == 0
    again = client.open_session(client.get(client.simulator.jobs[0].id))
    assert client.chunk(again, CONTENT, 0, TOTAL, x_goog_hash=HASHES.partition(",")[0]).status == 200


def test_a_deleted_session_is_gone(client: Client, session: str) -> None:
    client.chunk(session, CONTENT, 0, UNIT)
    assert client.send("DELETE", session).status == 499
    assert client.ask(session, TOTAL).status == 499


def test_an_unknown_session_is_not_found(client: Client, session: str) -> None:
    assert client.ask(session[:-4], TOTAL).status == 404
    assert client.ask(session.replace("/submission/", "/delivery/"), TOTAL).status == 404


def test_a_session_lives_one_week_though_its_url_lives_15_minutes(client: Client, session: str) -> None:
    client.simulator.clock.advance(604_700)
    assert persisted(client.chunk(session, CONTENT, 0, UNIT)) == UNIT
    client.simulator.clock.advance(101)
    assert client.ask(session, TOTAL).status == 410


def _leave_in_mid_chunk(client: Client, session: str, sent: int, reset: bool) -> None:
    """Announces everything, sends some, and is gone; returns when the simulator has noticed."""
    target = urlsplit(session)
    with socket.create_connection(("127.0.0.1", target.port or 0)) as wire:
        wire.sendall(
            f"PUT {target.path}?{target.query} HTTP/1.1\r\nHost: {target.netloc}\r\n"
            f"Content-Length: {TOTAL}\r\nContent-Range: bytes 0-{TOTAL - 1}/{TOTAL}\r\n\r\n".encode()
        )
        wire.sendall(CONTENT[:sent])
        if reset:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    deadline = time.monotonic() + 5
    while not client.simulator.journal.entries("send_chunk"):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_came_before_a_disconnect_is_kept_in_units_of_256_kib(client: Client, session: str) -> None:
    _leave_in_mid_chunk(client, session, 2 * UNIT + 1000, reset=False)
    assert persisted(client.ask(session, TOTAL)) == 2 * UNIT
    assert client.chunk(session, CONTENT, 2 * UNIT, TOTAL).headers["x-goog-hash"] == HASHES


def test_an_upload_goes_on_after_a_reset_by_the_client(client: Client, session: str) -> None:
    _leave_in_mid_chunk(client, session, 2 * UNIT + 1000, reset=True)
    kept = persisted(client.ask(session, TOTAL))
    assert kept in (0, UNIT, 2 * UNIT)
    assert client.chunk(session, CONTENT, kept, TOTAL).headers["x-goog-hash"] == HASHES


def test_one_put_keeps_nothing_of_a_broken_upload(client: Client) -> None:
    job = client.create(resumable=False)
    client.simulator.faults.arm("reset", "upload", after_bytes=UNIT)
    with pytest.raises(Exception, match=r"(?i)reset|broken|aborted"):
        client.upload(job, CONTENT)
    assert client.simulator.jobs[0].completed_uploads == 0
    assert client.upload(job, CONTENT).headers["x-goog-hash"] == HASHES


@pytest.mark.parametrize("seed", range(5))
def test_partial_persistence_ends_in_the_same_object(simulate: Simulate, seed: int) -> None:
    client = simulate(partial_persistence=0.7, seed=seed)
    session = client.open_session(client.create(resumable=True))
    offset, partial = 0, 0
    while True:
        end = min(offset + 2 * UNIT, TOTAL)
        answer = client.chunk(session, CONTENT, offset, end)
        if answer.status == 200:
            break
        partial += persisted(answer) < end
        offset = persisted(answer)
    assert answer.headers["x-goog-hash"] == HASHES
    assert partial > 0
