"""A few stories of chaos: ``make chaos`` tells them by the thousand."""

from collections.abc import Iterator
from random import Random

import pytest

from tests.chaos.__main__ import tell
from tests.chaos.check import check
from tests.chaos.storm import Storm
from tests.chaos.story import Story
from tests.faults.deployment import deployed
from tests.unit.conftest import made_clients

SEED = "ci"


@pytest.fixture(scope="module", autouse=True)
def clients() -> Iterator[None]:
    with made_clients():
        yield


@pytest.mark.parametrize("number", range(1, 13))
def test_whatever_happens_every_run_is_complete_in_the_end(number: int) -> None:
    tell(f"{SEED}.{number}")


def test_the_same_seed_tells_the_same_story() -> None:
    one, other = (tell(f"{SEED}.1") for _ in range(2))
    assert (one.done, one.storm.done, one.now) == (other.done, other.storm.done, other.now)
    paths = [[each.path for each in story.deployment.universe.machines.executions.values()] for story in (one, other)]
    assert paths[0] == paths[1]


@pytest.mark.parametrize("harm", ["a lost record", "a held turn", "a wrong figure", "an upload twice"])
def test_a_story_that_ends_badly_is_noticed(monkeypatch: pytest.MonkeyPatch, harm: str) -> None:
    with deployed(monkeypatch) as deployment:
        story = Story(deployment, Random(1), Storm(deployment, Random(1), rate=0.0))
        story.tell(files=2, length=60)
        check(story)
        universe = deployment.universe
        table = universe.aws.tables["runs"][1]
        match harm:
            case "a lost record":
                universe.aws.tables["results"][1].popitem()
            case "a held turn":
                table["TURN#tweets", "HOLDER"] = {"pk": {"S": "TURN#tweets"}, "sk": {"S": "HOLDER"}}
            case "a wrong figure":
                run = next(item for item in table.values() if item["sk"]["S"] == "RUN" and "accepted" in item)
                run["accepted"] = {"N": "1000"}
            case "an upload twice":
                job = next(iter(universe.world.x.jobs.values()))
                universe.world.x.add("tweets", f"{job.name}0").status = "complete"
        with pytest.raises(AssertionError):
            check(story)
