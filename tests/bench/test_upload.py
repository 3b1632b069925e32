"""The benchmark of the upload runs, and counts nothing but whole uploads."""

from pathlib import Path

import pytest

from benchmarks.clients.catalogue import Client, curl, curl_from_s3, google_cloud_storage, ours, relay, sendfile
from benchmarks.dataset import Dataset, dataset
from benchmarks.processes import ClientFailed
from benchmarks.trial import LOOPBACK, upload

CLIENTS = {"ours": ours(1), "relay": relay(), "sendfile": sendfile(), "Google's": google_cloud_storage()}
CLIENTS |= {"ours from a file": ours(1, from_file=True), "curl": curl(), "curl from S3": curl_from_s3()}


@pytest.fixture(scope="module")
def ids(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("benchmark"), 9)


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_a_client_brings_every_byte_to_the_sink(ids: Dataset, client: Client) -> None:
    assert upload(client, ids, LOOPBACK).bytes == ids.bytes == (9 << 20) // 20 * 20


def test_an_upload_of_something_else_does_not_count(ids: Dataset, tmp_path: Path) -> None:
    other = Dataset(tmp_path / "other.txt", ids.bytes, ids.crc32c)
    other.path.write_bytes(ids.path.read_bytes()[::-1])
    with pytest.raises(ClientFailed, match="something else"):
        upload(sendfile(), other, LOOPBACK)
