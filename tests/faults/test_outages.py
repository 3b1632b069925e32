"""AWS may be out for longer than anybody tries: once it is back, what was left is settled, and the work goes on."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.deployment import Act, Deployment, Effect, deployed, generation, no_fault
from tests.faults.interpreter import StepError
from tests.faults.journey import Invocation, go_back, invocations_of, journey
from tests.faults.memory_aws import Refusal, Version
from tests.faults.test_crashes import FUNCTIONS, REFUSED
from tests.faults.truth import active_jobs, check_complete, check_secrecy, parts, runs, turns, two_parts
from tests.unit.conftest import INBOX

FILE = two_parts()
OUTAGE = 6 * 3600.0
SHORT = 600.0


@pytest.fixture(scope="module")
def traveller(clients: None) -> Iterator[Deployment]:
    with pytest.MonkeyPatch.context() as patch, deployed(patch) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def invocations(traveller: Deployment) -> list[Invocation]:
    """Those of a run that goes well, and of two that fail: by X, and because the object was not there for a while."""
    beginning = traveller.snapshot()
    well = journey(traveller, FILE, "x-hosted")
    traveller.universe, traveller.effects = beginning, 0
    beginning = traveller.snapshot()
    traveller.universe.world.x.faults["get"] = [REFUSED]
    by_x = journey(traveller, FILE, "x-hosted")
    traveller.universe, traveller.effects = beginning, 0
    source = traveller.drop(FILE.content)
    generation(traveller.universe, "x-hosted")
    traveller.start(source)
    traveller.run(until=lambda execution: execution.state == "Prepare Part")
    del traveller.universe.aws.objects[INBOX, FILE.key]
    return [*well, *by_x, *invocations_of(traveller)]


def test_ten_minutes_without_a_table_fail_no_part_of_which_a_long_answer_is_indexed(
    traveller: Deployment, invocations: list[Invocation]
) -> None:
    """An Express child lives five minutes, so that it can't try for as long as other states do."""
    go_back(traveller, next(each for each in invocations if each.function == "index_range"))
    universe = traveller.universe
    back_at = universe.clock.now() + SHORT

    def fault(effect: Effect, act: Act) -> Any:
        if effect.function == "index_range" and universe.clock.now() < back_at:
            raise Refusal(503, "ServiceUnavailable")
        return act()

    traveller.fault = fault
    traveller.run()
    check_complete(traveller, FILE, jobs=2)


@pytest.mark.parametrize("function", [*FUNCTIONS, "abandon_job", "record_failure"])
@pytest.mark.parametrize("service", ["dynamodb", "every service"])
def test_an_outage_that_outlasts_all_tries_loses_nothing(
    traveller: Deployment, invocations: list[Invocation], function: str, service: str
) -> None:
    go_back(traveller, next(invocation for invocation in invocations if invocation.function == function))
    universe = traveller.universe
    machines, back_at = universe.machines, universe.clock.now() + OUTAGE

    def fault(effect: Effect, act: Act) -> Any:
        if effect.is_aws and service in (effect.service, "every service") and universe.clock.now() < back_at:
            raise Refusal(500, "InternalServerError")
        return act()

    traveller.fault = fault
    traveller.run()
    ended = [each.arn for each in machines.executions.values() if each.status == "FAILED"]
    assert ended
    for arn in ended:
        with pytest.raises(StepError):
            traveller.settle(arn)
    universe.clock.advance(max(0.0, back_at - universe.clock.now()))
    traveller.fault = no_fault
    for arn in ended:
        traveller.settle(arn)
    traveller.run()

    assert not turns(universe), "the turn is not free"
    assert not active_jobs(universe), f"jobs are active at X: {active_jobs(universe)}"
    for record in runs(universe) + [part for part in parts(universe) if "execution_arn" in part]:
        assert record["status"] in ("failed", "complete")
        assert record["status"] == "complete" or record["error_message"]
    check_secrecy(traveller, FILE)
    universe.aws.objects.setdefault((INBOX, FILE.key), [Version("version-1", FILE.content)])
    run = next(each for each in machines.executions.values() if each.machine == "XComplianceRun")
    for _ in range(2):
        if run.status == "FAILED":
            machines.redrive(run.arn)
            traveller.run()
    check_complete(traveller, FILE, events=None)
