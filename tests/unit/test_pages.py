"""Queries of the runs table are read to their last page; DynamoDB ends a page after 1 MB."""

from typing import cast

import pytest

from adapters import answers, durations, runs_table
from adapters.aws import dynamodb
from compliance.durations import Observation
from compliance.runs import Part, PartRef

PART = cast(
    Part,
    {
        "run_id": "tweets-0123456789abcdef",
        "type": "tweets",
        "part": 1,
        "accepted": 3,
        "job_name": "tweets-0123456789abcdef-p1-a1",
        "completed_at": "2026-11-23T13:00:00.000Z",
    },
)
OTHER = cast(Part, {**PART, "part": 2, "job_name": "tweets-0123456789abcdef-p2-a1", "checked_on": "2026-11-23"})
PADDING = "x" * 350_000


def fill(pk: str) -> None:
    """Write items that sort before any other and take more than a page."""
    for number in range(4):
        key = {"pk": pk, "sk": f"!{number}"}
        dynamodb().Table("runs").put_item(
            Item=key
            | {"padding": PADDING, "answered_at": "2026-11-23T11:00:00.000Z", "size_class": -number, "jobs": []}
        )


def answer(part: Part, at: str) -> None:
    """Write down that X has answered."""
    runs_table.plan(cast(Part, {name: value for name, value in part.items() if name != "completed_at"}))
    ref = PartRef(part["run_id"], part["type"], part["part"])
    answers.open_answer(ref, part, at, completed_at=at)


@pytest.fixture(autouse=True)
def environment(environment: None) -> None:
    fill("ANSWERS#tweets")
    fill("DURATIONS#tweets")
    fill("RUN#tweets-0123456789abcdef")


def test_an_open_answer_on_a_later_page_is_counted() -> None:
    answer(OTHER, "2026-11-23T12:00:00.000Z")
    assert len(answers.open_answers("tweets")) == 5
    assert answers.open_answers("tweets")[-1] == "tweets-0123456789abcdef-p2-a1"


def test_an_open_answer_on_a_later_page_counts_as_the_newest() -> None:
    answer(OTHER, "2026-11-23T12:00:00.000Z")
    assert answers.open_until(PART) == "2026-11-23T12:00:00.000Z"


def test_a_duration_on_a_later_page_is_part_of_the_forecast() -> None:
    durations.remember(PART, Observation(95, 105))
    forecast = durations.forecast_of(PART)
    assert forecast is not None
    assert forecast.median == pytest.approx(100, rel=0.01)


def test_a_part_on_a_later_page_is_listed() -> None:
    for part in range(1, 5):
        runs_table.plan(PART | {"part": part, "checked_on": "2026-11-23", "crc32c": PADDING})
    assert [part["part"] for part in runs_table.list_parts(PART["run_id"])] == [1, 2, 3, 4]
