"""X may say what nobody expects: it is counted, kept as it was said, and not mistaken for something else."""

import json

import pytest

from tests.end_to_end.driver import Item, Row
from tests.end_to_end.x_hosted.conftest import Checked
from tests.end_to_end.x_hosted.inbox import surprises

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def rows(checked: Checked) -> list[Row]:
    run = checked["surprises"].drop.run_id
    return checked.deployment.query(f"SELECT id, action, reason, error, raw FROM results WHERE run_id = '{run}'")


def _rows(rows: list[Row], name: str) -> list[Row]:
    return [row for row in rows if row["id"] == surprises()[name][0]["id"]]


def _item(checked: Checked, name: str) -> Item | None:
    return checked.items.get(f"tweets#{surprises()[name][0]['id']}")


def test_a_blank_line_in_x_s_answer_is_no_record(checked: Checked) -> None:
    (part,) = checked["surprises"].parts
    raw = checked.deployment.results_object(f"raw/{part['run_id']}/00001.ndjson")
    assert b"\n\n" in raw
    assert part["records"] == sum(len(lines) for lines in surprises().values())


def test_unknown_words_are_passed_on(checked: Checked, rows: list[Row]) -> None:
    (row,) = _rows(rows, "unknown words")
    item = _item(checked, "unknown words")
    assert item is not None
    assert (row["action"], row["reason"]) == (item["action"], item["reason"]) == ("quarantine", "under_review")
    assert checked["surprises"].run["by_action"]["quarantine"] == 1


def test_an_error_is_counted_and_kept_but_says_nothing_of_the_id(checked: Checked, rows: list[Row]) -> None:
    (row,) = _rows(rows, "an error")
    assert (row["action"], row["error"]) == (None, "not_authorized")
    assert _item(checked, "an error") is None
    assert checked["surprises"].run["result_errors"] == 1


@pytest.mark.parametrize("name", ["the weaker word first", "the stronger word first"])
def test_of_two_words_on_an_id_the_stronger_one_counts(checked: Checked, rows: list[Row], name: str) -> None:
    assert sorted(str(row["action"]) for row in _rows(rows, name)) == ["delete", "scrub_geo"]
    item = _item(checked, name)
    assert item is not None
    assert item["action"] == "delete"


@pytest.mark.parametrize("name", ["a new field", "a time that is none", "the old word for a location"])
def test_what_does_not_fit_the_columns_is_kept_as_it_was_said(rows: list[Row], name: str) -> None:
    (row,) = _rows(rows, name)
    (said,) = surprises()[name]
    assert json.loads(row["raw"] or "") == said


def test_the_removal_of_a_location_is_no_deletion(checked: Checked) -> None:
    item = _item(checked, "the old word for a location")
    assert item is not None
    assert item["action"] == "scrub_geo"


def test_an_action_without_a_reason_counts(checked: Checked) -> None:
    item = _item(checked, "no reason")
    assert item is not None
    assert "reason" not in item
    assert item["action"] == "delete"


def test_nobody_is_answered_who_was_not_asked_about(checked: Checked) -> None:
    assert not [subject for subject in checked.items if subject.endswith("#77777777777777777")]
