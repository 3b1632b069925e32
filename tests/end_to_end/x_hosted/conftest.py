"""One deployment whose uploads X takes itself, answered from an events file."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.end_to_end.deployed import deployed
from tests.end_to_end.driver import PATIENCE, Deployment, Drop, Execution, Item, Outcome
from tests.end_to_end.files import Answer, IdFile
from tests.end_to_end.simulator_admin import Entry, Job
from tests.end_to_end.x_hosted.inbox import (
    ABORTED,
    CHECKED,
    DATASETS,
    HALTED,
    HELD,
    LOST,
    REFUSALS,
    STOPPED,
    WAITING,
    answers,
    events,
    inbox,
)
from xcompliance.sandbox.sandbox import Options

STRICT = {"customer_key": "true", "bucket_prefix": "acme-archive", "role_path": "/service/x/", "tags": "team=data"}
"""What strict accounts ask for: all of it is deployed here, and works with IAM enforced."""


@dataclass(frozen=True)
class Checked:
    """What has become of the inbox, and what there was to see when its last run had ended."""

    deployment: Deployment
    outcomes: Mapping[str, Outcome]
    answers: Mapping[str, Answer]
    again: Execution
    """The file "posts", announced a second time."""
    items: Mapping[str, Item]
    jobs: list[Job]
    journal: list[Entry]

    def __getitem__(self, name: str) -> Outcome:
        return self.outcomes[name]


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("x")
    file, datasets = folder / "events.ndjson", folder / "datasets.yaml"
    file.write_bytes(events())
    datasets.write_text(DATASETS)
    options = Options(
        generation="x-hosted",
        events=file,
        job_seconds=1.0,
        context={
            "part_size_mb": "1",
            "first_poll_seconds": "8",
            "min_poll_seconds": "8",
            "max_poll_seconds": "20",
            "deduplicate_across_parts": "true",
            "datasets_file": str(datasets),
            **STRICT,
        },
    )
    with deployed(options) as running:
        yield running


@pytest.fixture(scope="package")
def checked(deployment: Deployment) -> Checked:
    """All files dropped at once, and their runs ended."""
    drops = {name: deployment.drop(file) for name, file in inbox().items()}
    deployment.drop(IdFile("Tweets/misplaced.txt", b"1234567890123456789\n", []))
    again = deployment.deliver_again(drops["posts"])
    outcomes = dict(zip(drops, deployment.await_runs(drops.values()), strict=True))
    deployment.assert_complete(outcomes[name] for name in CHECKED)
    return Checked(
        deployment,
        outcomes,
        answers(),
        deployment.await_execution(again),
        deployment.items(),
        deployment.simulator.jobs(),
        deployment.simulator.journal(),
    )


@pytest.fixture(scope="package")
def lost(checked: Checked) -> Outcome:
    """A file whose upload arrives although X's answer does not, and whose results arrive harmed at first."""
    deployment = checked.deployment
    deployment.simulator.arm("reset", operation="upload", after_bytes=10_000)
    deployment.simulator.arm("lost_answer", operation="upload")
    deployment.simulator.arm("truncated_download", keep_bytes=1_000)
    (outcome,) = deployment.await_runs([deployment.drop(LOST)])
    deployment.assert_complete([outcome])
    return outcome


@pytest.fixture(scope="package")
def stopped(lost: Outcome, deployment: Deployment) -> tuple[Outcome, Outcome]:
    """A file whose job is stopped while X works on it, and one of the same type that waits for its turn."""
    deployment.simulator.change(job_seconds=600.0)
    first = deployment.drop(STOPPED)
    while not deployment.job_executions_of(first.run_id):
        time.sleep(0.2)
    second = deployment.drop(WAITING)
    deployment.stop_job_of(first, "in_progress")
    deployment.simulator.change(job_seconds=1.0)
    deployment.simulator.advance(600)
    one, other = deployment.await_runs([first, second])
    return one, other


@pytest.fixture(scope="package")
def aborted(stopped: tuple[Outcome, Outcome], deployment: Deployment) -> Drop:
    """A file whose run is stopped while X works on it."""
    return _stopped_while_x_works(deployment, ABORTED)


@pytest.fixture(scope="package")
def halted(aborted: Drop, deployment: Deployment) -> Drop:
    """A folder whose files repeat each other, and whose run is stopped while X works on the first part."""
    return _stopped_while_x_works(deployment, HALTED)


@pytest.fixture(scope="package")
def refused(checked: Checked) -> Mapping[str, Outcome]:
    """Files that X does nothing with, by the error that it gives as the reason."""
    simulator = checked.deployment.simulator
    outcomes = {}
    for error, file in REFUSALS.items():
        match error:
            case "BadCredentials":
                simulator.arm("status", operation="create_job", status=401, times=2)
            case "CreditsDepleted":
                simulator.arm("credits_depleted", operation="create_job", times=3)
            case "UsageCapExceeded":
                simulator.arm("usage_capped", operation="create_job")
        (outcomes[error],) = checked.deployment.await_runs([checked.deployment.drop(file)])
    return outcomes


@pytest.fixture(scope="package")
def seen(refused: Mapping[str, Outcome], deployment: Deployment) -> Outcome:
    """A look at how things stand while X works for both types, and when one of its answers cannot be downloaded."""
    deployment.simulator.change(job_seconds=600.0)
    drops = [deployment.drop(file) for file in HELD]
    for drop in drops:
        deployment.await_part(drop, "in_progress")
    deployment.look_after_turns()
    deployment.simulator.arm(
        "empty_404", operation="download", times=3
    )  # both are tried again, and one is refused again
    deployment.simulator.change(job_seconds=1.0)
    deployment.simulator.advance(600)
    outcomes = deployment.await_runs(drops)
    deployment.look_after_turns()
    (failed,) = (each for each in outcomes if each.run["status"] == "failed")
    return failed


def _stopped_while_x_works(deployment: Deployment, file: IdFile) -> Drop:
    deployment.simulator.change(job_seconds=600.0)
    drop = deployment.drop(file)
    deployment.stop_run_of(drop, "in_progress")
    deployment.simulator.change(job_seconds=1.0)
    deadline = time.monotonic() + PATIENCE
    while (deployment.records(drop.run_id)[0] or {}).get("status") != "failed":
        assert time.monotonic() < deadline, deployment.story(drop)
        time.sleep(0.2)
    return drop
