"""What may be in the inbox: dirt is tolerated and listed, nonsense is refused, and nothing is checked twice."""

import json
import time

import pytest

from tests.end_to_end.driver import PATIENCE, Outcome
from tests.end_to_end.files import answer_by_rule
from tests.end_to_end.gcs.conftest import MARKERS, STRAYS, Checked

pytestmark = pytest.mark.end_to_end


def _rejects_object(checked: Checked, outcome: Outcome) -> list[tuple[int, str, str]]:
    run = outcome.drop.run_id
    prefix = f"rejects/type={outcome.file.type}/checked_on={outcome.run['checked_on']}/{run}-"
    rows = [
        json.loads(line)
        for key in checked.deployment.results_keys(prefix)
        for line in checked.deployment.results_object(key).splitlines()
    ]
    assert {(row["run_id"], row["part"]) for row in rows} <= {(run, 1)}
    return [(row["line"], row["reason"], row["text"]) for row in rows]


@pytest.mark.parametrize("name", ["dirty", "limit", "refused"])
def test_the_rejects_name_line_reason_and_text(checked: Checked, name: str) -> None:
    outcome = checked[name]
    assert _rejects_object(checked, outcome) == list(outcome.file.rejects)


@pytest.mark.parametrize("name", ["dirty", "refused"])
def test_athena_shows_the_rejects(checked: Checked, name: str) -> None:
    outcome = checked[name]
    rows = checked.deployment.query(
        f"SELECT part, line, reason, text FROM rejects WHERE type = '{outcome.file.type}' "
        f"AND checked_on = '{outcome.run['checked_on']}' AND run_id = '{outcome.drop.run_id}' ORDER BY line"
    )
    assert [(int(row["line"] or 0), row["reason"], row["text"]) for row in rows] == list(outcome.file.rejects)
    assert {row["part"] for row in rows} == {"1"}


def test_a_file_with_too_many_rejects_is_refused_before_x_hears_of_it(checked: Checked) -> None:
    refused = checked["refused"]
    assert refused.run["status"] == "failed"
    assert refused.run["error"] == "InputRejected"
    assert {name: refused.run[name] for name in refused.file.counts} == refused.file.counts
    words = refused.run["error_message"]
    assert "21 of 1000 lines" in words
    assert "1 %" in words
    assert "Nothing was sent to X" in words
    assert checked.deployment.simulator.jobs(refused.drop.run_id) == []
    assert checked.deployment.job_executions_of(refused.drop.run_id) == []


def test_as_many_creates_as_parts_were_checked(checked: Checked) -> None:
    with_job = [part for outcome in checked.outcomes.values() for part in outcome.parts if "job_id" in part]
    assert sorted(job["name"] for job in checked.jobs) == sorted(part["job_name"] for part in with_job)
    assert sum(entry["operation"] == "create_job" for entry in checked.journal) == len(with_job)


@pytest.mark.parametrize("name", ["refused", "rounded", "empty", "blank"])
def test_a_run_that_is_refused_fails_as_an_execution_and_says_why(checked: Checked, name: str) -> None:
    outcome = checked[name]
    assert outcome.execution.status == "FAILED"
    assert outcome.execution.error == outcome.run["error"]
    assert outcome.execution.reason == outcome.run["error_message"]
    assert outcome.run["ended_at"] >= outcome.run["started_at"]


def test_rounded_ids_are_refused_before_x_hears_of_them(checked: Checked) -> None:
    rounded = checked["rounded"]
    assert (rounded.run["status"], rounded.run["error"]) == ("failed", "RoundedIds")
    assert "All 300 IDs end in 0000" in rounded.run["error_message"]
    assert checked.deployment.simulator.jobs(rounded.drop.run_id) == []


def test_a_tag_that_accepts_rounded_ids_counts_for_a_retry(checked: Checked) -> None:
    rounded = checked["rounded"]
    checked.deployment.tag(rounded.drop, "rounded-ids", "warn")
    again = checked.deployment.retry(rounded.drop)
    assert (again.run["status"], again.run["records"]) == ("complete", len(answer_by_rule(rounded.file).records))
    assert "accepted because rounded_ids is set to warn" in again.run["warnings"][0]


@pytest.mark.parametrize("name", ["empty", "blank"])
def test_a_file_without_an_id_has_nothing_to_check(checked: Checked, name: str) -> None:
    outcome = checked[name]
    assert (outcome.run["status"], outcome.run["error"]) == ("failed", "NothingToCheck")
    assert "nothing to check" in outcome.run["error_message"]
    assert checked.deployment.simulator.jobs(outcome.drop.run_id) == []


def test_any_key_is_kept_as_it_was_written(checked: Checked) -> None:
    assert checked["odd key"].run["key"] == "users/größe + 100% naïve/日本 & (1)=?#.txt"


def test_the_event_names_the_version_as_it_does_on_aws(checked: Checked) -> None:
    first = checked["first"]
    assert json.loads(first.execution.input)["object"]["version-id"] == first.run["version_id"]


def test_an_event_that_comes_again_starts_no_second_run(checked: Checked) -> None:
    first = checked["first"]
    for execution in checked.again:
        assert execution.status == "SUCCEEDED"
        assert json.loads(execution.output or "")["duplicate"] is True
        assert json.loads(execution.output or "")["run_id"] == first.drop.run_id
    assert first.run["execution_arn"] == first.execution.arn
    assert len(checked.deployment.executions_of(first.drop)) == 3
    assert len(checked.deployment.job_executions_of(first.drop.run_id)) == 1
    assert len(checked.deployment.simulator.jobs(first.drop.run_id)) == 1


def test_an_object_outside_the_inbox_s_folders_starts_nothing(checked: Checked) -> None:
    inputs = " ".join(execution.input for execution in checked.deployment.executions("Run"))
    recorded = {run["key"] for run in checked.deployment.run_records()}
    for key in STRAYS:
        assert f'"{key}"' not in inputs
        assert key not in recorded


def test_an_object_outside_the_inbox_s_folders_is_heard_of_until_it_is_moved(checked: Checked) -> None:
    deployment = checked.deployment
    assert deployment.misplaced() == {*STRAYS}
    deployment.move(STRAYS[-1], "datasets/tweets/moved/plain.txt")
    deadline = time.monotonic() + PATIENCE
    while deployment.misplaced() != {*STRAYS[:-1]}:
        assert time.monotonic() < deadline, deployment.misplaced()
        time.sleep(0.2)
    deployment.move("datasets/tweets/moved/plain.txt", STRAYS[-1])


def test_temporary_and_marker_files_start_no_run_and_fail_nothing(checked: Checked) -> None:
    recorded = {run["key"] for run in checked.deployment.run_records()}
    runs = {json.loads(each.input)["object"]["key"]: each for each in checked.deployment.executions("Run")}
    for key in MARKERS:
        assert runs[key].status == "SUCCEEDED"
        assert json.loads(runs[key].output or "")["folder"] is True
        assert key not in recorded
