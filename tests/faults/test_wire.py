"""Whatever X or Google answer, wherever: a run heals, or ends under the name that docs/reliability.md gives it."""

import copy
import math
from collections.abc import Iterator

import pytest

from tests.faults.deployment import GENERATIONS, Deployment, Generation, deployed_behind_sockets, no_fault
from tests.faults.document import table
from tests.faults.journey import Invocation, go_back, journey
from tests.faults.truth import check_complete, check_failed, one_part
from tests.faults.wire import ANSWERS, PLACES, strikes

FILE = one_part()
CELLS = [
    (place, answer, once, lasting if number == 0 else once)
    for place in PLACES
    for answers, once, lasting in table(place)
    for number, answer in enumerate(answers.split(", "))
]
"""One for each answer; the first of a row stands for all of it where it lasts."""

Journeys = dict[Generation, list[Invocation]]


@pytest.fixture(scope="module")
def traveller(clients: None) -> Iterator[Deployment]:
    with pytest.MonkeyPatch.context() as patch, deployed_behind_sockets(patch) as deployment:
        deployment.configure(part_size_mb=1, job_deadline_hours=2.0)
        yield deployment


@pytest.fixture(scope="module")
def journeys(traveller: Deployment) -> Journeys:
    found: Journeys = {}
    beginning = traveller.snapshot()
    for where in GENERATIONS:
        traveller.universe, traveller.effects = copy.deepcopy(beginning), 0
        found[where] = journey(traveller, FILE, where)
    return found


@pytest.mark.parametrize("place", PLACES)
def test_the_table_of_a_place_has_every_answer_once(place: str) -> None:
    assert sorted(cell[1] for cell in CELLS if cell[0] == place) == sorted(ANSWERS)


@pytest.mark.parametrize(("place", "answer", "once", "lasting"), CELLS)
def test_an_answer_ends_as_it_is_written(
    traveller: Deployment, journeys: Journeys, place: str, answer: str, once: str, lasting: str
) -> None:
    struck = PLACES[place]
    first = PLACES[struck.after[0]] if struck.after else struck
    start = next(each for each in journeys[struck.where] if each.function == first.function)
    for times, outcome in ((1, once), (math.inf, lasting)):
        if times > 1 and once == lasting:
            continue
        go_back(traveller, start)
        traveller.fault = strikes(traveller, struck, ANSWERS[answer], times)
        traveller.run()
        check(traveller, outcome, may_stay=struck.state == "Abandon Job")


def check(deployment: Deployment, outcome: str, *, may_stay: bool) -> None:
    """A run that has failed is complete once the trouble is over and it is redriven."""
    if outcome.startswith("heals"):
        check_complete(deployment, FILE)
        has_another = len(deployment.universe.world.x.jobs) > 1
        assert has_another == (outcome == "heals by another job"), "the number of jobs is not as it is written"
        return
    check_failed(deployment, outcome, FILE, may_stay=may_stay)
    deployment.fault = no_fault
    machines = deployment.universe.machines
    machines.redrive(next(each for each in machines.executions if ":XComplianceRun:" in each))
    deployment.run()
    check_complete(deployment, FILE, events=2)
