"""S3's event may come more than once, at once, late and out of order: a file is checked once."""

from typing import Any

import pytest

from tests.faults.deployment import Deployment, generation
from tests.faults.journey import go_back, journey
from tests.faults.truth import FIRST, SECOND, check_complete, one_part, runs

FILE = one_part()


def beside(source: dict[str, Any]) -> dict[str, Any]:
    """The same event as a redelivery writes it: with another order and another request."""
    again = dict(reversed(source.items()))
    return again | {"request-id": "another", "sequencer": "00FF"}


@pytest.mark.parametrize("copies", [2, 3])
def test_events_that_come_together_start_one_run(deployment: Deployment, copies: int) -> None:
    generation(deployment.universe, "x-hosted")
    source = deployment.drop(FILE.content)
    for number in range(copies):
        deployment.start(beside(source) if number else source, f"delivery-{number}")
    deployment.run()
    check_complete(deployment, FILE, jobs=1)
    executions = deployment.universe.machines.executions.values()
    assert [each.status for each in executions if each.machine == "XComplianceRun"] == ["SUCCEEDED"] * copies


def test_an_event_that_comes_late_starts_nothing_wherever_the_run_stands(deployment: Deployment) -> None:
    for number, invocation in enumerate(journey(deployment, FILE, "x-hosted")):
        go_back(deployment, invocation)
        source = deployment.universe.machines.next()
        assert source is not None
        first = next(iter(deployment.universe.machines.executions.values()))
        deployment.start(beside(first.input), f"late-{number}")
        deployment.run()
        check_complete(deployment, FILE, jobs=1)
    deployment.start(beside(first.input), "very-late")
    deployment.run()
    check_complete(deployment, FILE, jobs=1)


def test_an_event_that_comes_again_after_a_failure_starts_nothing_but_a_retry_does(deployment: Deployment) -> None:
    generation(deployment.universe, "x-hosted")
    deployment.universe.world.x.leaves_out = ("upload_url",)
    source = deployment.drop(FILE.content)
    deployment.start(source)
    deployment.run()
    deployment.universe.world.x.leaves_out = ()
    deployment.start(beside(source), "late")
    deployment.run()
    (run,) = runs(deployment.universe)
    assert run["error"] == "ProtocolViolation"
    deployment.universe.clock.advance(1)
    deployment.start(source | {"retry": True}, "retry")
    deployment.start(source | {"retry": True}, "retry-twice")
    deployment.run()
    check_complete(deployment, FILE, jobs=2, events=2)


def test_a_version_that_replaces_another_has_a_run_of_its_own_whichever_event_comes_first(
    deployment: Deployment,
) -> None:
    generation(deployment.universe, "x-hosted")
    older = deployment.drop(one_part(FIRST).content)
    newer = deployment.drop(one_part(SECOND).content)
    deployment.start(newer, "newer")
    deployment.start(older, "older")
    deployment.run()
    assert [run["status"] for run in runs(deployment.universe)] == ["complete", "complete"]
    uploaded = {deployment.universe.world.uploaded(job) for job in deployment.universe.world.x.jobs.values()}
    assert uploaded == {one_part(FIRST).content + b"\n", one_part(SECOND).content + b"\n"}


def test_files_of_both_types_are_checked_side_by_side_and_files_of_one_type_in_turn(deployment: Deployment) -> None:
    generation(deployment.universe, "x-hosted")
    deployment.universe.world.x.job_seconds = 40
    keys = ["tweets/one.txt", "users/one.txt", "tweets/two.txt", "users/two.txt", "tweets/three.txt"]
    files = [one_part(FIRST + 100 * number, key) for number, key in enumerate(keys)]
    for number, file in enumerate(files):
        deployment.start(deployment.drop(file.content, file.key), f"run-{number}")
        deployment.universe.clock.advance(0.1)
    most: dict[str, int] = {}
    while execution := deployment.universe.machines.next():
        deployment.step(execution)
        for kind in ("tweets", "users"):
            jobs = [job for job in deployment.universe.world.x.jobs.values() if job.type == kind]
            active = sum(job.status in ("created", "in_progress") for job in jobs)
            most[kind] = max(most.get(kind, 0), active)
        both = {job.type for job in deployment.universe.world.x.jobs.values() if job.status == "in_progress"}
        most["both"] = max(most.get("both", 0), len(both))
    assert most == {"tweets": 1, "users": 1, "both": 2}
    check_complete(deployment, *files, jobs=5)
    order = [job.name.rpartition("-p")[0] for job in deployment.universe.world.x.jobs.values() if job.type == "tweets"]
    runs_by_key = {run["key"]: run["run_id"] for run in runs(deployment.universe)}
    assert order == [runs_by_key[key] for key in keys if key.startswith("tweets")]
