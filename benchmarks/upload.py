"""``python -m benchmarks.upload``: our upload beside what else one would use, of the same file into the same sink."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from statistics import median

from benchmarks import report
from benchmarks.clients.catalogue import Clients, boto3_peak
from benchmarks.clients.environment import ROOT
from benchmarks.dataset import dataset
from benchmarks.figures import figures
from benchmarks.machine import load, machine
from benchmarks.targets import targets
from benchmarks.trial import LOOPBACK, SHAPED, trials

SMALLEST_MIB = 128


def main() -> None:
    """Measures, prints the tables, and writes them to a file."""
    arguments = _arguments()
    report.publish(lambda: _measured(arguments), arguments.output)


def _measured(arguments: Namespace) -> str:
    load_before = load()
    clients = Clients()
    small = dataset(arguments.directory, arguments.size // 4)
    whole = dataset(arguments.directory, arguments.size)

    small_trials, whole_trials = trials(clients.on_loopback, [small, whole], LOOPBACK, arguments.runs)
    (shaped_trials,) = trials(clients.on_shaped_link, [whole], SHAPED, arguments.shaped_runs)
    measured = {name: figures(small_trials[name], found) for name, found in whole_trials.items()}
    shaped = {name: median(trial.rate for trial in found) for name, found in shaped_trials.items()}
    boto3 = median(boto3_peak(arguments.directory) for _ in range(arguments.runs)) / 1e6

    curl = measured.get(clients.curl.name)
    versions = dict.fromkeys(client.version for client in clients.on_loopback if client.version)
    return "\n\n".join(
        [
            "# Upload",
            report.INTRODUCTION.format(size=arguments.size, runs=arguments.runs),
            report.loopback_table(clients.on_loopback, measured, curl, boto3, arguments.size),
            report.shaped_introduction(arguments.shaped_runs),
            report.shaped_table(clients.on_shaped_link, shaped),
            report.targets_table(targets(clients, whole_trials, measured, shaped, boto3)),
            f"{machine()}. Load average before and after: {load_before}, {load()}.\n{', '.join(versions)}.",
        ]
    )


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.upload", description="Measures our upload beside others.")
    parser.add_argument("--runs", type=int, default=5, help="runs of each client on the loopback (5)")
    parser.add_argument("--shaped-runs", type=int, default=1, help="runs of each on the shaped link (1)")
    parser.add_argument("--size", type=int, default=1024, help=f"MiB of the file, at least {SMALLEST_MIB} (1024)")
    parser.add_argument("--directory", type=Path, default=ROOT / ".build" / "benchmarks", help="where files are made")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "upload.md", help="the report")
    arguments = parser.parse_args()
    if not Path("/proc/self/status").exists():
        parser.error("peaks of memory are read from /proc: this runs on Linux only")
    if arguments.size < SMALLEST_MIB:
        parser.error(f"--size must be at least {SMALLEST_MIB}: below it not every client opens a resumable session")
    if min(arguments.runs, arguments.shaped_runs) < 1:
        parser.error("there must be a run")
    return arguments


if __name__ == "__main__":
    main()
