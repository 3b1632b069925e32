"""A second interpreter takes both machines through the same states to the same end, given the same answers."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.fakes.x import problem
from tests.faults.deployment import Deployment, deployed
from tests.faults.interpreter import StepError
from tests.faults.truth import FIRST, one_part, two_parts
from tests.reference.engine import Engine, running
from tests.reference.replay import Answers, left, named, replay, told
from tests.unit.conftest import clients

__all__ = ["clients"]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running() as engine:
        yield engine


@pytest.fixture
def deployment(clients: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with deployed(monkeypatch) as deployment:
        yield deployment


def nothing(_: Deployment) -> None:
    pass


def conflict(deployment: Deployment) -> None:
    deployment.universe.world.x.faults["create"] = [problem(409, "conflict", "There is an active job.")]


def no_credits(deployment: Deployment) -> None:
    deployment.universe.world.x.faults["get"] = [problem(402, "credits-depleted", "Your account has no credits.")]


def retries(deployment: Deployment) -> None:
    """X does not answer at first; Lambda has no room for a child's function and a job's."""
    deployment.universe.world.x.faults["create"] = ["unheard"]
    invoke, throttled = deployment.call, ["prepare_part", "get_job"]

    def call(name: str, payload: object) -> object:
        if name in throttled:
            throttled.remove(name)
            raise StepError("Lambda.TooManyRequestsException", "Rate Exceeded.")
        return invoke(name, payload)

    deployment.call = call  # type: ignore[method-assign]


def lost_session(deployment: Deployment) -> None:
    deployment.run(until=lambda execution: execution.state == "Upload Part")
    deployment.universe.world.gcs.sessions.clear()


STORIES = {
    "well": (two_parts().content, "tweets/ids.txt", nothing),
    "users": (one_part(FIRST, "users/ids.txt").content, "users/ids.txt", nothing),
    "rejected": (b"no ID\n" * 9, "tweets/ids.txt", nothing),
    "folder": (b"", "tweets/folder/", nothing),
    "conflict": (one_part().content, "tweets/ids.txt", conflict),
    "no credits": (two_parts().content, "tweets/ids.txt", no_credits),
    "retries": (two_parts().content, "tweets/ids.txt", retries),
    "lost session": (one_part().content, "tweets/ids.txt", lost_session),
}


@pytest.mark.parametrize(("content", "key", "trouble"), STORIES.values(), ids=STORIES)
def test_the_same_answers_lead_through_the_same_states_to_the_same_end(
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    engine: Engine,
    content: bytes,
    key: str,
    trouble: Callable[[Deployment], None],
) -> None:
    answers = Answers()
    answers.keep(deployment, monkeypatch)
    source = deployment.drop(content, key)
    deployment.start(source)
    trouble(deployment)
    deployment.run()
    stories = {named(each.input): told(each) for each in deployment.universe.machines.executions.values()}
    replayed = replay(engine, answers, "run-1", source)
    assert replayed == stories
    assert (left(answers), answers.unasked_for) == (Counter(), [])


def test_another_answer_leads_elsewhere(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    """A folder that is not known for one has its parts planned, which nobody has an answer for."""
    answers = Answers()
    answers.keep(deployment, monkeypatch)
    source = deployment.drop(b"", "tweets/folder/")
    deployment.start(source)
    deployment.run()
    ((answer,),) = answers.given.values()
    answer["folder"] = False
    assert replay(engine, answers, "run-1", source)["run"].status == "FAILED"
    assert ("PlanPartsFunctionArn", None, None) in answers.unasked_for
