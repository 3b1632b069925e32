"""From a dropped file to the answer: every line, every byte and every record is where it belongs."""

import json
from typing import Any

import pytest

from compliance.consumption import Consumption
from compliance.prices import estimate
from tests.end_to_end.checks import assert_counts, assert_items, assert_report, assert_rows, assert_uploaded_once
from tests.end_to_end.gcs.conftest import Checked
from tests.end_to_end.gcs.inbox import CHECKED

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize("name", CHECKED)
def test_every_line_and_every_record_is_counted(checked: Checked, name: str) -> None:
    assert_counts(checked[name], checked.answers[name])


@pytest.mark.parametrize("name", CHECKED)
def test_x_gets_every_part_once_and_unharmed(checked: Checked, name: str) -> None:
    assert_uploaded_once(checked.deployment, checked[name])


@pytest.mark.parametrize("name", CHECKED)
def test_athena_has_a_row_for_every_record(checked: Checked, name: str) -> None:
    rows = assert_rows(checked.deployment, checked[name], checked.answers[name])
    assert all(row["raw"] is None or json.loads(row["raw"])["reason"] == "scrub_geo" for row in rows)


def test_dynamodb_has_one_item_for_every_affected_id_and_no_other(checked: Checked) -> None:
    items = dict(checked.items)
    for name in CHECKED:
        assert_items(checked[name], {record["id"]: record for record in checked.answers[name].affected}, items)
    assert len(items) == sum(answer.counts["affected"] for answer in checked.answers.values())


@pytest.mark.parametrize("name", CHECKED)
def test_a_report_is_there_to_be_looked_at(checked: Checked, name: str) -> None:
    assert_report(checked.deployment, checked[name].run, checked[name].file)


@pytest.mark.parametrize("name", CHECKED)
def test_the_run_s_execution_ends_with_the_run_s_figures(checked: Checked, name: str) -> None:
    outcome = checked[name]
    assert outcome.execution.status == "SUCCEEDED"
    output = json.loads(outcome.execution.output or "")
    assert output["status"] == "complete"
    assert output["key"] == outcome.file.key
    expected = {**outcome.file.counts, **checked.answers[name].counts}
    assert {figure: output[figure] for figure in expected} == expected


def test_the_event_bus_is_told_once_how_each_run_has_ended(checked: Checked) -> None:
    told = checked.deployment.events()
    for outcome in checked.outcomes.values():
        (event,) = [event for event in told if event["detail"]["run_id"] == outcome.drop.run_id]
        word = "Completed" if outcome.run["status"] == "complete" else "Failed"
        assert event["detail-type"] == f"ComplianceRun{word}"
        assert (event["detail"]["status"], event["detail"]["key"]) == (outcome.run["status"], outcome.file.key)
        assert event["detail"].get("accepted") == outcome.run.get("accepted")


@pytest.mark.parametrize("name", CHECKED)
def test_the_state_transitions_on_a_run_s_record_are_those_of_its_executions(checked: Checked, name: str) -> None:
    """But for one that may be lost. The archive's uploads use an invocation's time up, with none left to note it."""
    outcome, deployment = checked[name], checked.deployment
    jobs = [job.arn for job in deployment.job_executions_of(outcome.drop.run_id)]
    again = [checked.again[0].arn] if name == "first" else []
    charged = sum(deployment.transitions(arn) for arn in (outcome.execution.arn, *jobs, *again))
    said = int(outcome.run["consumed"]["transitions"])
    assert said == (pytest.approx(charged, rel=0.2) if name == "archive" else pytest.approx(charged, abs=1))


@pytest.mark.parametrize("name", CHECKED)
def test_what_a_run_has_asked_for_and_what_that_costs_is_on_its_record(checked: Checked, name: str) -> None:
    outcome = checked[name]
    said = {what: float(amount) for what, amount in outcome.run["consumed"].items()}
    assert said["x_creates"] >= len({part["job_id"] for part in outcome.parts})
    assert said["x_gets"] >= sum(part["polls"] for part in outcome.parts)
    assert said["lambda_gb_seconds"] > 0
    assert said["s3_puts"] >= 2 * len(outcome.parts)
    assert said["dynamodb_write_units"] >= outcome.run["affected"]
    cost = estimate(Consumption.of(said))
    assert float(outcome.run["cost_aws_usd"]) == pytest.approx(cost.aws, abs=1e-5)
    assert float(outcome.run["cost_x_usd"]) == pytest.approx(cost.x, abs=1e-5)


def test_a_file_larger_than_a_part_is_checked_in_parts(checked: Checked) -> None:
    archive = checked["archive"]
    assert len(archive.parts) == 2
    first, second = _segments(checked, "archive")
    assert (first["range_start"], second["range_start"]) == (0, first["range_end"])
    assert second["range_end"] == len(archive.file.content)
    assert all(part["bytes"] <= 2_000_000 for part in archive.parts)


def test_a_folder_of_small_files_is_checked_in_one_part_which_remembers_them(checked: Checked) -> None:
    nightly = checked["nightly"]
    assert (len(nightly.parts), nightly.run["files"]) == (1, 63)
    rows = checked.deployment.query(
        f"SELECT key, part FROM segments WHERE type = 'tweets' AND run_id = '{nightly.drop.run_id}'"
    )
    assert {row["part"] for row in rows} == {"1"}
    assert {row["key"] for row in rows} == {key for key in nightly.file.folder if not key.endswith("_metadata")}


def _segments(checked: Checked, name: str) -> list[dict[str, Any]]:
    run = checked[name].run
    key = f"segments/type={run['type']}/checked_on={run['checked_on']}/{run['run_id']}.ndjson"
    return [json.loads(line) for line in checked.deployment.results_object(key).splitlines()]


def test_x_s_answer_is_kept_byte_for_byte(checked: Checked) -> None:
    for outcome in (checked[name] for name in CHECKED):
        for part in outcome.parts:
            raw = checked.deployment.results_object(f"raw/{outcome.drop.run_id}/{part['part']:05}.ndjson")
            sent = checked.deployment.simulator.journal("download", part["job_id"])
            assert len(raw) == part["result_bytes"] == sent[-1]["sent"]
            assert sum(bool(line.strip()) for line in raw.splitlines()) == part["records"]
