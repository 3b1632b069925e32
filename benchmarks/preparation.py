"""``python -m benchmarks.preparation``: our preparation of lists beside what else one would use."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.clients.deployed import function_environment
from benchmarks.clients.environment import ROOT, client_environment
from benchmarks.clients.preparers import PEERS_PYTHON, Preparer, deduplicators, normalizers, one_core
from benchmarks.figures import Figures, figures
from benchmarks.lists import IdList, id_list
from benchmarks.machine import load, machine
from benchmarks.paths import MEGABYTES, WAYS, Way, made
from benchmarks.processes import measure
from benchmarks.report import publish, table, targets_table
from benchmarks.targets import Target
from benchmarks.trial import Trial
from cdk.allocation import FOR_ARRAYS

WAY_PEERS = ("polars", "duckdb")
TINY_LINES = 300
TINY_LISTS = 21
FUNCTIONS = ("prepare_part", "plan_parts", "accept_input")

INTRODUCTION = """\
{lists} lists of {megabytes:.0f} MB, 19-digit IDs; one line in a thousand is odd: quoted, indented, ending with CRLF,
blank, or no ID; one in a hundred repeats an earlier one. All on one core, unless it says otherwise.

MB are 10^6 bytes of a list. The start of a program, an interpreter and its imports for instance, counts for nobody:
figures are what all lists take more than the first one alone. MB per CPU second are what a core yields that nobody
else uses. NumPy does without AVX-512, which Lambda's Arm processors do not have, and with which it sorts six times
slower on AMD's. Medians of {runs} interleaved runs; the ratios say more than the rest."""

NORMALIZING = """\
## Validated and normalized

From the page cache to `/dev/null`: no disk is measured. What each writes was compared with what the list is
made from."""

DEDUPLICATING = """\
## The same, each ID once, from S3 to S3

Ours is the function Prepare Part itself, one invocation after the other in one process: read from S3, written to S3
with its CRC32C, its record kept in DynamoDB; both are small servers on the loopback, without TLS, and S3 compares the
CRC32C. The others have less to do: from the page cache to `/dev/null`, without a checksum, and in any order."""

WAYS_OF_READING = """\
## Every way through the readers

One core, files of {megabytes} MB, unpacked; MB of them per CPU second, starts and imports not counted. Of Parquet they
are MB of the IDs as text. Ours has each line accounted for, and writes each ID once, in its order; polars and DuckDB
write those of the column that look like an ID, once, in any order. The slowest bounds what one invocation reads."""

SMALL = """\
## The small end

Prepare Part of a list of {ids} IDs, servers as above. An import is what a cold start waits for, besides Lambda."""


def main() -> None:
    """Measures, prints the tables, and writes them to a file."""
    arguments = _arguments()
    publish(lambda: _measured(arguments), arguments.output)


def _measured(arguments: Namespace) -> str:
    load_before = load()
    lists = [id_list(arguments.directory, number) for number in range(arguments.lists)]
    tiny = [id_list(arguments.directory, number, TINY_LINES) for number in range(TINY_LISTS)]
    normalizing, deduplicating = normalizers(), deduplicators()
    for preparer in (*normalizing, *deduplicating):
        preparer.check(lists[0])
    normalized = _figures(normalizing, lists, arguments.runs)
    deduplicated = _figures(deduplicating, lists, arguments.runs)
    ways = {way.name: _way(arguments.directory, way, arguments.runs) for way in WAYS}
    first, *warm = json.loads(deduplicating[0].run(tiny).said)
    imports = {name: median(_import_seconds(name) for _ in range(arguments.runs)) for name in FUNCTIONS}
    return "\n\n".join(
        [
            "# Preparation",
            INTRODUCTION.format(lists=len(lists), megabytes=lists[0].bytes / 1e6, runs=arguments.runs),
            NORMALIZING,
            _table(normalizing, normalized),
            DEDUPLICATING,
            _table(deduplicating, deduplicated),
            WAYS_OF_READING.format(megabytes=MEGABYTES),
            table(["", "**ours**", *WAY_PEERS], [[name, *map("{:.0f}".format, rates)] for name, rates in ways.items()]),
            SMALL.format(ids=TINY_LINES),
            table(
                ["", "ms"],
                [
                    ["first invocation", f"{first * 1e3:.0f}"],
                    [f"warm, median of {len(warm)}", f"{median(warm) * 1e3:.1f}"],
                    *([f"import of `{name}`", f"{seconds * 1e3:.0f}"] for name, seconds in imports.items()),
                ],
            ),
            targets_table(
                [
                    *_targets(normalized[normalizing[0].name], deduplicated[deduplicating[0].name]),
                    Target("the slowest way, MB per CPU second: ≥ 40", min(r[0] for r in ways.values()), at_least=40),
                ]
            ),
            f"{machine()}. Load average before and after: {load_before}, {load()}.",
        ]
    )


