"""Records per second into a table on the loopback, beside boto3's own writer.

``make bench BENCH=results_index``; the table answers each request after a delay. It shares
the cores with the client: take the ratios.
"""

import os
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, cast

import boto3

from adapters import aws, results_index
from adapters.results_index import ResultsIndex
from adapters.settings import settings
from benchmarks.clients.environment import ROOT, client_environment
from benchmarks.link import Link
from benchmarks.machine import load, machine
from benchmarks.processes import serving
from benchmarks.report import table
from compliance.clock import Clock, parse_time
from compliance.indexing import item_of
from compliance.results import ResultRecord
from compliance.runs import Part

DELAY = 0.005
"""Seconds that DynamoDB takes to answer, or a little less."""

SIZES = (300, 3_000, 10_000)

MOMENT = parse_time("2026-11-23T12:00:00Z")
Client = Callable[[Part, list[ResultRecord]], Any]


class NoHurry:
    """An invocation with all the time in the world."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def remaining(self) -> float:
        """Seconds."""
        return 1e9

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


def records(number: int, action: str) -> list[ResultRecord]:
    """So many affected IDs."""
    first = 1_800_000_000_000_000_000
    return [ResultRecord(str(first + each), action, "deleted", MOMENT, MOMENT) for each in range(number)]


def check(number: int) -> Part:
    """A part whose answer came in minute ``number``."""
    about = {"type": "tweets", "run_id": "tweets-0123456789abcdef", "part": 1, "job_id": "1990000000000000000"}
    return cast(Part, about | {"completed_at": f"2026-11-23T12:{number:02}:00.000Z"})


def ours(part: Part, said: Iterable[ResultRecord]) -> None:
    """One invocation."""
    clock: Clock = NoHurry()
    ResultsIndex(part, "", clock, reserve=0).write(said)


def batch_writer(part: Part, said: Iterable[ResultRecord]) -> None:
    """boto3's own: writes everything again, over whatever is there."""
    with boto3.resource("dynamodb").Table("results").batch_writer() as batch:
        for record in said:
            batch.put_item(Item=item_of(part, record, settings().results_days))


def measure(number: int) -> dict[str, tuple[float, float]]:
    """Records per second and CPU milliseconds per record of each client, on a table of its own."""
    deletes, rehydrates = records(number, "delete"), records(number, "rehydrate")
    steps: list[tuple[str, Client, int, list[ResultRecord]]] = [
        ("ours, first check", ours, 1, deletes),
        ("ours, recheck, nothing changed", ours, 2, deletes),
        ("ours, recheck, everything changed", ours, 3, rehydrates),
        ("boto3's batch_writer, each time", batch_writer, 4, deletes),
    ]
    found = {}
    with serving("benchmarks.dynamodb", *Link(delay=DELAY).arguments()) as server:
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = server.url
        aws.dynamodb.cache_clear()
        for name, client, minute, said in steps:
            began, cpu = time.perf_counter(), time.process_time()
            client(check(minute), said)
            seconds = time.perf_counter() - began
            found[name] = (len(said) / seconds, (time.process_time() - cpu) / len(said) * 1e3)
    return found


def main() -> None:
    """Measures, prints the table, and writes it to a file."""
    parser = ArgumentParser(prog="python -m benchmarks.results_index", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="interleaved runs (5)")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "results_index.md")
    arguments = parser.parse_args()
    os.environ.update(client_environment(ROOT, ""))
    cast(Any, results_index).settings = lambda: SimpleNamespace(results_table="results")
    before = load()
    sections = [
        "# Results index",
        f"A table that answers after {DELAY * 1e3:.0f} ms. Medians of {arguments.runs} interleaved runs.",
    ]
    for number in SIZES:
        runs = [measure(number) for _ in range(arguments.runs)]
        rows = [
            [
                name,
                f"{(rate := median(run[name][0] for run in runs)):,.0f}",
                f"{number / rate:.2f}",
                f"{median(run[name][1] for run in runs):.2f}",
            ]
            for name in runs[0]
        ]
        sections += [f"{number:,} records", table(["", "records/s", "s", "CPU ms each"], rows)]
    sections.append(f"{machine()}. Load average before and after: {before}, {load()}.")
    text = "\n\n".join(sections)
    print(text)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
