"""Every expression of both machines has the same value in JSONata's reference engine as in the tests' interpreter."""

import json
from collections.abc import Iterator

import pytest

from tests.faults.deployment import deployed
from tests.reference.engine import VERSION, Engine, NoValueError, running
from tests.reference.recording import Recording, record
from tests.statemachine.machine import ROOT
from tests.unit.conftest import clients

__all__ = ["clients"]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running() as engine:
        yield engine


@pytest.fixture(scope="module")
def recording(clients: None) -> Iterator[Recording]:
    with pytest.MonkeyPatch.context() as patch, deployed(patch) as deployment:
        yield record(deployment, patch)


def test_the_engine_is_the_one_that_step_functions_documents() -> None:
    asked = json.loads((ROOT / "package.json").read_text())["devDependencies"]["jsonata"]
    there = json.loads((ROOT / "node_modules" / "jsonata" / "package.json").read_text())["version"]
    assert (asked, there) == (VERSION, VERSION)


def test_an_expression_without_a_value_and_one_that_fails_are_found(engine: Engine) -> None:
    assert engine.evaluate("$states.input.a + 1", {"states": {"input": {"a": 1}}}) == 2
    with pytest.raises(NoValueError, match="undefined"):
        engine.evaluate("$states.input.b", {"states": {"input": {"a": 1}}})
    with pytest.raises(NoValueError, match="left side"):
        engine.evaluate("'a' + 1")


def test_each_expression_is_seen_at_work(recording: Recording) -> None:
    assert recording.texts
    assert sorted(recording.texts.keys() - recording.seen.keys()) == []


def test_each_expression_has_the_same_value_in_the_reference_engine(recording: Recording, engine: Engine) -> None:
    wrong: dict[str, str] = {}
    for place, evaluations in recording.seen.items():
        for variables, value in evaluations.values():
            try:
                found = engine.evaluate(recording.texts[place], variables)
            except NoValueError as error:
                wrong[place] = f"{error}, and not {value!r}"
            else:
                if json.dumps(found, sort_keys=True) != json.dumps(value, sort_keys=True):
                    wrong[place] = f"{found!r}, and not {value!r}"
    assert wrong == {}


def test_conditions_are_boolean_and_waits_are_integers(recording: Recording) -> None:
    kinds = {
        place: {type(value) for _, value in evaluations.values()}
        for place, evaluations in recording.seen.items()
        if place.endswith(("/Condition", "/Seconds"))
    }
    assert len(kinds) > 20
    assert {
        place: kind for place, kind in kinds.items() if kind != {bool if place.endswith("/Condition") else int}
    } == {}
