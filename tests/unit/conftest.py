"""AWS in memory, X and Google as fakes, and a clock that no test waits for."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from boto3.dynamodb.conditions import Attr
from moto import mock_aws

import adapters.handler
import adapters.log
from adapters import aws, event_bus, executions, items, objects, runs_table, turns
from adapters.http import Wire
from adapters.meter import count_x, note_x
from adapters.settings import settings
from compliance.attempts import Attempt
from compliance.clock import time_text
from compliance.runs import Part, PartRef, Run, part_key
from compliance.wire import Response
from tests.fakes.breach import crc32c
from tests.fakes.clock import ManualClock
from tests.fakes.crashes import crashes_shown
from tests.fakes.lambda_context import FakeContext
from tests.fakes.step_functions import FakeStepFunctions
from tests.fakes.world import CREDENTIAL, World
from tests.fakes.x import BEARER

EVENTS = Path(__file__).parents[1] / "events"
INBOX, RESULTS = "inbox", "results"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:XComplianceRun:one"
JOB_EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:XComplianceJob:one"
CLIENTS = (aws.s3, aws.dynamodb, aws.secrets_manager, aws.step_functions, aws.event_bridge, aws.athena)
STEPS_OF_A_RUN = ("plan_parts", "accept_input", "summarize_run", "record_failure", "write_report", "publish_run")
SETTINGS: dict[str, Any] = {
    "x_transfer_hosts": "api.x.com,api.twitter.com",
    "part_size_mb": 128,
    "chunk_size_mb": 1,
    "reject_limit_percent": 1.0,
    "rounded_ids": "fail",
    "embedded": True,
    "resumable": "auto",
    "unverified": "warn",
    "first_poll_seconds": 30,
    "min_poll_seconds": 5,
    "max_poll_seconds": 3600,
    "poll_worth_percent": 1.6,
    "job_deadline_hours": 24.0,
    "conflict_deadline_hours": 24.0,
    "results_index": True,
    "id_column": "",
    "deduplicate_across_parts": False,
    "working_copies_days": 90,
    "results_days": 731,
    "proof_days": 0,
}


@dataclass
class Functions:
    """The deployed functions: what they are given, what surrounds them, and what they have logged."""

    world: World
    clock: ManualClock
    step_functions: FakeStepFunctions
    monkeypatch: pytest.MonkeyPatch
    log: io.StringIO
    parts: int = 0

    def configure(self, **changes: Any) -> None:
        self.monkeypatch.setenv("SETTINGS", json.dumps(SETTINGS | changes))
        settings.cache_clear()

    def invoke(self, name: str, event: dict[str, Any], seconds: float = 55.0) -> dict[str, Any]:
        """One invocation, in and out as JSON, with ``seconds`` until it is ended."""
        self.clock.left = seconds
        if name in STEPS_OF_A_RUN:
            event = {"execution_arn": EXECUTION} | event
        handler = __import__(name).handler
        with crashes_shown():
            result = handler(json.loads(json.dumps(event)), FakeContext(self.clock))
        return cast(dict[str, Any], json.loads(json.dumps(result)))

    def drop(self, content: bytes, key: str = "tweets/ids.txt") -> dict[str, Any]:
        """Puts an object into the inbox; returns the detail of the event that tells of it."""
        version = aws.s3().put_object(Bucket=INBOX, Key=key, Body=content)["VersionId"]
        return {"bucket": {"name": INBOX}, "object": {"key": key, "version-id": version, "size": len(content)}}

    def register(self, content: bytes, key: str = "tweets/ids.txt", execution: str = EXECUTION) -> dict[str, Any]:
        event = {"source": self.drop(content, key), "execution_arn": execution, "started_at": "2026-11-23T12:00:00Z"}
        return self.invoke("register_run", event)

    def register_check(self, content: bytes, name: str, **about: Any) -> dict[str, Any]:
        """Put a file into the folder of the dataset "weekly", and register the run that its schedule starts."""
        self.drop(content, f"datasets/tweets/weekly/{name}")
        source = {
            "dataset": {"name": "weekly", "type": "tweets", "overlap": "wait", **about},
            "bucket": {"name": INBOX},
            "object": {"key": "datasets/tweets/weekly/"},
            "scheduled_at": "2026-11-23T12:00:00Z",
        }
        event = {"source": source, "execution_arn": EXECUTION, "started_at": "2026-11-23T12:00:00Z"}
        return self.invoke("register_run", event)

    def prepared(self, content: bytes, **attributes: Any) -> dict[str, Any]:
        """The reference of a part as Take Turn leaves it."""
        self.parts += 1
        key = part_key("tweets-0123456789abcdef", self.parts)
        objects.write(key, content, crc32c(content))
        part = {
            "run_id": "tweets-0123456789abcdef",
            "part": self.parts,
            "type": "tweets",
            "status": "prepared",
            "execution_arn": JOB_EXECUTION,
            "checked_on": "2026-11-23",
            "accepted": content.count(b"\n"),
            "prepared_at": time_text(self.clock.now()),
            "object_key": key,
            "bytes": len(content),
            "crc32c": crc32c(content),
        }
        runs_table.plan(cast(Part, part | attributes))
        ref = {name: part[name] for name in ("run_id", "type", "part")}
        if not turns.holds("tweets", JOB_EXECUTION):
            turns.take(PartRef.of(ref), Attempt(JOB_EXECUTION), "2026-11-23T12:00:00Z", "SECRET-token")
        return ref | {"execution_arn": JOB_EXECUTION}

    def created(self, content: bytes, **attributes: Any) -> dict[str, Any]:
        """The reference of a part as Create Job leaves it."""
        x = self.world.x
        name = f"tweets-0123456789abcdef-p{self.parts + 1}-a1"
        job = x.add("tweets", name, is_resumable=x.generation == "google" and not x.refuses_resumable)
        return self.prepared(
            content,
            status="created",
            attempt=1,
            job_name=name,
            job_id=job.id,
            resumable=job.is_resumable,
            transport="x_hosted" if x.generation == "x" else "gcs_resumable" if job.is_resumable else "gcs_put",
            created_at=time_text(self.clock.now()),
            upload_url=x.upload_url(job),
            upload_expires_at=time_text(self.clock.now() + 900),
            **attributes,
        )

    def uploaded(self, content: bytes, **attributes: Any) -> dict[str, Any]:
        """The reference of a part as Upload Part leaves it."""
        ref = self.created(
            content,
            uploaded_at=time_text(self.clock.now()),
            uploaded_bytes=len(content),
            polls=0,
            **attributes,
        )
        self.world.x.job().take(content)
        return ref

    def completed(self, content: bytes, results: bytes = b"") -> dict[str, Any]:
        """The reference of a part as Get Job leaves it when the job is complete."""
        ref = self.uploaded(content, completed_at=time_text(self.clock.now()))
        job = self.world.x.job()
        if results:
            job.answer(results)
        job.status = "complete"
        expires_at = time_text(self.clock.now() + 7 * 86_400)
        self.update(ref, download_url=self.world.x.download_url(job), download_expires_at=expires_at)
        return ref

    @staticmethod
    def recorded(name: str, **detail: Any) -> dict[str, Any]:
        """An event as AWS sends it, with changes to its detail."""
        event = cast(dict[str, Any], json.loads((EVENTS / name).read_text()))
        event["detail"] |= detail
        return event

    def part(self, ref: dict[str, Any]) -> Part:
        return runs_table.get_part(ref["run_id"], ref["part"])

    def run(self, ref: dict[str, Any]) -> Run:
        return runs_table.get_run(ref["run_id"])

    def update(self, ref: dict[str, Any], **attributes: Any) -> None:
        key = {"pk": f"RUN#{ref['run_id']}", "sk": f"PART#{ref['part']:05}"}
        items.update(key, attributes, Attr("pk").exists())

    def object(self, key: str) -> bytes:
        return aws.s3().get_object(Bucket=RESULTS, Key=key)["Body"].read()

    def keys(self, prefix: str) -> list[str]:
        listed = aws.s3().list_objects_v2(Bucket=RESULTS, Prefix=prefix).get("Contents", [])
        return [item["Key"] for item in listed]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@contextmanager
def made_clients() -> Iterator[None]:
    """Clients that know neither the developer's credentials nor anybody's endpoint."""
    variables = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_CONFIG_FILE": "/nowhere",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        for client in CLIENTS:
            client.cache_clear()
            client()
        aws.s3().meta.events.register("before-parameter-build.s3.UploadPart", _note_checksum)
        aws.s3().meta.events.register("after-call.s3.UploadPart", _say_checksum)
        yield
        for client in CLIENTS:
            client.cache_clear()


@pytest.fixture(scope="session")
def clients() -> Iterator[None]:
    with made_clients():
        yield


@pytest.fixture
def environment(clients: None, monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> Iterator[None]:
    """A function's environment, and empty buckets and tables."""
    variables = {
        "RUNS_TABLE": "runs",
        "RESULTS_TABLE": "results",
        "RESULTS_BUCKET": RESULTS,
        "BEARER_TOKEN_SECRET_ARN": "bearer",
        "X_API_URL": "https://api.x.com",
        "GCS_URL": "https://storage.googleapis.com",
        "EVENT_BUS": "default",
        "GLUE_DATABASE": "xcompliance",
        "ATHENA_WORK_GROUP": "XCompliance",
        "DATASETS": "",
        "RUN_STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:XComplianceRun",
        "POWERTOOLS_SERVICE_NAME": "XCompliance",
        "SETTINGS": json.dumps(SETTINGS),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for module in (adapters.handler, executions):
        monkeypatch.setattr(module, "time", clock)
    settings.cache_clear()
    with mock_aws():
        for bucket in (INBOX, RESULTS):
            aws.s3().create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        aws.s3().put_bucket_versioning(Bucket=INBOX, VersioningConfiguration={"Status": "Enabled"})
        _create_table("runs", "pk", "sk")
        _create_table("results", "subject")
        aws.secrets_manager().create_secret(Name="bearer", SecretString=BEARER)
        yield
    settings.cache_clear()


@pytest.fixture
def step_functions(monkeypatch: pytest.MonkeyPatch) -> FakeStepFunctions:
    fake = FakeStepFunctions()
    for module in (turns, executions):
        monkeypatch.setattr(module, "step_functions", lambda: fake)
    return fake


@pytest.fixture
def functions(
    environment: None, clock: ManualClock, step_functions: FakeStepFunctions, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Functions]:
    world = World(clock)

    def send(_: Wire, *request: Any) -> Response:
        count_x(request[0])
        answer = world.send(*request)
        note_x(request[0], answer.headers)
        return answer

    monkeypatch.setattr(Wire, "send", send)
    monkeypatch.setattr(Wire, "fetch", lambda self, request: world.fetch(request))
    log = io.StringIO()
    monkeypatch.setattr(adapters.log.logger.registered_handler, "stream", log)
    deployed = Functions(world, clock, step_functions, monkeypatch, log)
    yield deployed
    assert not CREDENTIAL.search(log.getvalue())


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The details of the events on the bus."""
    details: list[dict[str, Any]] = []

    class Bus:
        @staticmethod
        def put_events(Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
            assert {entry["Source"] for entry in Entries} == {"xcompliance"}
            details.extend({"kind": entry["DetailType"]} | json.loads(entry["Detail"]) for entry in Entries)
            return {"FailedEntryCount": 0}

    monkeypatch.setattr(event_bus, "event_bridge", Bus)
    return details


def _note_checksum(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["piece_checksum"] = params["ChecksumCRC32C"]


def _say_checksum(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """S3 answers with a piece's checksum; moto leaves it out."""
    parsed["ChecksumCRC32C"] = context["piece_checksum"]


def _create_table(name: str, *keys: str) -> None:
    kinds: tuple[Literal["HASH", "RANGE"], ...] = ("HASH", "RANGE")
    aws.dynamodb().create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, kinds, strict=False)],
    )
