"""An ID that stands in several parts of a run is checked once, where the deployer wants it."""

import pytest

from tests.end_to_end.checks import assert_counts, assert_uploaded_once
from tests.end_to_end.driver import Drop
from tests.end_to_end.x_hosted.conftest import Checked
from tests.end_to_end.x_hosted.inbox import OVERLAPS, answer_by_rule

pytestmark = pytest.mark.end_to_end


def test_an_id_is_sent_with_the_lowest_part_that_holds_it(checked: Checked) -> None:
    outcome = checked["overlapping"]
    assert [part["accepted"] for part in outcome.parts] == [26_000, 20_000, 19_000]
    assert [part.get("duplicate_across_parts") for part in outcome.parts] == [None, 6_000, 7_000]
    assert outcome.run["duplicate_across_parts"] == OVERLAPS
    assert_uploaded_once(checked.deployment, outcome)


def test_parts_that_share_no_id_stay_as_they_are(checked: Checked) -> None:
    first, second = checked["in two parts"].parts
    assert checked["in two parts"].run["duplicate_across_parts"] == second["duplicate_across_parts"] == 0
    assert [part["object_key"].split("/")[0] for part in (first, second)] == ["parts", "parts"]


def test_a_file_of_one_part_says_nothing_of_others(checked: Checked) -> None:
    assert "duplicate_across_parts" not in checked["posts"].run


def test_athena_has_the_ids_of_each_part_as_they_were_prepared(checked: Checked) -> None:
    run = checked["overlapping"].drop.run_id
    rows = checked.deployment.query(
        "SELECT part, count(*) AS ids, count(DISTINCT id) AS different FROM prepared_ids "
        f"WHERE run_id = '{run}' AND part BETWEEN 1 AND 3 GROUP BY part ORDER BY part"
    )
    assert rows == [{"part": str(part), "ids": "26000", "different": "26000"} for part in (1, 2, 3)]


def test_a_run_that_is_started_again_leaves_its_parts_as_they_are(checked: Checked, halted: Drop) -> None:
    deployment = checked.deployment
    before = [_contents(part) for part in deployment.records(halted.run_id)[1]]
    assert [accepted for *_, accepted in before] == [28_000, 2_000]
    queries = deployment.results_keys("athena/")
    retried = deployment.retry(halted)
    deployment.assert_complete([retried])
    assert [_contents(part) for part in retried.parts] == before
    assert deployment.results_keys("athena/") == queries
    assert retried.run["duplicate_across_parts"] == 28_000
    assert_counts(retried, answer_by_rule(retried.file))


def _contents(part: dict[str, object]) -> tuple[object, ...]:
    return tuple(
        part[name] for name in ("object_key", "bytes", "crc32c", "deduplicated_at", "accepted") if name in part
    )
