import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from xcompliance import watch as watching
from xcompliance.errors import OutcomeError
from xcompliance.progress import Doing
from xcompliance.records import PartRecord, RunRecord
from xcompliance.stack import Stack
from xcompliance.submit import Submission
from xcompliance.watch import doing_now, watch

from .conftest import Invoke, json_of
from .items import RUN_ID, part_item, run_item, without

Write = Callable[[Mapping[str, Any]], None]

NOW = datetime(2026, 11, 23, 13, 45, 30, tzinfo=UTC)
SUBMISSION = Submission(RUN_ID, "inbox", "tweets/posts.txt", "v1")
LATER = ("created_at", "uploaded_at", "completed_at", "downloaded_at", "indexed_at")


class Shown:
    def __init__(self) -> None:
        self.phases: list[str] = []
        self.warnings: list[str] = []

    def show(self, name: str, doing: Doing) -> None:
        self.phases.append(f"{name}: {doing}")

    def warn(self, name: str, warning: str) -> None:
        self.warnings.append(f"{name}: {warning}")


def checking(part: Mapping[str, Any], *more: Mapping[str, Any]) -> RunRecord:
    parts = tuple(PartRecord.of(each) for each in (part, *more))
    return RunRecord.of({**run_item(status="checking", parts=len(parts)), "part_records": parts})


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (None, "waiting for the run to begin"),
        (RunRecord.of(run_item(status="registered")), "preparing, 63 kB"),
        (checking(without(part_item(status="prepared"), *LATER)), "waiting for its turn, 18 s"),
        (
            checking(without(part_item(status="prepared", conflict_with="job 5, named other"), *LATER)),
            "waiting for somebody else's job to end, job 5, named other",
        ),
        (checking(without(part_item(status="created"), *LATER[1:])), "opening the upload"),
        (
            checking(without(part_item(status="uploading", bytes=5_300_000, uploaded_bytes=1_048_576), *LATER[1:])),
            "uploading, 1.0 MB of 5.3 MB",
        ),
        (checking(without(part_item(status="in_progress", polls=0), *LATER[2:])), "X is working, 8.0 s"),
        (checking(without(part_item(status="in_progress", polls=3), *LATER[2:])), "X is working, 8.0 s, asked 3 times"),
        (checking(without(part_item(status="in_progress"), *LATER[3:])), "downloading the results"),
        (checking(without(part_item(status="downloaded"), *LATER[4:])), "writing the results"),
        (checking(part_item()), "adding up"),
        (checking(part_item(), part_item(2, status="created")), "opening the upload, part 2 of 2"),
        (RunRecord.of(run_item()), "complete, 3,000 IDs checked, 57 affected"),
        (RunRecord.of(run_item(status="failed", error="JobExpired")), "failed, JobExpired"),
    ],
)
def test_it_says_what_is_happening(run: RunRecord | None, text: str) -> None:
    assert str(doing_now(run, NOW)) == text


def test_it_follows_a_run_to_its_end(stack: Stack, write: Callable[[Mapping[str, Any]], None]) -> None:
    write(run_item())
    write(part_item())
    shown = Shown()
    (run,) = watch(stack, [SUBMISSION], shown, pause=0)
    assert run.run_id == RUN_ID
    assert len(run.part_records) == 1
    assert shown.phases == ["tweets/posts.txt: complete, 3,000 IDs checked, 57 affected"]


def test_each_warning_is_given_once_and_before_the_end(
    stack: Stack, write: Callable[[Mapping[str, Any]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings = ["11 of 100 IDs are small numbers.", "3 of 100 IDs are from the future."]
    write(run_item(status="checking", warnings=warnings))
    shown = Shown()
    looks = iter(range(3))

    def look(seconds: float) -> None:
        assert shown.warnings == [f"tweets/posts.txt: {warning}" for warning in warnings]
        if next(looks) == 2:
            write(run_item(warnings=warnings))

    monkeypatch.setattr(time, "sleep", look)
    watch(stack, [SUBMISSION], shown, pause=0)
    assert len(shown.warnings) == 2


def test_it_gives_up_when_no_run_begins(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "REGISTERED_WITHIN_SECONDS", 0.01)
    with pytest.raises(OutcomeError, match="No run has begun for tweets/posts"):
        watch(stack, [SUBMISSION], Shown(), pause=0.02)


def test_it_gives_up_when_nothing_happens(stack: Stack, write: Callable[[Mapping[str, Any]], None]) -> None:
    write(run_item(status="preparing"))
    with pytest.raises(OutcomeError, match="Nothing has happened"):
        watch(stack, [SUBMISSION], Shown(), pause=0.02, patience=0.01)


def test_the_command_follows_a_run_that_goes_on(
    write: Callable[[Mapping[str, Any]], None], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(without(run_item(status="checking"), "ended_at"))
    write(without(part_item(status="in_progress"), *LATER[2:]))
    monkeypatch.setattr(time, "sleep", lambda seconds: write(run_item()))
    result = invoke("watch", RUN_ID)
    assert result.exit_code == 0, result.output
    assert "tweets/posts.txt: X is working" in result.stderr
    assert "tweets/posts.txt: complete, 3,000 IDs checked, 57 affected" in result.stderr
    assert f"{RUN_ID}  complete" in result.stdout


def test_the_command_prints_the_run_at_its_end(write: Callable[[Mapping[str, Any]], None], invoke: Invoke) -> None:
    write(run_item())
    write(part_item())
    document = json_of(invoke("watch", RUN_ID, "--json"))
    assert (document["status"], len(document["part_records"])) == ("complete", 1)


def test_a_run_that_fails_while_it_is_watched_ends_the_command_with_1(
    write: Callable[[Mapping[str, Any]], None], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(without(run_item(status="preparing"), "ended_at"))
    failed = run_item(status="failed", error="JobExpired", error_message="X reports the job as expired.")
    monkeypatch.setattr(time, "sleep", lambda seconds: write(failed))
    result = invoke("watch", RUN_ID)
    assert result.exit_code == 1
    assert "The run has failed: X reports the job as expired." in result.stderr


def test_so_does_one_that_had_failed_before(write: Callable[[Mapping[str, Any]], None], invoke: Invoke) -> None:
    write(run_item(status="failed", error="JobExpired"))
    result = invoke("watch", RUN_ID, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["status"] == "failed"
    assert "The run has failed: JobExpired" in result.stderr


def test_a_run_that_there_is_not_is_not_watched(stack: Stack, invoke: Invoke) -> None:
    result = invoke("watch", "tweets-nope")
    assert result.exit_code == 2
    assert "There is no run tweets-nope." in result.stderr


@pytest.mark.parametrize("earlier", [{}, {"told_at": "2026-11-23T12:00:00.000Z", "report": "reports/earlier.html"}])
def test_a_run_is_followed_until_its_report_is_there(
    stack: Stack, write: Write, monkeypatch: pytest.MonkeyPatch, earlier: dict[str, str]
) -> None:
    """An earlier end may have been told of, before the run was redriven."""
    now = datetime.now(UTC).isoformat()
    write(run_item(ended_at=now, **earlier))
    monkeypatch.setattr(time, "sleep", lambda _: write(run_item(ended_at=now, told_at=now, report="reports/r.html")))
    (run,) = watch(stack, [SUBMISSION], Shown())
    assert run.report == "reports/r.html"
