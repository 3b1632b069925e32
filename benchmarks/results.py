"""``python -m benchmarks.results``: X's answer made into the results table, beside what else one would use."""

import json
import shutil
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median

import duckdb
import numpy as np

from benchmarks.clients.environment import ROOT, client_environment
from benchmarks.clients.preparers import PEERS_PYTHON
from benchmarks.clients.tabulators import TABULATORS
from benchmarks.machine import load, machine
from benchmarks.processes import ClientFailed, Usage, measure
from benchmarks.report import publish, table, targets_table
from benchmarks.targets import Target
from cdk.allocation import FOR_ARRAYS
from xcompliance.sandbox.simulator.rule import affected, record_line, rule
from xcompliance.sandbox.simulator.settings import Generation

ODD = b'{"id": "1000000000000000000", "action": "withhold", "reason": "new", "country": "DE"}\n'
ODD_ONE_IN = 10_000
LABELS = {
    "ours": "**ours**: every record, verified and counted, odd ones with their line",
    "duckdb": "DuckDB",
    "polars": "polars, times as texts",
    "pyarrow": "pyarrow",
    "python_lines": "json and pyarrow, times as texts",
}

INTRODUCTION = """\
Answers of {records:,} records; one line in {odd:,} has an action and a field that nobody knows. From the page cache to
Parquet (zstd) on the disk, start of the program included. Medians of {runs} interleaved runs on two cores."""

ANSWERS: dict[Generation, str] = {
    "x-hosted": "## As X writes it on its own host, {megabytes:.0f} MB",
    "gcs": """\
## As X writes it on Google's, {megabytes:.0f} MB

One line in seven calls the removal of a location a `delete`, and ours keeps such lines word for word.""",
}


def main() -> None:
    """Measures, prints the table, and writes it to a file."""
    arguments = _arguments()
    publish(lambda: _measured(arguments), arguments.output)


def _measured(arguments: Namespace) -> str:
    load_before = load()
    answers = {each: _answer(arguments.directory, arguments.records, each) for each in ANSWERS}
    usages: dict[Generation, dict[str, list[Usage]]] = {each: defaultdict(list) for each in ANSWERS}
    sizes: dict[tuple[Generation, str], int] = {}
    for run in range(1, arguments.runs + 1):
        for generation, name in product(ANSWERS, TABULATORS):
            with tempfile.TemporaryDirectory(dir=arguments.directory) as folder:
                usage = _run(name, answers[generation], Path(folder) / "table")
                usages[generation][name].append(usage)
                sizes[generation, name] = _checked(name, usage, Path(folder) / "table", arguments.records)
            print(f"{run}/{arguments.runs} {generation} {name}: {usage.seconds:.2f} s", file=sys.stderr)
    tables = []
    for generation, title in ANSWERS.items():
        found = {name: _Medians.of(each, sizes[generation, name]) for name, each in usages[generation].items()}
        tables += [title.format(megabytes=answers[generation].stat().st_size / 1e6), *_tables(found)]
    return "\n\n".join(
        [
            "# Results",
            INTRODUCTION.format(records=arguments.records, odd=ODD_ONE_IN, runs=arguments.runs),
            *tables,
            f"{machine()}. Load average before and after: {load_before}, {load()}.",
        ]
    )


@dataclass(frozen=True)
class _Medians:
    """Of several runs; ``size`` is what they have written, in bytes."""

    seconds: float
    cpu_seconds: float
    peak_megabytes: float
    size: int

    @staticmethod
    def of(usages: Sequence[Usage], size: int) -> "_Medians":
        return _Medians(
            median(usage.seconds for usage in usages),
            median(usage.cpu_seconds for usage in usages),
            median(usage.peak_bytes for usage in usages) / 1e6,
            size,
        )


def _tables(found: Mapping[str, _Medians]) -> list[str]:
    ours, duckdb_alone = found["ours"], found["duckdb"]
    rows = [
        [
            LABELS[name],
            f"{each.seconds:.2f}",
            f"{each.seconds / duckdb_alone.seconds:.2f}",
            f"{each.cpu_seconds:.2f}",
            f"{each.peak_megabytes:.0f}",
            f"{each.size / 1e6:.1f}",
        ]
        for name, each in found.items()
    ]
    targets = [
        Target("seconds, set where DuckDB takes 0.64: ≤ 0.75", ours.seconds, at_most=0.75),
        Target("seconds, times DuckDB's alone: ≤ 1.17", ours.seconds / duckdb_alone.seconds, at_most=1.17),
        Target("peak RSS MB: ≤ 256", ours.peak_megabytes, at_most=256),
    ]
    return [table(["", "s", "times DuckDB", "CPU s", "peak RSS MB", "out MB"], rows), targets_table(targets)]


def _run(name: str, answer: Path, target: Path) -> Usage:
    python, environment = (sys.executable, FOR_ARRAYS) if name == "ours" else (str(PEERS_PYTHON), {})
    command = [python, "-m", "benchmarks.clients.tabulators", name, str(answer), str(target)]
    return measure(command, {**client_environment(ROOT / ".build", ""), **environment})


def _checked(name: str, usage: Usage, target: Path, records: int) -> int:
    """Bytes of the table; raises ClientFailed when a record is missing."""
    files = sorted(target.iterdir()) if target.is_dir() else [target]
    with duckdb.connect() as connection:
        rows = connection.read_parquet([str(file) for file in files])
        (count,) = rows.aggregate("count(*)").fetchall()[0]
    said = json.loads(usage.said)["records"] if name == "ours" else count
    if not count == said == records:
        raise ClientFailed(f"{name} has written {count} records, and said {said}, of {records}")
    return sum(file.stat().st_size for file in files)


def _answer(directory: Path, records: int, generation: Generation) -> Path:
    """Made where it is missing."""
    path = directory / f"answer-{generation}-{records}.ndjson"
    if path.exists():
        return path
    directory.mkdir(parents=True, exist_ok=True)
    source, left = np.random.default_rng(1), records
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        while left:
            ids = [b"%d" % each for each in source.integers(10**18, 19 * 10**17, 1_000_000)]
            for name in affected("tweets", ids)[:left]:
                record = rule("tweets", name.decode(), generation)
                assert record is not None
                file.write(record_line(record, generation) if left % ODD_ONE_IN else ODD)
                left -= 1
    shutil.move(unfinished, path)
    return path


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.results", description="Measures the results table.")
    parser.add_argument("--runs", type=int, default=3, help="interleaved runs (3)")
    parser.add_argument("--records", type=int, default=2_000_000, help="records of the answer (2,000,000)")
    parser.add_argument("--directory", type=Path, default=ROOT / ".build" / "benchmarks", help="where it is made")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "results.md")
    arguments = parser.parse_args()
    if not PEERS_PYTHON.exists():
        parser.error("what ours is compared with is not installed: run make .build/peers/.installed")
    return arguments


if __name__ == "__main__":
    main()