def _figures(preparers: Sequence[Preparer], lists: Sequence[IdList], runs: int) -> dict[str, Figures]:
    """What all lists take more than the first one; the preparers take turns."""
    small: dict[str, list[Trial]] = defaultdict(list)
    whole: dict[str, list[Trial]] = defaultdict(list)
    for run in range(1, runs + 1):
        for preparer in preparers:
            for found, given in ((small, lists[:1]), (whole, lists)):
                usage = preparer.run(given)
                trial = Trial(sum(each.bytes for each in given), usage.seconds, usage)
                found[preparer.name].append(trial)
                print(f"{run}/{runs} {preparer.name}: {len(given)} lists, {trial.rate:.0f} MB/s", file=sys.stderr)
    return {name: _without_start(small[name], whole[name]) for name in whole}


def _without_start(small: Sequence[Trial], whole: Sequence[Trial]) -> Figures:
    seconds = median(trial.seconds for trial in whole) - median(trial.seconds for trial in small)
    return replace(figures(small, whole), rate=(whole[0].bytes - small[0].bytes) / seconds / 1e6)


def _way(directory: Path, way: Way, runs: int) -> list[float]:
    """MB per CPU second: the median of all our runs, and the one run of each peer."""
    path, size = made(directory, way)
    environment = {**client_environment(ROOT / ".build", ""), **function_environment(), **FOR_ARRAYS}
    ours = [sys.executable, "-m", "benchmarks.clients.way", str(path)]
    peers = [[str(PEERS_PYTHON), "-m", "benchmarks.clients.way_peers", peer, str(path)] for peer in WAY_PEERS]
    taken = [json.loads(measure(command, environment, one_core()).said) for command in (*[ours] * runs, *peers)]
    rates = [size / seconds / 1e6 for seconds in (median(each for each, _ in taken[:runs]), *taken[runs:])]
    print(f"{way.name}: {', '.join(f'{rate:.0f}' for rate in rates)} MB per CPU second", file=sys.stderr)
    return rates


def _per_cpu_second(found: Figures) -> float:
    """MB."""
    return (1 << 30) / found.cpu / 1e6


def _table(preparers: Sequence[Preparer], measured: Mapping[str, Figures]) -> str:
    ours = measured[preparers[0].name]
    head = ["", "MB/s", "ours is times", "MB per CPU s", "ours is times", "CPU s/GiB", "peak RSS MB"]
    rows = [
        [
            name,
            f"{found.rate:.0f}",
            f"{ours.rate / found.rate:.1f}",
            f"{_per_cpu_second(found):.0f}",
            f"{found.cpu / ours.cpu:.1f}",
            f"{found.cpu:.2f}",
            f"{found.peak:.0f}",
        ]
        for name, found in measured.items()
    ]
    return table(head, rows)


def _targets(normalized: Figures, deduplicated: Figures) -> list[Target]:
    return [
        Target("validated and normalized, MB/s: ≥ 500", normalized.rate, at_least=500),
        Target("the same, MB per CPU second: ≥ 500", _per_cpu_second(normalized), at_least=500),
        Target("peak RSS MB: ≤ 96", normalized.peak, at_most=96),
        Target("each ID once, S3 to S3, MB/s: ≥ 200", deduplicated.rate, at_least=200),
        Target("the same, MB per CPU second: ≥ 200", _per_cpu_second(deduplicated), at_least=200),
        Target("peak RSS MB: ≤ 512", deduplicated.peak, at_most=512),
    ]


def _import_seconds(function: str) -> float:
    command = [sys.executable, "-m", "benchmarks.clients.cold", function]
    environment = {**client_environment(ROOT / ".build", ""), **function_environment()}
    return float(measure(command, environment, one_core()).said)


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.preparation", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="interleaved runs (3)")
    parser.add_argument("--lists", type=int, default=2, help="lists of 128 MB, at least 2 (2)")
    parser.add_argument("--directory", type=Path, default=ROOT / ".build" / "benchmarks", help="where lists are made")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "preparation.md")
    arguments = parser.parse_args()
    if not Path("/proc/self/status").exists():
        parser.error("peaks of memory are read from /proc: this runs on Linux only")
    if not PEERS_PYTHON.exists():
        parser.error("what ours is compared with is not installed: run make .build/peers/.installed")
    if arguments.runs < 1 or arguments.lists < 2:
        parser.error("there must be a run, and two lists")
    return arguments


if __name__ == "__main__":
    main()
