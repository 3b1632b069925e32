"""A figure that is wrong by one is found, wherever it is."""

from dataclasses import replace
from typing import Any

import pytest

from xcompliance import figures
from xcompliance.athena import Row
from xcompliance.figures import Figure
from xcompliance.records import PartRecord, RunRecord
from xcompliance.truth import Truth

from .items import part_item, run_item


@pytest.fixture
def truth() -> Truth:
    truth = Truth("tweets", blank=1, duplicate=2, rejected=3)
    truth.parts[0].accept("tweets", "gcs", range(10**18, 10**18 + 1000))
    return truth


@pytest.fixture
def run(truth: Truth) -> RunRecord:
    counts = {name: getattr(truth, name) for name in figures.COUNTS}
    said = {"by_action": truth.count("action"), "by_reason": truth.count("reason")}
    about = {**run_item(), **counts, **said, "records": truth.affected, "result_errors": 0}
    return RunRecord.of({**about, "part_records": (PartRecord.of(part_item()),)})


@pytest.fixture
def jobs(truth: Truth, run: RunRecord) -> list[dict[str, Any]]:
    part = run.part_records[0]
    received = {"uploaded_bytes": truth.parts[0].bytes, "uploaded_crc32c": truth.parts[0].crc32c}
    return [{"id": part.job_id, "name": part.job_name, "status": "complete", "completed_uploads": 1, **received}]


def rows_of(truth: Truth) -> list[Row]:
    counts: dict[tuple[str, str], int] = {}
    for record in truth.items.values():
        pair = record["action"], record["reason"]
        counts[pair] = counts.get(pair, 0) + 1
    return [("tweets", *pair, str(number)) for pair, number in counts.items()]


def items_of(truth: Truth) -> list[dict[str, Any]]:
    return [{"subject": f"tweets#{name}", **record} for name, record in truth.items.items()]


def wrong(compared: Any) -> list[str]:
    return [figure.name for figure in compared if not figure.agrees]


def test_what_is_right_agrees(truth: Truth, run: RunRecord, jobs: list[dict[str, Any]]) -> None:
    compared = [
        *figures.of_run(run, truth),
        *figures.of_uploads(run, truth, jobs),
        *figures.of_table([truth], rows_of(truth)),
        *figures.of_items([truth], items_of(truth)),
    ]
    assert len(compared) > 20
    assert wrong(compared) == []


@pytest.mark.parametrize("name", [*figures.COUNTS, "records"])
def test_a_wrong_count_is_found(truth: Truth, run: RunRecord, name: str) -> None:
    off = replace(run, **{name: getattr(run, name) + 1})
    assert wrong(figures.of_run(off, truth)) == [f"tweets/posts.txt: {name}"]


def test_a_wrong_count_of_ids_in_several_parts_is_found(truth: Truth, run: RunRecord) -> None:
    assert wrong(figures.of_run(replace(run, duplicate_across_parts=0), truth)) == []
    off = replace(run, duplicate_across_parts=1)
    assert wrong(figures.of_run(off, truth)) == ["tweets/posts.txt: duplicate across parts"]


def test_a_reason_that_nobody_expected_is_found(truth: Truth, run: RunRecord) -> None:
    off = replace(run, by_reason={**run.by_reason, "vanished": 1})
    assert Figure("tweets/posts.txt: reason vanished", 0, 1) in figures.of_run(off, truth)


@pytest.mark.parametrize("name", ["uploaded_bytes", "uploaded_crc32c", "completed_uploads", "status"])
def test_an_upload_that_is_not_the_part_is_found(
    truth: Truth, run: RunRecord, jobs: list[dict[str, Any]], name: str
) -> None:
    assert len(wrong(figures.of_uploads(run, truth, [{**jobs[0], name: None}]))) == 1


def test_a_job_that_x_does_not_know_is_found(truth: Truth, run: RunRecord) -> None:
    assert len(wrong(figures.of_uploads(run, truth, []))) == 5


def test_a_row_that_is_missing_or_too_many_is_found(truth: Truth) -> None:
    rows = rows_of(truth)
    assert len(wrong(figures.of_table([truth], rows[1:]))) == 1
    assert wrong(figures.of_table([truth], [*rows, ("users", "delete", None, "1")])) == ["Athena users delete -"]


def test_an_item_that_is_missing_or_says_something_else_is_found(truth: Truth) -> None:
    items = items_of(truth)
    assert wrong(figures.of_items([truth], items[1:])) == ["DynamoDB: items", "DynamoDB: items that say what X said"]
    other = [{**items[0], "reason": "vanished"}, *items[1:]]
    assert wrong(figures.of_items([truth], other)) == ["DynamoDB: items that say what X said"]


def test_the_same_moment_in_other_words_is_the_same(truth: Truth) -> None:
    items = [{**item, "created_at": item["created_at"].replace("Z", "+00:00")} for item in items_of(truth)]
    assert wrong(figures.of_items([truth], items)) == []
