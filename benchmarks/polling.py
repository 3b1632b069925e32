"""Polls, dollars and added waiting per job, beside fixed intervals.

``make bench BENCH=polling``: the machines and functions in memory, against
the simulator of X on the machines' own clock; and the schedule alone, where sizes are too large for that.
"""

import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import exp, log
from pathlib import Path
from random import Random

import pytest

from benchmarks.clients.environment import ROOT
from benchmarks.machine import machine
from benchmarks.report import table
from compliance.clock import parse_time
from compliance.runs import run_id
from tests.fakes.fleet import LONGEST, SHORTEST, Job, Polled, fleet, poll_blindly, poll_by_history, without_structure
from tests.faults.deployment import Deployment, deployed_behind_sockets, generation
from tests.unit.conftest import INBOX, made_clients

DOLLARS_PER_POLL = 0.005
FEW = 4_096
"""IDs of the largest job that goes through the machines."""

JOBS = 400
LAST = 100

Strategy = Callable[[Sequence[Job]], Polled]

BLIND: Mapping[str, Strategy] = {
    "every 30 s": lambda jobs: poll_blindly(jobs, lambda _: 30),
    "every 60 s": lambda jobs: poll_blindly(jobs, lambda _: 60),
    "30 s, each wait 1.5 times the last, up to 5 min": lambda jobs: poll_blindly(
        jobs, lambda polls: min(300.0, 30 * 1.5 ** min(polls, 20))
    ),
    "30 s, each wait twice the last": lambda jobs: poll_blindly(jobs, lambda polls: 30 * 2.0**polls),
}

REGIMES: Mapping[str, Callable[[Random], Sequence[Job]]] = {
    "spread 0.1": lambda random: fleet(random, JOBS, 0.1),
    "spread 0.3": lambda random: fleet(random, JOBS, 0.3),
    "**spread 0.4**": lambda random: fleet(random, JOBS, 0.4),
    "spread 0.5": lambda random: fleet(random, JOBS, 0.5),
    "spread 0.7": lambda random: fleet(random, JOBS, 0.7),
    "spread 0.3, X takes three times as long on one day of ten": lambda random: fleet(random, JOBS, 0.3, slow_days=0.1),
    "spread 0.3, X's pace drifts by 2 % from job to job": lambda random: fleet(random, JOBS, 0.3, drift=0.02),
    "spread 0.3, drifts by 5 %": lambda random: fleet(random, JOBS, 0.3, drift=0.05),
    "no structure at all": lambda random: without_structure(random, JOBS),
}


@contextmanager
def simulated() -> Iterator[Deployment]:
    """A deployment in memory, against the simulator on the loopback."""
    with made_clients(), pytest.MonkeyPatch.context() as patch, deployed_behind_sockets(patch) as deployment:
        deployment.configure()
        generation(deployment.universe, "x-hosted")
        yield deployment


def poll_by_machines(jobs: Sequence[Job]) -> Polled:
    """Each job is a dropped file, which the machines take through X, from its event to its end."""
    polled = Polled()
    with simulated() as deployment:
        world = deployment.universe.world
        for number, job in enumerate(jobs):
            polls = len(world.core.journal.entries("get_job"))
            world.x.job_seconds = job.seconds
            content = b"".join(b"%d\n" % (1_800_000_000_000_000_000 + each) for each in range(job.ids))
            key = f"tweets/{number}.txt"
            source = deployment.drop(content, key)
            execution = deployment.start(source, f"run-{number}")
            deployment.run()
            if execution.status != "SUCCEEDED":
                raise RuntimeError(f"{key} failed: {execution.error}")
            owner = f"RUN#{run_id('tweets', INBOX, key, source['object']['version-id'])}"
            (part,) = (
                item
                for item in deployment.universe.aws.items("runs")
                if item["pk"] == owner and item["sk"].startswith("PART#")
            )
            seen = parse_time(part["completed_at"]) - parse_time(part["uploaded_at"])
            polled.add(len(world.core.journal.entries("get_job")) - polls, seen.total_seconds(), job.seconds)
    return polled


