"""The largest run that is allowed stays within what Step Functions allows; docs/limits.md says the same in words."""

import re
from dataclasses import asdict
from typing import cast

import pytest
from boto3.dynamodb.types import TypeSerializer

from adapters.results_sink import PIECE_BYTES
from adapters.settings import Settings
from compliance.download import State
from compliance.indexing import ranges_of
from compliance.runs import Part
from compliance.segments import MAX_PARTS
from tests.faults.deployment import Deployment
from tests.faults.memory_aws import size
from tests.statemachine.machine import JOB, ROOT, RUN

DAY = 86_400
DOCUMENT = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")

MAX_ITEM = 400 * 1024
"""Bytes of an item [DynamoDB]."""

REST_OF_A_PART = 20_000
"""Bytes of a part's record beside its download, of which signed URLs are the most."""

MAX_EVENTS = 25_000
"""Of one execution [Step Functions, service quotas]."""

EVENTS = {"Task": 5, "Choice": 2, "Wait": 2, "Pass": 2, "Succeed": 2, "Map": 4}
"""Of one state: it is entered and exited; a task is scheduled, started and ends; a map starts and ends."""

ITEM = 2
"""A map's iteration starts and ends."""

SUBMITTED = 1
"""A task that waits for an execution says once more that it has begun."""


def test_the_history_of_the_largest_run_has_room_even_when_each_part_fails() -> None:
    inner = [state for state in RUN.states.values() if state.scope == "Check Parts"]
    of_a_part = ITEM + SUBMITTED + sum(EVENTS[state.type] for state in inner)
    around = sum(EVENTS[state.type] for state in RUN.states.values() if not state.scope)
    assert of_a_part == 10
    assert around + MAX_PARTS * of_a_part < MAX_EVENTS


def test_the_document_says_how_long_a_part_may_take() -> None:
    part, turn = (
        machine.states[name].body["TimeoutSeconds"] for machine, name in ((RUN, "Check Part"), (JOB, "Take Turn"))
    )
    told = f"| a part's time | {part // DAY} days, of which {turn // DAY} in the queue for its turn |"
    assert told in DOCUMENT


def test_the_longest_answer_fits_on_the_record_of_its_part() -> None:
    match = re.search(r"\| X's answer \| (\d+) GB for a part \|", DOCUMENT)
    assert match is not None
    pieces = int(match[1]) * 10**9 // PIECE_BYTES
    state = State(10**12, 2**32, (f'"{"0" * 32}" {"A" * 6}==',) * pieces, "u" * 200, 10**12, "A" * 8)
    kept = TypeSerializer().serialize(asdict(state) | {"etags": list(state.etags)})
    assert pieces < 10_000
    assert size({"download": kept}) + REST_OF_A_PART < MAX_ITEM


def test_the_document_says_in_how_many_ranges_a_parts_answer_is_indexed() -> None:
    """128,000 records, as long as those of which two million are 271 MB."""
    assert len(ranges_of(cast(Part, {"result_bytes": 128_000 * 271 // 2}))) == 5
    assert "| index, five ranges side by side |" in DOCUMENT


@pytest.fixture
def two_ids_in_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "part_bytes", 2 * 20 + 21)


@pytest.mark.usefixtures("two_ids_in_a_part")
def test_a_run_of_as_many_parts_as_are_allowed_gets_from_state_to_state(deployment: Deployment) -> None:
    """The interpreter refuses to pass more than 256 KiB on, as Step Functions does."""
    lines = [b"%d\n" % (10**18 + number) for number in range(2 * MAX_PARTS)]
    run = deployment.start(deployment.drop(b"".join(lines)))
    deployment.run(until=lambda execution: execution.state == "Check Part", steps=8 * MAX_PARTS)
    assert run.frames[0].items is not None
    assert len(run.frames[0].items) == MAX_PARTS


@pytest.mark.usefixtures("two_ids_in_a_part")
@pytest.mark.parametrize(
    ("key", "before", "behind", "ids"), [("ids.txt", b"", b"", 12), ("ids.csv", b"id,n\n", b",1", 20_000)]
)
def test_a_dataset_of_more_parts_is_refused_before_x_hears_of_it(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, key: str, before: bytes, behind: bytes, ids: int
) -> None:
    """How many parts a table needs shows only when it is read, in batches of 8,192 rows."""
    monkeypatch.setattr("compliance.segments.MAX_PARTS", 2)
    rows = b"".join(b"%d%b\n" % (10**18 + number, behind) for number in range(ids))
    run = deployment.start(deployment.drop(before + rows, f"tweets/{key}"))
    deployment.run()
    assert run.error == "PartTooLarge"
    assert "a run checks 2 at most" in run.cause
    assert not deployment.universe.world.x.jobs
