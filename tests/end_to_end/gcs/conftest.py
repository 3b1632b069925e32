"""One deployment whose uploads go to Google, one part after the other, over a slow line that forgets."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.end_to_end.deployed import deployed
from tests.end_to_end.driver import Deployment, Drop, Execution, Item, Outcome
from tests.end_to_end.files import Answer, IdFile, answer_by_rule, plain_file, snowflakes
from tests.end_to_end.gcs.inbox import CHECKED, inbox
from tests.end_to_end.simulator_admin import Entry, Job
from xcompliance.sandbox.sandbox import Options

OPTIONS = Options(
    generation="gcs",
    job_seconds=1.0,
    # A part of the archive takes ten seconds, more than an invocation may.
    upload_rate=190_000,
    simulator_options=("--partial-persistence", "0.3", "--seed", "11"),
    context={
        "part_size_mb": "2",
        "chunk_size_mb": "1",
        "transfer_timeout_seconds": "10",
        "first_poll_seconds": "8",
        "min_poll_seconds": "8",
        "max_poll_seconds": "20",
    },
)
STRAYS = (
    *("posts/plain.txt", "tweets.txt", "usersandmore/plain.txt", "Tweets/plain.txt", "old/tweets/plain.txt", "users"),
    *("/tweets/plain.txt", "tweet/plain & more.txt", " tweets/plain.txt", "datasets/tweets/plain.txt"),
)
MARKERS = (
    "tweets/export/_temporary/0/part-0.txt",
    "tweets/export/.part-0.txt.crc",
    "tweets/export/_SUCCESS",
    "tweets/.DS_Store",
)
"""What a Hadoop commit and a Mac leave beside the data."""


@dataclass(frozen=True)
class Checked:
    """What has become of the inbox, and what there was to see when its last run had ended."""

    deployment: Deployment
    outcomes: Mapping[str, Outcome]
    answers: Mapping[str, Answer]
    again: tuple[Execution, Execution]
    """The file "first", announced a second time while its run went on, and a third time after it."""
    items: Mapping[str, Item]
    jobs: list[Job]
    journal: list[Entry]

    def __getitem__(self, name: str) -> Outcome:
        return self.outcomes[name]


@pytest.fixture(scope="package")
def deployment() -> Iterator[Deployment]:
    with deployed(OPTIONS) as running:
        yield running


@pytest.fixture(scope="package")
def checked(deployment: Deployment) -> Checked:
    """All files dropped, the others while the archive is still on its way, and their runs ended."""
    files = inbox()
    drops = {name: deployment.drop(files[name]) for name in ("archive", "plain")}
    deployment.await_runs([drops["plain"]])
    for key in (*STRAYS, *MARKERS):
        deployment.drop(IdFile(key, b"1234567890123456789\n", []))
    drops |= {name: deployment.drop(files[name]) for name in ("first", "second")}
    during = deployment.deliver_again(drops["first"])
    for name in files.keys() - drops.keys():
        drops[name] = deployment.drop(files[name])
        time.sleep(1)  # functions that are warm serve the next one, too
    outcomes = dict(zip(drops, deployment.await_runs(drops.values()), strict=True))
    afterwards = deployment.deliver_again(drops["first"])
    deployment.assert_complete(outcomes[name] for name in CHECKED)
    return Checked(
        deployment,
        outcomes,
        {name: answer_by_rule(files[name]) for name in CHECKED},
        (deployment.await_execution(during), deployment.await_execution(afterwards)),
        deployment.items(),
        deployment.simulator.jobs(),
        deployment.simulator.journal(),
    )


@pytest.fixture(scope="package")
def troubled(checked: Checked) -> Outcome:
    """A file that X answers late, loses sight of, and Google gives up half-way."""
    simulator = checked.deployment.simulator
    simulator.change(upload_rate=None, partial_persistence=0.0)
    simulator.arm("lost_answer", operation="create_job")
    simulator.arm("session_lost", operation="send_chunk")
    simulator.arm("lost_answer", operation="send_chunk")
    simulator.arm("status", operation="get_job", status=503)
    simulator.arm("truncated_download", keep_bytes=1_000)
    return _run(checked.deployment, plain_file("tweets/troubled.txt", snowflakes(20, 3_000)))


@pytest.fixture(scope="package")
def refusing(troubled: Outcome, deployment: Deployment) -> Outcome:
    """A file that is dropped when X does not take ``resumable`` any more."""
    deployment.simulator.change(resumable="refused")
    return _run(deployment, plain_file("users/not resumable.txt", snowflakes(21, 2_000)))


def _run(deployment: Deployment, file: IdFile) -> Outcome:
    drop: Drop = deployment.drop(file)
    (outcome,) = deployment.await_runs([drop])
    deployment.assert_complete([outcome])
    return outcome
