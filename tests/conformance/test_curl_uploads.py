"""curl uploads by hand: a session as Google's documentation shows it, and single PUTs."""

import re
import shutil
from pathlib import Path

import pytest

from tests.conformance import tools
from tests.conformance.conftest import IDS
from tests.simulator.client import UNIT, Client
from tests.simulator.conftest import Simulate

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on the PATH")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ids.txt").write_bytes(IDS)
    return tmp_path


def _curl(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """The status, the header lines and the body of the last answer."""
    said = tools.run("curl", "--silent", "--include", *arguments, cwd=folder)
    head, _, body = said.stdout.rpartition("\n\n") if "\r\n" not in said.stdout else said.stdout.rpartition("\r\n\r\n")
    status = re.findall(r"HTTP/1.1 (\d+)", head)
    return int(status[-1]) if status else 0, head, body


def _header(head: str, name: str) -> list[str]:
    return re.findall(rf"(?im)^{name}: (.*?)\r?$", head)


def test_curl_opens_a_session_is_cut_off_asks_and_goes_on(client: Client, folder: Path) -> None:
    job = client.create(resumable=True)
    opens = ("--request", "POST", "--data", "", "-H", "Content-Type: text/plain", "-H", "x-goog-resumable: start")
    status, head, _ = _curl(folder, *opens, job["upload_url"])
    assert status == 201
    (session,) = _header(head, "location")
    client.simulator.faults.arm("reset", "send_chunk", after_bytes=2 * UNIT + 1)
    assert _curl(folder, "--upload-file", "ids.txt", session)[0] != 200
    asks = ("--request", "PUT", "--data", "", "-H", f"Content-Range: bytes */{len(IDS)}")
    status, head, _ = _curl(folder, *asks, session)
    assert (status, _header(head, "range")) == (308, [f"bytes=0-{2 * UNIT - 1}"])
    status, head, _ = _curl(folder, "--continue-at", str(2 * UNIT), "--upload-file", "ids.txt", session)
    assert status == 200
    assert len(_header(head, "x-goog-hash")) == 2
    known = client.simulator.jobs[0]
    assert (known.completed_uploads, known.uploaded_bytes) == (1, len(IDS))


@pytest.mark.parametrize("resumable", ["refused", "ignored"])
def test_curl_puts_a_file_to_a_url_that_is_signed_for_one_put(simulate: Simulate, folder: Path, resumable: str) -> None:
    client = simulate(resumable=resumable)
    url = client.create(resumable=resumable == "ignored")["upload_url"]
    starts = ("--request", "POST", "--data", "", "-H", "Content-Type: text/plain", "-H", "x-goog-resumable: start")
    status, _, body = _curl(folder, *starts, url)
    assert (status, "<Code>MalformedSecurityHeader</Code>" in body) == (400, True)
    assert _curl(folder, "--upload-file", "ids.txt", "-H", "Content-Type: text/plain", url)[0] == 200
    assert client.simulator.jobs[0].uploaded_bytes == len(IDS)


def test_curl_puts_a_file_to_x_itself(x_hosted: Client, folder: Path) -> None:
    token = ("-H", f"Authorization: {x_hosted.authorization}", "-H", "Content-Type: application/octet-stream")
    assert _curl(folder, "--upload-file", "ids.txt", *token, x_hosted.create()["upload_url"])[0] == 200
    assert x_hosted.simulator.jobs[0].uploaded_bytes == len(IDS)
