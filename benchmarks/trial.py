"""Uploads: a client, the two servers that it works between, and what came of it."""

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.clients.catalogue import Client
from benchmarks.clients.environment import client_environment
from benchmarks.dataset import Dataset
from benchmarks.link import Link
from benchmarks.processes import ClientFailed, Usage, measure, serving
from benchmarks.sink import Stored


@dataclass(frozen=True)
class Network:
    """The links to S3, whose delay is the time to the first byte, and to the sink, whose delay is a PUT's commit."""

    s3: Link
    sink: Link


LOOPBACK = Network(Link(), Link())
SHAPED = Network(Link(rate=75e6, delay=0.030), Link(rate=75e6, delay=0.150))


@dataclass(frozen=True)
class Trial:
    """What one upload has taken."""

    bytes: int
    seconds: float
    usage: Usage

    @property
    def rate(self) -> float:
        """MB (10^6 bytes) per second."""
        return self.bytes / self.seconds / 1e6


def trials(
    clients: Sequence[Client], datasets: Sequence[Dataset], network: Network, runs: int
) -> list[dict[str, list[Trial]]]:
    """For each dataset each client's trials, by its name. The clients take turns; missing ones are left out."""
    found: list[dict[str, list[Trial]]] = [defaultdict(list) for _ in datasets]
    for run in range(1, runs + 1):
        for client in clients:
            if client.missing:
                continue
            for by_name, data in zip(found, datasets, strict=True):
                trial = upload(client, data, network)
                by_name[client.name].append(trial)
                print(f"{run}/{runs} {client.name}: {data.path.name}, {trial.rate:.0f} MB/s", file=sys.stderr)
    return found


def upload(client: Client, dataset: Dataset, network: Network) -> Trial:
    """Lets a client upload a dataset; raises ClientFailed unless all of it came, with the right CRC32C."""
    directory = dataset.path.parent
    with (
        serving("benchmarks.s3", str(directory), *network.s3.arguments()) as s3,
        serving("benchmarks.sink", *network.sink.arguments()) as sink,
    ):
        usage = measure(client.command(dataset, sink.url), client_environment(directory, s3.url))
        reports = sink.stop()
    stored = Stored(**json.loads(reports[-1])) if reports else None
    if stored is None or (stored.bytes, stored.crc32c) != (dataset.bytes, dataset.crc32c):
        raise ClientFailed(f"{client.name} uploaded something else than {dataset}: {stored}")
    return Trial(stored.bytes, stored.seconds, usage)
