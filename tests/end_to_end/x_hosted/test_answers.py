"""Where X takes the bytes itself: the same promises, in X's newer dialect."""

import json

import pytest

from tests.end_to_end.checks import assert_counts, assert_items, assert_rows, assert_uploaded_once
from tests.end_to_end.driver import CREDENTIALS, Outcome
from tests.end_to_end.x_hosted.conftest import Checked
from tests.end_to_end.x_hosted.inbox import CHECKED, PLAIN, answer_by_rule

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize("name", CHECKED)
def test_every_line_and_every_record_is_counted(checked: Checked, name: str) -> None:
    assert_counts(checked[name], checked.answers[name])


@pytest.mark.parametrize("name", CHECKED)
def test_x_gets_every_part_once_and_unharmed(checked: Checked, name: str) -> None:
    assert_uploaded_once(checked.deployment, checked[name])
    assert {part["transport"] for part in checked[name].parts} == {"x_hosted"}


@pytest.mark.parametrize("name", CHECKED)
def test_athena_has_a_row_for_every_record(checked: Checked, name: str) -> None:
    rows = assert_rows(checked.deployment, checked[name], checked.answers[name])
    if name in PLAIN:
        assert all(row["raw"] is None for row in rows)


@pytest.mark.parametrize("name", PLAIN)
def test_dynamodb_has_one_item_for_every_affected_id_and_no_other(checked: Checked, name: str) -> None:
    affected = {record["id"]: record for record in checked.answers[name].affected}
    assert_items(checked[name], affected, dict(checked.items))


@pytest.mark.parametrize("name", CHECKED)
def test_the_run_s_execution_ends_with_the_run_s_figures(checked: Checked, name: str) -> None:
    assert checked[name].execution.status == "SUCCEEDED"
    output = json.loads(checked[name].execution.output or "")
    expected = {**checked[name].file.counts, **checked.answers[name].counts, "status": "complete"}
    assert {figure: output[figure] for figure in expected} == expected


def test_a_file_larger_than_a_part_is_checked_in_parts(checked: Checked) -> None:
    parts = checked["in two parts"].parts
    assert [part["part"] for part in parts] == [1, 2]
    assert all(part["bytes"] <= 1_000_000 for part in parts)


def test_x_is_asked_for_resumable_uploads_once_and_then_believed(checked: Checked) -> None:
    creates = [entry["status"] for entry in checked.journal if entry["operation"] == "create_job"]
    parts = sum(len(checked[name].parts) for name in CHECKED)
    assert creates.count(200) == parts
    refused = creates.count(400)
    assert 1 <= refused <= 2, "both types may have asked before one of them was answered"
    assert len(creates) == parts + refused
    assert not any(job["resumable"] for job in checked.jobs)


@pytest.mark.parametrize(("name", "error"), [("refused", "InputRejected"), ("empty", "NothingToCheck")])
def test_a_file_without_ids_is_refused_before_x_hears_of_it(checked: Checked, name: str, error: str) -> None:
    assert checked[name].execution.status == "FAILED"
    assert (checked[name].run["status"], checked[name].run["error"]) == ("failed", error)
    assert checked.deployment.simulator.jobs(checked[name].drop.run_id) == []


def test_an_event_that_comes_again_starts_no_second_run(checked: Checked) -> None:
    run = checked["posts"].drop.run_id
    assert checked.again.status == "SUCCEEDED"
    output = json.loads(checked.again.output or "")
    assert (output["duplicate"], output["run_id"]) == (True, run)
    assert len(checked.deployment.job_executions_of(run)) == len(checked.deployment.simulator.jobs(run)) == 1


def test_an_upload_whose_answer_is_lost_is_not_sent_again(checked: Checked, lost: Outcome) -> None:
    (part,) = lost.parts
    uploads = checked.deployment.simulator.journal("upload", part["job_id"])
    assert checked.deployment.simulator.armed() == []
    assert [entry["status"] for entry in uploads] == [None, None]
    assert_counts(lost, answer_by_rule(lost.file))
    assert_uploaded_once(checked.deployment, lost)
    assert_rows(checked.deployment, lost, answer_by_rule(lost.file))


def test_credentials_are_forgotten_with_the_part_s_end(checked: Checked) -> None:
    for outcome in checked.outcomes.values():
        for part in outcome.parts:
            assert not set(CREDENTIALS) & set(part)
    assert checked.deployment.turns() == []
