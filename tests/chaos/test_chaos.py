"""A few stories of chaos: ``make chaos`` tells them by the thousand."""

from collections.abc import Iterator
from random import Random

import pytest

from tests.chaos import storm
from tests.chaos.__main__ import main, tell
from tests.chaos.check import check
from tests.chaos.storm import WIRE_TROUBLES, Storm, Trouble, may_lose_cancel
from tests.chaos.story import Story
from tests.faults.deployment import Effect, Universe, deployed
from tests.faults.truth import one_part
from tests.unit.conftest import RESULTS, made_clients

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


def test_time_never_passes_the_event_of_an_ending_or_a_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a run that waits for a stopped one's turn would wait 30 days, and the stopped one's answer expire at X."""
    with deployed(monkeypatch) as deployment:
        story = Story(deployment, Random(1), Storm(deployment, Random(1), rate=0.0))
        universe = deployment.universe
        story.tell(files=0, length=2)
        for number in range(2):
            key = f"tweets/{number}.txt"
            story.files[key] = one_part(1_700_000_000_000_000_000 + number * 1_000_000, key)
            story.sources[key] = deployment.drop(story.files[key].content, key)
            deployment.start(story.sources[key], f"first-{number}")
        deployment.run(until=lambda execution: execution.state == "Wait For X")
        holder = next(each for each in universe.machines.executions.values() if each.state == "Wait For X")
        began_at = story.now
        universe.machines.abort(holder.arn)
        story.heard.add((holder.arn, holder.redrives))
        story.tell(files=0, length=2)
        check(story)
        assert story.now - began_at < 86_400


@pytest.mark.parametrize(("name", "trouble"), WIRE_TROUBLES, ids=[name for name, _ in WIRE_TROUBLES])
def test_each_kind_of_weather_comes_and_does_no_harm(
    monkeypatch: pytest.MonkeyPatch, name: str, trouble: Trouble
) -> None:
    monkeypatch.setattr(storm, "WIRE_TROUBLES", ((name, trouble),))
    with deployed(monkeypatch) as deployment:
        alone = Storm(deployment, Random(2), rate=0.07)
        alone.twins.rate = 0.0
        monkeypatch.setattr(storm, "AWS_TROUBLES", (("none", lambda storm, effect, act: act()),))
        story = Story(deployment, Random(2), alone)
        story.tell(files=3, length=150)
        check(story)
        assert alone.done[name]


def test_a_function_that_stands_still_goes_on_later_and_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    with deployed(monkeypatch) as deployment:
        story = Story(deployment, Random(1), Storm(deployment, Random(1), rate=0.0))
        story.storm.twins.rate = 0.1
        story.tell(files=3, length=200)
        check(story)
        assert story.storm.twins.done
        assert not story.storm.twins.standing


@pytest.mark.parametrize(
    "harm",
    [
        "a lost record", "a wrong record", "a wrong row", "a wrong answer", "a held turn", "a wrong figure",
        "an upload twice",
    ],
)  # fmt: skip
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
            case "a wrong record":
                item = next(iter(universe.aws.tables["results"][1].values()))
                item["reason"] = {"S": "bounced"}
            case "a wrong row":
                _spoil(universe, "results/", b"20", b"21")
            case "a wrong answer":
                _spoil(universe, "raw/", b'"id": "1', b'"id": "2')
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


def _spoil(universe: Universe, prefix: str, old: bytes, new: bytes) -> None:
    """Write something else into the first object."""
    key = universe.aws.keys(RESULTS, prefix)[0]
    universe.aws.put(RESULTS, key, universe.aws.body(RESULTS, key).replace(old, new, 1))


@pytest.mark.parametrize("failure", [AssertionError("a turn is held"), KeyError("job_id")], ids=["untrue", "broken"])
def test_however_a_story_ends_badly_its_seed_is_said(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def tell(seed: str) -> Story:
        raise failure

    monkeypatch.setattr("tests.chaos.__main__.tell", tell)
    monkeypatch.setattr("sys.argv", ["chaos", "--seed", "7"])
    with pytest.raises(SystemExit) as end:
        main()
    assert repr(failure.args[0]).strip("'") in str(end.value)
    assert type(failure).__name__ in str(end.value)
    assert str(end.value).endswith("make chaos SEED=7.1")


@pytest.mark.parametrize(
    ("function", "service", "operation", "is_late", "is_death", "expected"),
    [
        ("abandon_job", "x", "DELETE /2/compliance/jobs/1", False, True, True),
        ("settle_execution", "secretsmanager", "GetSecretValue", False, False, True),
        ("abandon_job", "dynamodb", "UpdateItem", False, True, True),
        ("abandon_job", "dynamodb", "UpdateItem", False, False, False),
        ("settle_execution", "dynamodb", "GetItem", False, False, False),
        ("get_job", "x", "GET /2/compliance/jobs/1", False, True, False),
        ("create_job", "x", "DELETE /2/compliance/jobs/1", True, False, True),
        ("create_job", "dynamodb", "UpdateItem", True, True, True),
        ("create_job", "x", "DELETE /2/compliance/jobs/1", False, False, False),
    ],
)
def test_a_job_may_stay_at_x_only_where_its_cancel_may_be_lost(
    function: str, service: str, operation: str, is_late: bool, is_death: bool, expected: bool
) -> None:
    effect = Effect(0, function, service, operation)
    assert may_lose_cancel(effect, is_late=is_late, is_death=is_death) == expected
