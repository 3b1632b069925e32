"""Simulators with results that are worth resuming, for other people's clients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conformance.tools import FULL
from tests.simulator.client import Client, lines
from tests.simulator.conftest import Simulate, client, contract, known_contract, simulate, x_hosted

__all__ = ["client", "contract", "known_contract", "simulate", "x_hosted"]

IDS = lines(range(10**18, 10**18 + (800_000 if FULL else 100_000)))


@dataclass(frozen=True)
class Download:
    """A job's results and how a client has to ask for them."""

    client: Client
    url: str
    content: bytes
    headers: dict[str, str]

    def interrupt(self, kept: int) -> None:
        """Let the next answer end after ``kept`` bytes."""
        self.client.simulator.faults.arm("truncated_download", keep_bytes=kept)

    @property
    def statuses(self) -> list[int | None]:
        """How the requests for the results were answered."""
        return [entry.status for entry in self.client.simulator.journal.entries("download")]


@pytest.fixture
def download(simulate: Simulate) -> Callable[..., Download]:
    """Start a simulator with the settings given, and bring a job to its end there."""

    def start(**settings: Any) -> Download:
        client = simulate(**settings)
        job = client.create()
        assert client.upload(job, IDS).status == 200
        content = client.results(job).body
        client.simulator.journal.clear()
        is_google = settings.get("generation", "gcs") == "gcs"
        headers = {} if is_google else {"Authorization": client.authorization}
        return Download(client, job["download_url"], content, headers)

    return start
