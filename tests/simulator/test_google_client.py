"""Google's own upload client takes the simulator for Google."""

import io
from typing import Any

import pytest
import requests
from google.cloud.storage._media.requests import ResumableUpload
from google.cloud.storage.exceptions import InvalidResponse

from .client import UNIT, Client, lines
from .conftest import Simulate

CONTENT = lines(range(10**18, 10**18 + 120_000))


def _initiated(client: Client, transport: requests.Session, stream: io.BytesIO) -> Any:
    google: Any = ResumableUpload
    upload_url = client.create(resumable=True)["upload_url"]
    upload = google(upload_url, 2 * UNIT, checksum=None, headers={"x-goog-resumable": "start"}, retry=None)
    upload.initiate(transport, stream, {}, "text/plain")
    return upload


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("probability", [0.0, 0.6])
def test_googles_client_uploads_through_a_signed_url(simulate: Simulate, seed: int, probability: float) -> None:
    client = simulate(partial_persistence=probability, seed=seed)
    with requests.Session() as transport, io.BytesIO(CONTENT) as stream:
        upload = _initiated(client, transport, stream)
        while not upload.finished:
            try:
                upload.transmit_next_chunk(transport)
            except InvalidResponse:  # how the client takes a 308 without Range
                upload.recover(transport)
            if not upload.finished and stream.tell() != upload.bytes_uploaded:
                upload.recover(transport)
    job = client.simulator.jobs[0]
    assert (job.completed_uploads, job.uploaded_bytes) == (1, len(CONTENT))
    assert bool(client.simulator.journal.entries("ask_session")) == (probability > 0)
    client.results(client.get(job.id))
    assert client.status(job.id) == "complete"


def test_googles_client_recovers_after_a_reset(client: Client) -> None:
    with requests.Session() as transport, io.BytesIO(CONTENT) as stream:
        upload = _initiated(client, transport, stream)
        client.simulator.faults.arm("reset", "send_chunk", after_bytes=UNIT + 17)
        with pytest.raises(requests.ConnectionError):
            upload.transmit_next_chunk(transport)
        upload.recover(transport)
        assert upload.bytes_uploaded == UNIT
        while not upload.finished:
            upload.transmit_next_chunk(transport)
    assert client.simulator.jobs[0].uploaded_bytes == len(CONTENT)
