"""What runs consume and cost, from 1,000 IDs to a billion: the real handlers and machines, with AWS and X in memory.

``make bench BENCH=cost``; takes some minutes and 6 GB. Requests, units and transitions are
counted as they are on AWS. Time is measured on this machine, and each request adds what it takes there. A run of one
full part and one of two are measured; what a further part adds is their difference, and larger runs are so many of it.
"""

import json
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters import parquet
from benchmarks.clients.environment import ROOT
from benchmarks.machine import machine
from benchmarks.report import table
from cdk.config import Settings
from cdk.functions import SETTINGS_OF_FUNCTIONS
from compliance import indexing
from compliance.consumption import Consumption
from compliance.prices import AWS, DATE, X, estimate
from tests.fakes.clock import ManualClock
from tests.fakes.lambda_context import FakeContext
from tests.fakes.world import NEVER, World
from tests.faults import deployment as faults
from tests.faults.deployment import Deployment, Effect, deployed
from tests.infrastructure.deployment import synthesize
from tests.unit.conftest import made_clients

PART = 6_399_000
"""IDs in a part of 128 MB, less a line or two."""
SIZES = (1_000, 1_000_000, 100_000_000, 1_000_000_000)
MEASURED = (1_000, 1_000_000, PART, 2 * PART)
STEP = 50
"""One in so many IDs is affected."""
POLLS = 5
"""Times that X is asked until a job is complete."""
LATENCY = {"dynamodb": 0.005, "s3": 0.03, "x": 0.2, "google": 0.03}
"""Seconds that a request takes before its first byte; 0.01 for others."""
BANDWIDTH = 75e6
"""Bytes per second between S3, Lambda and Google."""

WRITERS = ("connected", "write_results", "write_odd_results", "write_checked_ids")
PARQUET = {name: getattr(parquet, name) for name in WRITERS}
"""The real ones, for which the deployment in memory has others."""
RANGE_BYTES = indexing.RANGE_BYTES


@dataclass
class RunningClock(ManualClock):
    """Goes on by itself while a function runs."""

    began: float | None = None

    def now(self) -> float:
        """Epoch seconds."""
        return self.epoch + (time.perf_counter() - self.began if self.began else 0.0)


def ids(number: int) -> bytes:
    """So many IDs of 19 digits, one per line, in no order."""
    drawn = np.random.default_rng(number).permutation(number) * 7919 + 1_200_000_000_000_000_000
    return b"\n".join(drawn.astype("S19")) + b"\n"


