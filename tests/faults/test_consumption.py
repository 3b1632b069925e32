"""What a run's record says it has consumed, held against what everybody was really asked for."""

from collections import Counter
from typing import Any

import pytest

from adapters import consumed
from compliance import indexing
from compliance.consumption import ENDING, Consumption
from compliance.prices import DATE, estimate
from tests.fakes.world import deletes_every_second
from tests.faults.deployment import GENERATIONS, Deployment, Effect, Generation, generation

RANGE_BYTES = indexing.RANGE_BYTES
CONTENT = b"".join(b"%d\n" % (10**18 + number) for number in range(40))


def check(deployment: Deployment, content: bytes = CONTENT) -> dict[str, Any]:
    """Lets a file be checked; returns the run's record."""
    deployment.start(deployment.drop(content), f"run-{len(deployment.universe.machines.executions)}")
    deployment.run()
    return next(item for item in deployment.universe.aws.items("runs") if item.get("listing"))


def transitions(deployment: Deployment) -> int:
    return sum(execution.transitions for execution in deployment.universe.machines.executions.values())


@pytest.mark.parametrize("where", GENERATIONS)
def test_each_state_transition_is_counted(deployment: Deployment, where: Generation) -> None:
    generation(deployment.universe, where)
    record = check(deployment)
    assert record["status"] == "complete"
    assert record["consumed"]["transitions"] == transitions(deployment)


def test_each_request_is_counted(deployment: Deployment) -> None:
    seen: Counter[str] = Counter()
    last: Counter[str] = Counter()

    def note(effect: Effect, act: Any) -> Any:
        is_last = effect.function in ("summarize_run", "write_report", "publish_run")
        (last if is_last else seen)[f"{effect.service} {effect.operation}".partition(" /")[0]] += 1
        return act()

    deployment.fault = note
    record = check(deployment)
    said = record["consumed"]
    puts = sum(seen[f"s3 {name}"] for name in ("PutObject", "CreateMultipartUpload", "UploadPart"))
    assert last["s3 PutObject"] == ENDING.s3_puts
    assert said["s3_puts"] == puts + seen["s3 CompleteMultipartUpload"] + ENDING.s3_puts
    assert said["s3_gets"] == seen["s3 GetObject"] + seen["s3 HeadObject"] > 0
    assert said["secret_reads"] == seen["secretsmanager GetSecretValue"] > 0
    assert said["x_creates"] == seen["x POST"] == 1
    assert said["x_gets"] == seen["x GET"] > 0
    dynamodb = sum(count for name, count in seen.items() if name.startswith("dynamodb "))
    assert said["dynamodb_requests"] == dynamodb > 0


def test_an_affected_id_takes_a_unit_to_write_once_and_none_when_it_is_checked_again(deployment: Deployment) -> None:
    first = check(deployment)["consumed"]
    deployment.universe.aws.tables["runs"][1].clear()
    again = check(deployment)["consumed"]
    assert first["dynamodb_write_units"] - again["dynamodb_write_units"] == 20
    assert first["dynamodb_read_units"] == again["dynamodb_read_units"] >= 20


def every_fiftieth(ids: list[str]) -> list[dict[str, object]]:
    return deletes_every_second(each for each in ids if int(each) % 50 == 0)


def test_a_million_ids_cost_two_cents_at_first_and_half_a_cent_when_nothing_has_changed(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten times what a tenth of them costs more than a thousandth; Lambda's real time is the benchmark's."""
    monkeypatch.setattr(indexing, "RANGE_BYTES", RANGE_BYTES)
    deployment.configure(part_size_mb=128)
    deployment.universe.world.findings = every_fiftieth
    costs = {}
    for number in (1_000, 100_000):
        content = b"".join(b"%d\n" % (10**18 + number + each) for each in range(number))
        for check_number in (1, 2):
            deployment.universe.aws.tables["runs"][1].clear()
            record = check(deployment, content)
            assert (record["affected"], record["status"]) == (number // 50, "complete")
            costs[number, check_number] = record["cost_aws_usd"]
    first, again = (costs[1_000, each] + 10 * (costs[100_000, each] - costs[1_000, each]) for each in (1, 2))
    assert 0.015 < first <= 0.02
    assert 0.0025 < again <= 0.005


def test_what_a_failed_run_has_consumed_is_on_its_record_too(deployment: Deployment) -> None:
    record = check(deployment, b"no ID\n" * 5)
    assert (record["status"], record["prices_of"]) == ("failed", DATE)
    assert record["consumed"]["transitions"] == transitions(deployment)


def test_the_cost_is_that_of_what_was_consumed(deployment: Deployment) -> None:
    record = check(deployment)
    cost = estimate(Consumption.of(record["consumed"]))
    assert record["cost_aws_usd"] == pytest.approx(cost.aws, abs=1e-6)
    assert record["cost_x_usd"] == pytest.approx(cost.x, abs=1e-6)
    assert record["cost_x_usd"] / 0.005 == pytest.approx(round(record["cost_x_usd"] / 0.005))


def test_a_run_goes_well_though_nothing_of_what_it_consumes_can_be_written_down(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("SECRET")

    monkeypatch.setattr(consumed, "add", fails)
    record = check(deployment)
    assert (record["status"], record["affected"]) == ("complete", 20)
    assert "What was consumed could not be written down." in deployment.log.getvalue()


def test_a_folder_of_the_console_and_what_belongs_to_no_run_leave_nothing(deployment: Deployment) -> None:
    deployment.start(deployment.drop(b"", "tweets/folder/"))
    deployment.run()
    deployment.sweep()
    assert [item for item in deployment.universe.aws.items("runs") if item["pk"].startswith("CONSUMED#")] == []
