"""An ID that stands in several parts of a run is checked once, if the deployer wants it, whatever Athena does."""

from collections.abc import Callable
from typing import Any

import pytest

from compliance.runs import part_key
from tests.fakes.x import problem
from tests.faults.deployment import Act, Deployment, Effect, no_fault
from tests.faults.document import table
from tests.faults.interpreter import Execution
from tests.faults.memory_aws import Refusal
from tests.faults.truth import check_complete, check_failed, one_part, parts, record, runs, two_parts
from tests.unit.conftest import RESULTS

Arrange = Callable[[Deployment], None]

FILE = two_parts()
FAILED = {"State": "FAILED", "StateChangeReason": f"HIVE_BAD_DATA: {FILE.ids[0]}", "AthenaError": {"ErrorCategory": 1}}
PASSING = FAILED | {"AthenaError": {"ErrorCategory": 1, "Retryable": True}}
CANCELLED = {"State": "CANCELLED", "StateChangeReason": "Bytes scanned limit was exceeded"}


def uploads(deployment: Deployment) -> list[list[str]]:
    world = deployment.universe.world
    return [world.uploaded(job).decode().split() for job in world.x.jobs.values()]


def visits(execution: Execution, state: str) -> int:
    return execution.path.count(state)


def test_an_id_in_two_parts_is_sent_with_the_first_of_them_and_counted(deployment: Deployment) -> None:
    execution = deployment.start(deployment.drop(FILE.content))
    deployment.run()
    check_complete(deployment, FILE, jobs=2)
    assert uploads(deployment) == [list(FILE.ids[:3]), list(FILE.ids[3:])]
    assert record(deployment.universe, sk="RUN", status="complete")["duplicate_across_parts"] == 2
    assert [part["duplicate_across_parts"] for part in parts(deployment.universe)[1:]] == [2]
    assert [part["duplicate"] for part in parts(deployment.universe)] == [1, 2]
    assert visits(execution, "Wait For Athena") == 2


def test_nobody_looks_for_duplicates_across_parts_unless_it_is_wanted(deployment: Deployment) -> None:
    deployment.configure(part_size_mb=1, reject_limit_percent=50.0)
    execution = deployment.start(deployment.drop(FILE.content))
    deployment.run()
    assert not deployment.universe.aws.queries
    assert not visits(execution, "Find Duplicates")
    assert uploads(deployment) == [list(FILE.ids[:3]), [FILE.ids[2], FILE.ids[3], FILE.ids[0]]]
    (run,) = runs(deployment.universe)
    assert "duplicate_across_parts" not in run
    assert run["duplicate"] == 1


def test_one_part_takes_no_query(deployment: Deployment) -> None:
    execution = deployment.start(deployment.drop(one_part().content))
    deployment.run()
    check_complete(deployment, one_part(), jobs=1)
    assert not deployment.universe.aws.queries
    assert not visits(execution, "Wait For Athena")


def test_a_part_that_holds_nothing_else_gets_no_job(deployment: Deployment) -> None:
    first = one_part()
    content = first.content + b"\n" + b" \n" * 600_000 + first.content
    deployment.start(deployment.drop(content))
    deployment.run()
    (run,) = runs(deployment.universe)
    assert (run["status"], run["parts"], run["parts_complete"]) == ("complete", 2, 1)
    assert (run["accepted"], run["duplicate"], run["duplicate_across_parts"]) == (3, 3, 3)
    assert uploads(deployment) == [list(first.ids)]


def fail(*statuses: dict[str, Any]) -> Arrange:
    def arrange(deployment: Deployment) -> None:
        deployment.universe.aws.query_failures = [*statuses]

    return arrange


def change(prefix: str, by: Callable[[bytes], bytes | None]) -> Arrange:
    """Changes an object of the results bucket just before the second part is compared, or takes it away."""

    def arrange(deployment: Deployment) -> None:
        deployment.run(until=lambda execution: execution.state == "Deduplicate Part")
        aws = deployment.universe.aws
        key = aws.keys(RESULTS, prefix)[-1]
        content = by(aws.body(RESULTS, key))
        if content is None:
            del aws.objects[RESULTS, key]
        else:
            aws.put(RESULTS, key, content)

    return arrange


CASES: dict[str, Arrange] = {
    "the query fails twice for a reason that passes": fail(PASSING, PASSING),
    "the query fails three times for a reason that passes": fail(PASSING, PASSING, PASSING),
    "the query fails": fail(FAILED),
    "the query is stopped, or would read more than the workgroup allows": fail(CANCELLED),
    "the query has not ended after four hours": fail(*[{"State": "QUEUED"}] * 10_000),
    "the answer is cut off": change("athena/", lambda content: content[:-4]),
    "the answer names an ID that the part does not hold": change("athena/", lambda content: content[:-3] + b'9"\n'),
    "the answer is gone": change("athena/", lambda _: None),
    "the prepared part is changed before it is compared": change("parts/", lambda _: b"1\n"),
}


@pytest.mark.parametrize(("what", "outcome"), table("What Athena answers"))
def test_what_athena_answers(deployment: Deployment, what: str, outcome: str) -> None:
    execution = deployment.start(deployment.drop(FILE.content))
    CASES[what](deployment)
    deployment.run()
    if outcome == "heals":
        check_complete(deployment, FILE, jobs=2)
        return
    check_failed(deployment, outcome, FILE)
    assert not deployment.universe.world.x.jobs
    (run,) = runs(deployment.universe)
    assert outcome != "QueryFailed" or "nothing was sent to X" in run["error_message"]
    deployment.universe.aws.query_failures = []
    if outcome == "SourceChanged":  # Nobody can make the part anew.
        return
    deployment.universe.machines.redrive(execution.arn)
    deployment.run()
    check_complete(deployment, FILE, jobs=2, events=2)