def affected(uploaded: list[str]) -> list[dict[str, object]]:
    """What X says: seven in ten affected posts are deleted, the rest is to be fetched again or loses its place."""
    actions = ("delete",) * 7 + ("rehydrate", "scrub_geo", "scrub_geo")
    moments = {"created_at": "2020-01-02T03:04:05.000Z", "redacted_at": "2026-11-20T03:04:05.000Z"}
    return [
        {"id": each, "action": actions[number % 10], "reason": "deleted", **moments}
        for number, each in ((int(each) // STEP, each) for each in uploaded)
        if int(each) % STEP == 0
    ]


def memory_of_functions() -> dict[str, int]:
    """MB of each function, from the template."""
    with tempfile.TemporaryDirectory() as folder:
        found = synthesize(Path(folder) / "out").functions
        return {name: properties["MemorySize"] for name, properties in found.items()}


@contextmanager
def deployment() -> Iterator[Deployment]:
    """The deployment in memory, of full size and in real time."""
    memory = memory_of_functions()
    with made_clients(), pytest.MonkeyPatch.context() as patch, deployed(patch) as made:
        clock = RunningClock()
        made.universe.clock = made.universe.world.clock = made.universe.machines.clock = clock
        made.universe.world.x.job_seconds = NEVER
        made.universe.world.findings = affected
        chosen = asdict(Settings())
        made.configure(**{name: chosen[name] for name in SETTINGS_OF_FUNCTIONS})
        patch.setattr(faults, "LATENCY", 0.0)
        patch.setattr(indexing, "RANGE_BYTES", RANGE_BYTES)
        for name, real in PARQUET.items():
            patch.setattr(parquet, name, real)
        patch.setattr(faults, "FakeContext", _context_with(memory, made))
        call = made.call

        def timed(name: str, payload: Any) -> Any:
            clock.began = time.perf_counter()
            try:
                return call(name, payload)
            finally:
                clock.epoch, clock.began = clock.now(), None

        def late(effect: Effect, act: Any) -> Any:
            clock.epoch += LATENCY.get(effect.service, 0.01)
            if effect.function == "get_job" and effect.service == "x":
                _work(made.universe.world)
            return act()

        made.call, made.fault = timed, late  # type: ignore[method-assign]
        yield made


def _work(world: World) -> None:
    """Completes a job when it is asked for the last of POLLS times."""
    if len(world.core.journal.entries("get_job")) % POLLS == POLLS - 1:
        world.x.job().status = "complete"


def _context_with(memory: dict[str, int], made: Deployment) -> Any:
    return lambda clock: FakeContext(clock, memory[made.running])


def measure(number: int) -> tuple[Consumption, Consumption]:
    """What the first check of so many IDs consumes, and the next where nothing has changed."""
    with deployment() as made:
        content = ids(number)
        found = []
        for name in ("first", "again"):
            made.start(made.drop(content, f"tweets/{name}.txt"), name)
            made.run()
            made.universe.aws.objects.clear()
            made.universe.world.core.uploads.clear()
            record = next(each for each in made.universe.aws.items("runs") if each.get("key") == f"tweets/{name}.txt")
            expected = ("complete", -(-number // PART))
            if (record["status"], record["parts"]) != expected:
                raise AssertionError(f"{record['status']}, {record['parts']} parts: {record.get('error_message')}")
            found.append(Consumption.of(record["consumed"]) + moved(record, number))
    return found[0], found[1]


def moved(record: dict[str, Any], number: int) -> Consumption:
    """The time that bytes take on their way: the file in, the part out and up, the answer in, and out for each rank."""
    megabytes = 1769 * 2 * number * 20 + 1024 * number * 20 + (1024 + 1769 * 4) * record["affected"] * 140
    return Consumption(lambda_gb_seconds=megabytes / 1024 / BANDWIDTH)


def scaled(consumption: Consumption, factor: float) -> Consumption:
    """So many times as much."""
    return Consumption(*(getattr(consumption, each.name) * factor for each in fields(consumption)))


def extrapolated(measured: dict[int, tuple[Consumption, Consumption]], number: int, check: int) -> Consumption:
    """A size that was measured, or the run of two parts and as many further ones, each taken for full."""
    if number in measured:
        return measured[number][check]
    one, two = measured[PART][check], measured[2 * PART][check]
    return two + scaled(two + scaled(one, -1), ceil(number / PART) - 2)


def _report(measured: dict[int, tuple[Consumption, Consumption]]) -> str:
    sections = ["# Cost", (__doc__ or "").replace("``", "`").strip(), f"Prices of {DATE}, us-east-1. {machine()}."]
    for check, title in enumerate(("First check", "Recheck, nothing changed")):
        sizes = {number: extrapolated(measured, number, check) for number in SIZES}
        costs = {number: estimate(each) for number, each in sizes.items()}
        heads = ["", *(f"{number:,}" for number in SIZES)]
        rows = [["**AWS**", *(f"**{dollars(cost.aws)}**" for cost in costs.values())]]
        rows += [["per million IDs", *(dollars(cost.aws / number * 1e6) for number, cost in costs.items())]]
        rows += [["**X**", *(f"**{dollars(cost.x)}**" for cost in costs.values())]]
        for name, price in (AWS | X).items():
            amounts = [getattr(each, name) for each in sizes.values()]
            rows.append([name, *(f"{dollars(a / price.per * price.usd)} for {_short(a)}" for a in amounts)])
        sections += [f"## {title}", table(heads, rows)]
    return "\n\n".join(sections)


def _short(amount: float) -> str:
    return f"{amount / 1e6:,.2f} M" if amount >= 1e6 else f"{amount:,.0f}" if amount >= 10 else f"{amount:.3g}"


def dollars(amount: float) -> str:
    """Cents of dollars, and hundredths of cents of less."""
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}" if amount >= 0.0001 else "-"


def main() -> None:
    """Measures, prints the tables, and writes them to a file."""
    parser = ArgumentParser(prog="python -m benchmarks.cost", description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "cost.md")
    parser.add_argument("--sizes", type=int, nargs="*", help="measure these alone, and print what they consume")
    arguments = parser.parse_args()
    measured = {}
    for number in arguments.sizes or MEASURED:
        measured[number] = measure(number)
        for each in measured[number]:
            print(number, json.dumps(each.said()), estimate(each), flush=True)
    if not arguments.sizes:
        text = _report(measured)
        print(text)
        arguments.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
