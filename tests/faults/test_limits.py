"""The largest run that is allowed stays within what Step Functions allows; docs/limits.md says the same in words."""

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import cast

import pytest
from boto3.dynamodb.types import TypeSerializer

from adapters import athena
from adapters.results_sink import PIECE_BYTES
from adapters.settings import Settings
from compliance import datasets
from compliance.download import State as DownloadState
from compliance.indexing import ranges_of
from compliance.runs import Part
from compliance.segments import MAX_PARTS
from tests.faults.deployment import Deployment
from tests.faults.interpreter import EVENTS, ITEM, MAP_RUN, MAX_EVENTS, SUBMITTED
from tests.faults.memory_aws import size
from tests.faults.truth import one_part, two_parts
from tests.statemachine.machine import JOB, ROOT, RUN, State

DAY = 86_400
LIMITS, RELIABILITY = ((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("limits", "reliability"))

MAX_ITEM = 400 * 1024
"""Bytes of an item [DynamoDB]."""

REST_OF_A_PART = 20_000
"""Bytes of a part's record beside its download, of which signed URLs are the most."""

EXECUTION = 2
"""An execution starts, or is redriven, and ends."""

REDRIVEN = 1_000
"""Parts of a run that may be redriven at least once, whatever became of them."""

OPEN = 366 * DAY
"""Longest time of an execution [Step Functions, service quotas]."""


def looks(pause: Callable[[float], int], seconds: float) -> int:
    """How often is looked whether something has come, that does not come for so long."""
    waited = count = 0
    while waited <= seconds:
        waited += pause(waited)
        count += 1
    return count


ANSWER = looks(athena.wait_seconds, athena.MAX_SECONDS) + athena.TRIES - 1
"""Looks for one of Athena's answers; a query that is asked again is looked at once more."""

LOOKS = {"Wait For Dataset": looks(datasets.wait_seconds, OPEN), "Wait For Unload": ANSWER, "Wait For Athena": ANSWER}


def of(*states: State) -> int:
    return sum(EVENTS[state.type] for state in states)


OF_A_PART = ITEM + SUBMITTED + of(*(state for state in RUN.states.values() if state.scope == "Check Parts"))
AROUND = EXECUTION + 2 * MAP_RUN + of(*(state for state in RUN.states.values() if not state.scope))


def of_a_lap(wait: State) -> int:
    """It waits, a function looks, and a choice leads back."""
    look = RUN.states[wait.body["Next"]]
    choice = RUN.states[look.body["Next"]]
    assert wait.name in choice.next
    return of(wait, look, choice)


WAITING = sum(count * of_a_lap(RUN.states[name]) for name, count in LOOKS.items())


def test_all_that_a_run_waits_for_is_counted() -> None:
    assert {state.name for state in RUN.states.values() if state.type == "Wait"} == LOOKS.keys()


def test_the_history_of_the_largest_run_has_room_even_when_it_waits_for_a_year_and_each_part_fails() -> None:
    assert OF_A_PART == 10
    assert AROUND < 100
    assert WAITING < 3_000
    assert AROUND + WAITING + MAX_PARTS * OF_A_PART < 23_100 < MAX_EVENTS
    told = "100 events around, 3,000 of waiting and 20,000 of 2,000 parts that fail are 23,100 of 25,000"
    assert told in LIMITS.replace("\n", " ")


def test_a_redrive_has_room_in_the_same_history_up_to_as_many_parts_as_is_said() -> None:
    def in_all(executions: int, parts: int) -> int:
        return executions * (AROUND + parts * OF_A_PART) + WAITING

    assert in_all(2, REDRIVEN) < MAX_EVENTS < in_all(2, MAX_PARTS)
    assert in_all(1 + 9, 200) < MAX_EVENTS
    for document in (LIMITS, RELIABILITY):
        assert f"more than {REDRIVEN:,} parts" in document.replace("\n", " ")


def test_the_document_says_how_long_a_part_may_take() -> None:
    part, turn = (
        machine.states[name].body["TimeoutSeconds"] for machine, name in ((RUN, "Check Part"), (JOB, "Take Turn"))
    )
    told = f"| a part's time | {part // DAY} days, of which {turn // DAY} in the queue for its turn |"
    assert told in LIMITS


def test_the_longest_answer_fits_on_the_record_of_its_part() -> None:
    match = re.search(
        r"\| X's answer \| (\d+) GB for a part, .*one invocation of 15 minutes reads it, at 75 MB/s", LIMITS
    )
    assert match is not None
    longest = int(match[1]) * 10**9
    assert longest <= 15 * 60 * 75e6
    pieces = longest // PIECE_BYTES
    state = DownloadState(10**12, 2**32, (f'"{"0" * 32}" {"A" * 6}==',) * pieces, "u" * 200, 10**12, "A" * 8)
    kept = TypeSerializer().serialize(asdict(state) | {"etags": list(state.etags)})
    assert pieces < 10_000
    assert size({"download": kept}) + REST_OF_A_PART < MAX_ITEM


def test_the_document_says_in_how_many_ranges_a_parts_answer_is_indexed() -> None:
    """128,000 records, as long as those of which two million are 271 MB."""
    assert len(ranges_of(cast(Part, {"result_bytes": 128_000 * 271 // 2}))) == 5
    assert "| index, five ranges side by side |" in LIMITS


@pytest.fixture
def two_ids_in_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "part_bytes", 2 * 20 + 21)


@pytest.mark.usefixtures("two_ids_in_a_part")
def test_a_run_of_as_many_parts_as_are_allowed_gets_from_state_to_state(deployment: Deployment) -> None:
    """The interpreter ends an execution that passes more than 256 KiB on, as Step Functions does."""
    lines = [b"%d\n" % (10**18 + number) for number in range(2 * MAX_PARTS)]
    run = deployment.start(deployment.drop(b"".join(lines)))
    deployment.run(until=lambda execution: execution.state == "Check Part", steps=8 * MAX_PARTS)
    assert run.frames[0].items is not None
    assert len(run.frames[0].items) == MAX_PARTS


def test_each_part_adds_as_many_events_as_the_document_says(deployment: Deployment) -> None:
    deployment.configure(part_size_mb=1, reject_limit_percent=50.0, deduplicate_across_parts=False)
    lengths = []
    for number, file in enumerate((one_part(), two_parts(key="tweets/two.txt"))):
        run = deployment.start(deployment.drop(file.content, file.key), f"run-{number}")
        deployment.run()
        assert run.status == "SUCCEEDED"
        lengths.append(run.frames[0].events)
    assert lengths[1] - lengths[0] == OF_A_PART - EVENTS["Pass"] == 8
    assert lengths[0] < AROUND + OF_A_PART
    assert "Checking a part adds 8 events" in LIMITS


@pytest.mark.usefixtures("two_ids_in_a_part")
def test_more_failed_parts_than_their_errors_have_room_for_end_a_run_as_the_document_says(
    deployment: Deployment,
) -> None:
    lines = [b"%d\n" % (10**18 + number) for number in range(2 * MAX_PARTS)]
    source = deployment.drop(b"".join(lines))
    run = deployment.start(source)
    deployment.run(until=lambda execution: execution.state == "Prepare Part", steps=100)
    deployment.universe.aws.objects.clear()
    deployment.run(steps=8 * MAX_PARTS)
    assert (run.status, run.error) == ("FAILED", "States.DataLimitExceeded")


@pytest.mark.usefixtures("two_ids_in_a_part")
@pytest.mark.parametrize(
    ("key", "before", "behind", "ids"), [("ids.txt", b"", b"", 12), ("ids.csv", b"id,n\n", b",1", 40_000)]
)
def test_a_dataset_of_more_parts_is_refused_before_x_hears_of_it(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, key: str, before: bytes, behind: bytes, ids: int
) -> None:
    """How many parts a table needs shows only when it is read, in blocks of some 12,000 rows."""
    monkeypatch.setattr("compliance.segments.MAX_PARTS", 2)
    rows = b"".join(b"%d%b\n" % (10**18 + number, behind) for number in range(ids))
    run = deployment.start(deployment.drop(before + rows, f"tweets/{key}"))
    deployment.run()
    assert run.error == "PartTooLarge"
    assert "a run checks 2 at most" in run.cause
    assert not deployment.universe.world.x.jobs