def best_without_structure(worth: float) -> tuple[float, float]:
    """Polls per job and added waiting of the best schedule there is when only SHORTEST and LONGEST are known.

    Its polls lie on a grid of hundredths of the logarithm, chosen from the last backwards: the cheapest first poll for
    a job that has got so far, when a poll is ``worth`` so much waiting.
    """
    step = 0.01
    cells = round(log(LONGEST / SHORTEST) / step)
    best = [(0.0, 0.0, 0.0)] * (cells + 1)
    for start in range(cells - 1, -1, -1):
        choices = []
        for end in range(start + 1, min(start + 200, cells) + 1):
            alive, goes_on = cells - start, (cells - end) / (cells - start)
            waited = ((exp((end - start) * step) - 1) / step - (end - start)) / alive
            polls, added = 1 + goes_on * best[end][1], waited + goes_on * best[end][2]
            choices.append((worth * polls + added, polls, added))
        best[start] = min(choices)
    return best[0][1:]


INTRODUCTION = """\
A poll is a GET of the job, ${dollars}. Added waiting is what passes between the end of a job and the poll that sees it,
as a share of what the job took: on average over the jobs, and of all time together, in which long jobs count for more.
The spread is that of a duration's logarithm among jobs of one size: with 0.4, one of three jobs takes less than 0.67 or
more than 1.5 times the median."""

MACHINES = """\
{jobs} jobs of 1 to {few:,} IDs, one after the other, beginning with an empty table; from 45 s to 80 min by their size,
spread 0.4, {shortest:.0f} s to {longest:.0f} h in all. Polls are counted by the simulator. {hours:.0f} hours of X's
time went by in {seconds:.0f} s."""

OTHERS = """\
X's documentation advises to poll every 30 to 60 s. twarc2 does not wait: whoever uses it asks by hand, or in such a
loop."""

ALONE = "The schedule alone, {jobs} jobs of 1 to 8 million IDs each, beginning with an empty table."

LIMIT = """\
Without structure, durations are log-uniform from 30 s to 2 h whatever the size. No schedule keeps to 6 polls and 10 %
there: the best, which knows the 30 s and the 2 h, adds {added:.0%} with {polls:.1f} polls per job, and takes {more:.0f}
polls per job to add no more than 10 %."""


def main() -> None:
    """Measures, prints the tables, and writes them to a file."""
    parser = ArgumentParser(prog="python -m benchmarks.polling", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of all jobs (1)")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "polling.md")
    arguments = parser.parse_args()
    few = fleet(Random(arguments.seed), JOBS, 0.4, largest=FEW)
    began = time.perf_counter()
    ours = poll_by_machines(few)
    seconds = time.perf_counter() - began
    through_machines = {f"by history, all {JOBS} jobs": ours, f"by history, the last {LAST}": ours.last(LAST)}
    through_machines |= {name: strategy(few) for name, strategy in BLIND.items()}
    regimes = {name: poll_by_history(draw(Random(arguments.seed))) for name, draw in REGIMES.items()}
    regimes["spread 0.4, nothing is ever remembered"] = poll_by_history(
        fleet(Random(arguments.seed), JOBS, 0.4), forgets=True
    )
    frontier = [best_without_structure(0.001 * 1.1**power) for power in range(50)]
    polls, added = next(each for each in frontier if each[0] <= 6)
    more, _ = [each for each in frontier if each[1] <= 0.10][-1]
    hours = sum(job.seconds for job in few) / 3600
    sections = [
        "# Polling",
        INTRODUCTION.format(dollars=DOLLARS_PER_POLL),
        "## Through the machines, against the simulator",
        MACHINES.format(jobs=JOBS, few=FEW, shortest=SHORTEST, longest=LONGEST / 3600, hours=hours, seconds=seconds),
        _table(through_machines),
        OTHERS,
        "## What it depends on",
        ALONE.format(jobs=JOBS),
        _table(regimes),
        LIMIT.format(added=added, polls=polls, more=more),
        f"{machine()}. Seed {arguments.seed}.",
    ]
    text = "\n\n".join(sections)
    print(text)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(text + "\n")


def _table(found: Mapping[str, Polled]) -> str:
    rows = [
        [
            name,
            f"{each.polls_per_job:.1f}",
            f"{max(each.polls)}",
            f"{each.polls_per_job * DOLLARS_PER_POLL:.3f}",
            f"{each.added_per_job:.1%}",
            f"{each.added_in_all:.1%}",
        ]
        for name, each in found.items()
    ]
    return table(["", "polls per job", "most", "$ per job", "added waiting", "of all time"], rows)


if __name__ == "__main__":
    main()
