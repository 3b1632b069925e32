"""Google's own clients, the one in its storage library and the one it was taken from, take the simulator for Google."""

import io
from typing import Any

import google.cloud.storage._media.requests as storage_media
import google.resumable_media.requests as resumable_media
import pytest
import requests
import urllib3
from google.cloud.storage.exceptions import DataCorruption as StorageDataCorruption
from google.cloud.storage.exceptions import InvalidResponse as StorageInvalidResponse
from google.resumable_media import DataCorruption, InvalidResponse
from google.resumable_media.common import RetryStrategy

from tests.conformance.conftest import IDS
from tests.conformance.test_download_tools import Start
from tests.conformance.tools import FULL
from tests.simulator.client import UNIT, Client
from tests.simulator.conftest import Simulate

LIBRARIES = pytest.mark.parametrize("google", [storage_media, resumable_media], ids=["storage", "resumable-media"])
REFUSED = (InvalidResponse, StorageInvalidResponse)
_no_retry: Any = RetryStrategy
BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError)
NO_RETRY: dict[Any, Any] = {storage_media: None, resumable_media: _no_retry(max_retries=0)}
CORRUPTED = (DataCorruption, StorageDataCorruption)


def _initiated(google: Any, client: Client, transport: requests.Session, stream: io.BytesIO) -> Any:
    upload_url = client.create(resumable=True)["upload_url"]
    upload = google.ResumableUpload(upload_url, 2 * UNIT, checksum=None, headers={"x-goog-resumable": "start"})
    upload.initiate(transport, stream, {}, "text/plain")
    return upload


@LIBRARIES
@pytest.mark.parametrize("seed", range(12 if FULL else 2))
@pytest.mark.parametrize("probability", [0.0, 0.6])
def test_googles_client_uploads_through_a_signed_url(
    simulate: Simulate, google: Any, seed: int, probability: float
) -> None:
    client = simulate(partial_persistence=probability, seed=seed)
    with requests.Session() as transport, io.BytesIO(IDS) as stream:
        upload = _initiated(google, client, transport, stream)
        while not upload.finished:
            try:
                upload.transmit_next_chunk(transport)
            except REFUSED:  # how the client takes a 308 without Range
                upload.recover(transport)
            if not upload.finished and stream.tell() != upload.bytes_uploaded:
                upload.recover(transport)
    job = client.simulator.jobs[0]
    assert (job.completed_uploads, job.uploaded_bytes) == (1, len(IDS))
    assert bool(client.simulator.journal.entries("ask_session")) == (probability > 0)
    client.results(client.get(job.id))
    assert client.status(job.id) == "complete"


@LIBRARIES
def test_googles_client_recovers_after_a_reset(client: Client, google: Any) -> None:
    with requests.Session() as transport, io.BytesIO(IDS) as stream:
        upload = _initiated(google, client, transport, stream)
        client.simulator.faults.arm("reset", "send_chunk", after_bytes=UNIT + 17)
        upload._retry_strategy = NO_RETRY[google]
        with pytest.raises(BROKEN):
            upload.transmit_next_chunk(transport)
        upload.recover(transport)
        assert upload.bytes_uploaded == UNIT
        while not upload.finished:
            upload.transmit_next_chunk(transport)
    assert client.simulator.jobs[0].uploaded_bytes == len(IDS)


@LIBRARIES
def test_googles_client_opens_no_session_with_a_url_that_is_signed_for_one_put(simulate: Simulate, google: Any) -> None:
    client = simulate(resumable="ignored")
    with requests.Session() as transport, io.BytesIO(IDS) as stream, pytest.raises(REFUSED, match="400"):
        _initiated(google, client, transport, stream)


@LIBRARIES
def test_googles_client_uploads_in_one_put(simulate: Simulate, google: Any) -> None:
    client = simulate(resumable="ignored")
    url = client.create(resumable=True)["upload_url"]
    upload = google.SimpleUpload(url)
    upload._method = "PUT"
    with requests.Session() as transport:
        answer = transport.put(url, IDS, headers={"Content-Type": "text/plain"})
    upload._process_response(answer)
    assert upload.finished


@LIBRARIES
@pytest.mark.parametrize("kind", ["Download", "RawDownload"])
@pytest.mark.parametrize(("composite", "checksum"), [(False, "md5"), (False, "crc32c"), (True, "crc32c")])
def test_googles_client_verifies_what_it_downloads(
    download: Start, google: Any, kind: str, composite: bool, checksum: str
) -> None:
    results = download(composite_results=composite)
    with requests.Session() as transport:
        stream = io.BytesIO()
        getattr(google, kind)(results.url, stream, checksum=checksum).consume(transport)
        assert stream.getvalue() == results.content
        results.client.simulator.faults.arm("corrupted_download")
        with pytest.raises(CORRUPTED):
            getattr(google, kind)(results.url, io.BytesIO(), checksum=checksum).consume(transport)


@LIBRARIES
def test_googles_client_downloads_in_chunks(download: Start, google: Any) -> None:
    results = download()
    with requests.Session() as transport, io.BytesIO() as stream:
        chunks = google.ChunkedDownload(results.url, len(results.content) // 3, stream)
        while not chunks.finished:
            chunks.consume_next_chunk(transport)
        assert stream.getvalue() == results.content
    assert results.statuses == [206] * 4


@LIBRARIES
@pytest.mark.parametrize("chunked", [False, True])
def test_googles_client_goes_on_with_a_download_that_broke_off(download: Start, google: Any, chunked: bool) -> None:
    results = download(chunked=chunked)
    results.interrupt(len(results.content) // 2)
    with requests.Session() as transport, io.BytesIO() as stream:
        first = google.RawDownload(results.url, stream)
        first._retry_strategy = NO_RETRY[google]
        with pytest.raises(BROKEN):
            first.consume(transport)
        kept = stream.tell()
        assert kept > 0
        google.RawDownload(results.url, stream, start=kept).consume(transport)
        assert stream.getvalue() == results.content
    assert results.statuses == [200, 206]
