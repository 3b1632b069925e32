"""The steps that move bytes, against the simulator's sockets."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

import adapters.log
from adapters import aws, runs_table
from adapters.settings import settings
from compliance.runs import NO_JOB, Part
from tests.fakes.clock import ManualClock
from tests.fakes.step_functions import FakeStepFunctions
from tests.fakes.world import World
from tests.unit.conftest import Functions, clients, environment, step_functions
from xcompliance.sandbox.simulator import Settings, Simulator

__all__ = ["clients", "environment", "step_functions"]

Pipe = Callable[..., "Pipeline"]


@pytest.fixture
def clock() -> ManualClock:
    """The simulator's time at the start. Its sleeps take none."""
    return ManualClock(epoch=time.time())


@dataclass
class Pipeline:
    """One part on its way through the steps of a job, over real sockets."""

    functions: Functions
    simulator: Simulator
    ref: dict[str, Any] = field(default_factory=dict)

    def begin(self, content: bytes) -> None:
        """Leaves the part as Prepare Part does."""
        self.ref = self.functions.prepared(content)

    def step(self, name: str) -> dict[str, Any]:
        """One invocation."""
        return self.functions.invoke(name, self.ref, seconds=30.0)

    def upload(self) -> None:
        """Creates a job and brings the part there."""
        assert self.step("create_job") == {"created": True}
        self.step("open_upload")
        while not self.step("upload_part")["complete"]:
            pass

    def await_job(self) -> None:
        """Poll X until it has completed the job."""
        while self.step("get_job")["status"] != "complete":
            pass

    def download(self) -> None:
        """Waits for X, and fetches the results."""
        self.await_job()
        while not self.step("download_results")["complete"]:
            pass

    def put_token(self, token: str) -> None:
        """Puts another bearer token into the secret."""
        aws.secrets_manager().put_secret_value(SecretId="bearer", SecretString=token)

    def forget_job(self) -> None:
        """Leaves the part as Abandon Job does before another job."""
        for job in self.simulator.jobs:
            job.cancelled = True
        assert runs_table.update_unchanged_part(self.part, status="prepared", **NO_JOB)

    @property
    def part(self) -> Part:
        """The part's record."""
        return self.functions.part(self.ref)

    @property
    def results(self) -> bytes:
        """What is kept of X's answer."""
        return self.functions.object(f"raw/{self.ref['run_id']}/{self.ref['part']:05}.ndjson")

    def asked(self, operation: str) -> int:
        """How often the simulator was asked for something."""
        return len(self.simulator.journal.entries(operation))


@pytest.fixture
def pipe(
    environment: None, clock: ManualClock, step_functions: FakeStepFunctions, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipe]:
    """Starts a simulator with the settings given; returns the pipeline that is deployed against it."""
    with ExitStack() as stack:
        log = io.StringIO()
        monkeypatch.setattr(adapters.log.logger.registered_handler, "stream", log)

        def start(**simulated: Any) -> Pipeline:
            simulator = stack.enter_context(Simulator(Settings(**{"job_seconds": 0, **simulated})))
            monkeypatch.setenv("X_API_URL", simulator.x_api_url)
            monkeypatch.setenv("GCS_URL", simulator.gcs_url)
            aws.secrets_manager().put_secret_value(SecretId="bearer", SecretString=simulator.settings.bearer_token)
            functions = Functions(World(clock), clock, step_functions, monkeypatch, log)
            settings.cache_clear()
            return Pipeline(functions, simulator)

        yield start
        for secret in ("X-Goog-Signature", "upload_id", "token="):
            assert secret not in log.getvalue()
