"""Whatever lapses or breaks, and when: a run heals, or ends under the name that docs/reliability.md gives it."""

from collections.abc import Iterator

import pytest

from tests.fakes.world import CREDENTIAL
from tests.faults.deployment import Deployment, deployed_behind_sockets, generation
from tests.faults.document import table
from tests.faults.lapses import LAPSES, befalls
from tests.faults.truth import check_complete, check_failed, one_part, parts

FILE = one_part()
ROWS = table("What lapses, breaks or is taken away")


@pytest.fixture
def deployment(clients: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with deployed_behind_sockets(monkeypatch) as deployment:
        yield deployment
        assert not CREDENTIAL.search(deployment.log.getvalue())


FOR_GOOD = {"the prepared part is changed"}
"""Nobody can make the part anew: no redrive helps."""


def test_the_table_has_every_lapse_once() -> None:
    assert [row[0] for row in ROWS] == list(LAPSES)


@pytest.mark.parametrize(("name", "once", "each_time"), ROWS)
def test_a_lapse_ends_as_it_is_written(deployment: Deployment, name: str, once: str, each_time: str) -> None:
    deployment.configure(part_size_mb=1, job_deadline_hours=2.0, conflict_deadline_hours=2.0)
    beginning = deployment.snapshot()
    for outcome in (once, each_time):
        deployment.universe = beginning
        beginning = deployment.snapshot()
        generation(deployment.universe, LAPSES[name].where)
        run = deployment.start(deployment.drop(FILE.content))
        befalls(deployment, LAPSES[name], each_time=outcome is each_time)
        if outcome.startswith("heals"):
            check_complete(deployment, FILE)
            (part,) = parts(deployment.universe)
            assert (part["attempt"] > 1) == (outcome == "heals by another job")
            continue
        check_failed(deployment, outcome, FILE)
        LAPSES[name].ends(deployment)
        LAPSES[name].passes(deployment)
        deployment.universe.machines.redrive(run.arn)
        deployment.run()
        if name in FOR_GOOD:
            assert run.error == outcome
        else:
            check_complete(deployment, FILE, events=2)