def test_the_table_of_what_athena_answers_is_whole() -> None:
    assert {what for what, _ in table("What Athena answers")} == CASES.keys()


def test_a_query_that_fails_is_named_so_that_its_words_can_be_found(deployment: Deployment) -> None:
    """They may quote an ID, so they stand in Athena's history alone."""
    fail(FAILED)(deployment)
    deployment.start(deployment.drop(FILE.content))
    deployment.run()
    message = runs(deployment.universe)[0]["error_message"]
    assert "query-1 is FAILED" in message
    assert "workgroup XCompliance" in message


def test_a_part_that_was_not_prepared_takes_no_query(deployment: Deployment) -> None:
    def fault(effect: Effect, act: Act) -> Any:
        if effect.function == "prepare_part" and effect.operation == "PutObject":
            raise Refusal(403, "AccessDenied")
        return act()

    deployment.fault = fault
    deployment.start(deployment.drop(FILE.content))
    deployment.run()
    check_failed(deployment, "AwsRefused", FILE)
    assert not deployment.universe.aws.queries


def test_who_starts_a_run_again_leaves_its_parts_as_they_are(deployment: Deployment) -> None:
    """The first part is checked, the second not: no part is written again, and nothing is asked again."""
    x = deployment.universe.world.x
    source = deployment.drop(FILE.content)
    deployment.start(source)
    deployment.run(until=lambda execution: execution.machine == "XComplianceJob" and "-p2-" in execution.arn)
    x.faults["get"] = [problem(403, "client-forbidden", "Not enrolled.")]
    deployment.run()
    aws = deployment.universe.aws
    before = {place: len(versions) for place, versions in aws.objects.items() if place[0] == RESULTS}
    written = [place for place in before if place[1].startswith(("parts/", "deduplicated/"))]
    assert len(written) == 3
    (run,) = runs(deployment.universe)
    assert run["status"] == "failed"
    deployment.start(source | {"retry": True}, "again")
    deployment.run()
    check_complete(deployment, FILE, events=2)
    assert len(aws.queries) == 1
    assert {place: len(aws.objects[place]) for place in written} == {place: before[place] for place in written}


def test_a_part_that_a_job_has_begun_with_is_never_changed(deployment: Deployment) -> None:
    """The deployer turns the setting on after a run has failed; what may be uploaded already stays as it is."""
    deployment.configure(part_size_mb=1, reject_limit_percent=50.0)
    x = deployment.universe.world.x
    source = deployment.drop(FILE.content)
    deployment.start(source)
    deployment.run(until=lambda execution: execution.machine == "XComplianceJob" and "-p2-" in execution.arn)
    x.faults["get"] = [problem(403, "client-forbidden", "Not enrolled.")]
    deployment.run()
    before = [part["crc32c"] for part in parts(deployment.universe)]
    deployment.configure(part_size_mb=1, reject_limit_percent=50.0, deduplicate_across_parts=True)
    deployment.start(source | {"retry": True}, "again")
    deployment.run()
    (run,) = runs(deployment.universe)
    assert run["status"] == "complete"
    assert [part["crc32c"] for part in parts(deployment.universe)] == before
    assert [part["status"] for part in parts(deployment.universe)] == ["complete"] * 2
    assert not deployment.universe.aws.keys(RESULTS, "deduplicated/")


def test_a_try_that_comes_late_changes_nothing_once_the_part_is_a_jobs(deployment: Deployment) -> None:
    """A function that was taken for dead reads the part before, and writes its record after, a job has begun."""
    deployment.start(deployment.drop(FILE.content))
    deployment.run(until=lambda execution: execution.state == "Deduplicate Part")

    def fault(effect: Effect, act: Act) -> Any:
        if effect.function == "deduplicate_part" and effect.operation == "UpdateItem":
            (item,) = [
                item for item in deployment.universe.aws.tables["runs"][1].values() if item["sk"]["S"] == "PART#00002"
            ]
            item["execution_arn"] = {"S": "a job"}
        return act()

    deployment.fault = fault
    deployment.step(next(iter(deployment.universe.machines.executions.values())))
    deployment.fault = no_fault
    part = record(deployment.universe, part=2)
    assert "deduplicated_at" not in part
    assert part["object_key"] == part_key(part["run_id"], 2)
    assert part["accepted"] == 3


def test_the_ids_of_other_runs_take_nothing_away(deployment: Deployment) -> None:
    first, second = two_parts(), two_parts(key="tweets/second.txt")
    deployment.start(deployment.drop(first.content, first.key), "one")
    deployment.run()
    deployment.start(deployment.drop(second.content, second.key), "two")
    deployment.run()
    assert [(run["accepted"], run["duplicate_across_parts"]) for run in runs(deployment.universe)] == [(4, 2)] * 2


def test_all_tries_of_a_query_have_four_hours_together(deployment: Deployment) -> None:
    fail(PASSING, {"State": "QUEUED"})(deployment)
    deployment.start(deployment.drop(FILE.content))
    deployment.run(until=lambda execution: execution.state == "Wait For Athena")
    began = deployment.universe.clock.now()
    deployment.universe.clock.advance(3 * 3600)
    deployment.run()
    check_failed(deployment, "QueryFailed", FILE)
    assert 4 * 3600 < deployment.universe.clock.now() - began < 5 * 3600
