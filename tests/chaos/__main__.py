"""``python -m tests.chaos [--seconds S] [--seed N]``: story after story until the time is up; a seed repeats them."""

import sys
import time
import traceback
from argparse import ArgumentParser
from collections import Counter
from itertools import count
from random import Random

import pytest

from tests.chaos.check import check
from tests.chaos.storm import Storm
from tests.chaos.story import Story
from tests.faults.deployment import deployed
from tests.unit.conftest import made_clients


def tell(seed: str) -> Story:
    """One story, and what must be true at its end; raises AssertionError with what is not."""
    random = Random(seed)
    with pytest.MonkeyPatch.context() as patch, deployed(patch) as deployment:
        storm = Storm(deployment, random, rate=random.choice([0.01, 0.03, 0.08]))
        story = Story(deployment, random, storm)
        story.tell(files=random.randrange(1, 7), length=random.randrange(50, 400))
        check(story)
        return story


def main() -> None:
    """Prints what was done; exits with 1, the reason and the story's seed when one ends badly or breaks off."""
    parser = ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long (600)")
    parser.add_argument("--seed", default="1", help="of all stories (1); N.K tells the K-th story of seed N alone")
    arguments = parser.parse_args()
    seed, dot, number = arguments.seed.partition(".")
    stories = [int(number)] if dot else count(1)
    end = time.monotonic() + arguments.seconds
    done: Counter[str] = Counter()
    with made_clients():
        for story in stories:
            name = f"{seed}.{story}"
            try:
                told = tell(name)
            except Exception:
                sys.exit(f"{_summary(done)}\n{traceback.format_exc()}Tell it again with: make chaos SEED={name}")
            done += told.storm.done + told.done + _figures(told)
            if time.monotonic() > end:
                break
    sys.stdout.write(_summary(done) + "\n")


def _figures(story: Story) -> Counter[str]:
    machines = story.deployment.universe.machines.executions.values()
    return Counter(
        {
            "stories": 1,
            "files": len(story.files),
            "executions": len(machines),
            "executions that failed": sum(each.status == "FAILED" for each in machines),
            "functions that stood still and went on": story.storm.twins.done,
            "jobs at X": len(story.deployment.universe.world.x.jobs),
        }
    )


def _summary(done: Counter[str]) -> str:
    return "\n".join(f"{number:9,}  {name}" for name, number in done.most_common())


if __name__ == "__main__":
    main()
