"""Uploads over a slow line, on which Google keeps a part of what is sent, and other mishaps."""

from itertools import pairwise

import pytest

from tests.end_to_end.checks import assert_counts, assert_items, assert_rows, assert_uploaded_once
from tests.end_to_end.driver import CREDENTIALS, Outcome
from tests.end_to_end.files import answer_by_rule
from tests.end_to_end.gcs.conftest import Checked
from tests.end_to_end.gcs.inbox import CHECKED

pytestmark = pytest.mark.end_to_end


def test_an_upload_goes_on_over_several_invocations(checked: Checked) -> None:
    jobs = checked.deployment.job_executions_of(checked["archive"].drop.run_id)
    assert len(jobs) == 2
    for job in jobs:
        assert job.status == "SUCCEEDED"
        assert checked.deployment.entries(job.arn, "Upload Part") >= 2
        assert checked.deployment.entries(job.arn, "Open Upload") == 1


def test_an_upload_takes_as_many_chunks_as_google_asks_for(checked: Checked) -> None:
    for part in checked["archive"].parts:
        chunks = checked.deployment.simulator.journal("send_chunk", part["job_id"])
        answered = [chunk["status"] for chunk in chunks if chunk["status"] is not None]
        assert len(answered) >= 2
        assert answered[-1] == 200
        assert set(answered[:-1]) <= {308, 503}


def test_google_keeps_less_than_it_is_sent_and_gets_the_rest_again(checked: Checked) -> None:
    parts = [part for name in CHECKED for part in checked[name].parts]
    jobs = {part["job_id"] for part in parts}
    sent = [
        chunk["received"]
        for chunk in checked.journal
        if chunk["operation"] == "send_chunk" and any(job in chunk["path"] for job in jobs)
    ]
    assert sum(sent) > sum(part["bytes"] for part in parts), "the simulator has kept all that it was sent"


@pytest.mark.parametrize("job_type", ["tweets", "users"])
def test_x_never_has_two_active_jobs_of_a_type(checked: Checked, job_type: str) -> None:
    assert {entry["status"] for entry in checked.journal if entry["operation"] == "create_job"} == {200}
    jobs = [job for job in checked.jobs if job["type"] == job_type]
    parts = [part for outcome in checked.outcomes.values() for part in outcome.parts if part["type"] == job_type]
    assert [job["id"] for job in jobs] == sorted(part["job_id"] for part in parts if "job_id" in part)
    for before, after in pairwise(jobs):
        about = [job["id"] for entry in checked.journal for job in (before, after) if job["id"] in entry["path"]]
        assert about == sorted(about), "X was asked about a job after the next one had begun"


def test_nobody_holds_a_turn_when_all_runs_have_ended(checked: Checked) -> None:
    assert checked.deployment.turns() == []


def test_credentials_are_forgotten_with_the_part_s_end(checked: Checked) -> None:
    for outcome in checked.outcomes.values():
        for part in outcome.parts:
            assert not set(CREDENTIALS) & set(part)


def test_lost_answers_lost_sessions_and_cut_downloads_cost_nothing_but_time(
    checked: Checked, troubled: Outcome
) -> None:
    answer = answer_by_rule(troubled.file)
    assert checked.deployment.simulator.armed() == []
    assert_counts(troubled, answer)
    assert_uploaded_once(checked.deployment, troubled)
    assert_rows(checked.deployment, troubled, answer)
    affected = {record["id"]: record for record in answer.affected}
    assert_items(troubled, affected, checked.deployment.items())


def test_without_resumable_uploads_a_part_goes_to_google_in_one_put(checked: Checked, refusing: Outcome) -> None:
    (part,) = refusing.parts
    assert part["transport"] == "gcs_put"
    assert len(checked.deployment.simulator.journal("upload", part["job_id"])) == 1
    assert_counts(refusing, answer_by_rule(refusing.file))
    assert_uploaded_once(checked.deployment, refusing)
