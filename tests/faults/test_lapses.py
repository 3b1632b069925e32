"""Whatever lapses or breaks, and when: a run heals, or ends under the name that docs/reliability.md gives it."""

import pytest

from tests.faults.deployment import Deployment, generation
from tests.faults.document import table
from tests.faults.lapses import LAPSES, befalls
from tests.faults.truth import check_complete, check_failed, one_part, parts

FILE = one_part()
ROWS = table("What lapses, breaks or is taken away")


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
        deployment.start(deployment.drop(FILE.content))
        befalls(deployment, LAPSES[name], each_time=outcome is each_time)
        if not outcome.startswith("heals"):
            check_failed(deployment, outcome, FILE)
            continue
        check_complete(deployment, FILE)
        (part,) = parts(deployment.universe)
        assert (part["attempt"] > 1) == (outcome == "heals by another job")
