"""The whole deployment in memory, on one clock: machines, functions, AWS, X and Google, with faults on request."""

import copy
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

import adapters.handler
import adapters.log
from adapters import aws, executions, inbox, parquet, results_table, turns
from adapters.http import Wire
from adapters.meter import count_x, note_x
from adapters.settings import settings
from compliance import indexing
from compliance.clock import Clock
from compliance.errors import ComplianceError
from compliance.fields import Said
from compliance.records import Records
from compliance.results import ResultRecord
from compliance.runs import Part
from compliance.wire import Download, Readable, Request, Response
from tests.fakes.clock import ManualClock
from tests.fakes.crashes import crashes_shown
from tests.fakes.gcs import ORIGIN as GOOGLE
from tests.fakes.lambda_context import FakeContext
from tests.fakes.world import World
from tests.fakes.x import BEARER
from tests.fakes.x import ORIGIN as X
from tests.faults.interpreter import Execution, StepError, StepFunctions
from tests.faults.memory_aws import MemoryAws, Refusal, answered_by
from tests.faults.sockets import Ports, listening
from tests.schemas import check_event
from tests.unit.conftest import EVENTS, INBOX, RESULTS, SETTINGS

Generation = Literal["resumable", "plain", "x-hosted"]
"""Where X lets the bytes go: to Google's resumable session, to Google in one PUT, or to X itself in one PUT."""

GENERATIONS: tuple[Generation, ...] = ("resumable", "plain", "x-hosted")

TIMEOUTS = {
    "prepare_part": 280,
    "deduplicate_part": 280,
    "upload_part": 900,
    "download_results": 900,
    "write_results": 900,
    "index_results": 900,
    "index_range": 55,
    "record_failure": 30,
    "release_turn": 30,
    "report_failure": 30,
}
"""Seconds that Lambda gives a function; 55 to any other."""

LONGEST_RECORD = 150
"""Bytes. An answer of more than one record is indexed in ranges."""

LATENCY = 0.05
"""Seconds that an invocation takes at least."""

READS = ("Get", "Head", "Query", "Describe", "List")


class Died(BaseException):
    """The function is gone, in the middle of whatever it did. No code of the product can catch that."""


@dataclass(frozen=True)
class Effect:
    """One thing that a function does to the world, or asks of it."""

    number: int
    function: str
    service: str
    operation: str
    key: str = ""
    """Of an object in S3."""

    @property
    def is_aws(self) -> bool:
        return self.service not in ("x", "google")

    @property
    def changes(self) -> bool:
        return not self.operation.startswith((*READS, "GET", "ASK"))

    def __str__(self) -> str:
        return f"{self.function}: {self.service} {self.operation}"


Act = Callable[[], Any]
Fault = Callable[[Effect, Act], Any]
"""Stands between a function and what it does: it gets the effect and the act, and returns the answer."""


def no_fault(effect: Effect, act: Act) -> Any:
    return act()


@dataclass
class Universe:
    """Everything that outlives a function."""

    clock: ManualClock = field(default_factory=ManualClock)
    aws: MemoryAws = field(default_factory=MemoryAws)
    events: list[dict[str, Any]] = field(default_factory=list)
    x_url: str = X
    gcs_url: str = GOOGLE
    world: World = field(init=False)
    machines: StepFunctions = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.clock, job_seconds=0, x_url=self.x_url, gcs_url=self.gcs_url)
        self.machines = StepFunctions(self.clock)


@dataclass
class Deployment:
    """What the functions are given, and what is done to them. ``fault`` stands before every effect.

    ``skew`` is by how many seconds the clocks of functions differ from Step Functions' own.
    """

    universe: Universe
    monkeypatch: pytest.MonkeyPatch
    log: io.StringIO
    fault: Fault = no_fault
    effects: int = 0
    skew: float = 0.0
    running: str = ""
    execution: Execution | None = None
    twin: Any = None
    is_late: bool = False
    """A function runs that stood still while others went on: Google's session may have got further without it."""
    is_dead: bool = False
    ports: Ports | None = None

    # What the machines call.

    def invoke(self, function: str, payload: Any) -> Any:
        """One invocation by a state, as Lambda and Step Functions carry it out."""
        return self.call(_file_of(function), payload)

    def call(self, name: str, payload: Any) -> Any:
        """One invocation. Exceptions become what Step Functions makes of them."""
        clock, outer = self.universe.clock, (self.running, self.universe.clock.left)
        self.running, clock.left, self.is_dead = name, TIMEOUTS.get(name, 55), False
        clock.advance(LATENCY)
        try:
            with crashes_shown():
                result = __import__(name).handler(json.loads(json.dumps(payload)), FakeContext(clock))
            if clock.left < 0:
                raise Died("Sandbox.Timedout")
        except Died as death:
            said = {"errorType": str(death), "errorMessage": "RequestId: 3f6d Error: Task timed out or exited"}
            outcome: Any = StepError(str(death), json.dumps(said))
        except (ComplianceError, ClientError) as error:
            kind = type(error).__name__
            outcome = StepError(kind, json.dumps({"errorMessage": str(error), "errorType": kind, "stackTrace": []}))
        else:
            outcome = json.loads(json.dumps(result))
        finally:
            self.running, clock.left = outer
            self.is_dead = False
        outcome, self.twin = (self.twin, None) if self.twin is not None and not self.running else (outcome, self.twin)
        if isinstance(outcome, StepError):
            raise outcome
        return outcome

    def put_events(self, entries: list[dict[str, Any]]) -> Any:
        for entry in entries:
            check_event(entry["DetailType"], entry["Detail"])
        self.universe.events.extend(json.loads(json.dumps(entries)))
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in entries]}

    # Effects.

    def act(self, service: str, operation: str, act: Act, key: str = "") -> Any:
        if not self.running:
            return act()
        if self.is_dead:
            raise Died("Runtime.ExitError")
        effect = Effect(self.effects, self.running, service, operation, key)
        self.effects += 1
        try:
            return self.fault(effect, act)
        except Died:
            self.is_dead = True
            raise

    def ask_aws(self, service: str, operation: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        try:
            key = params["Key"] if service == "s3" and "Key" in params else ""
            return 200, self.act(service, operation, lambda: self._do(service, operation, params), key)
        except Refusal as refusal:
            return refusal.status, refusal.answer

    def _do(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        machines = self.universe.machines
        match f"{service}:{operation}":
            case "stepfunctions:SendTaskSuccess":
                try:
                    machines.send_task_success(params["taskToken"], params["output"])
                except KeyError:
                    raise Refusal(400, "TaskTimedOut") from None
                return {}
            case "stepfunctions:DescribeExecution":
                if params["executionArn"] not in machines.executions:
                    raise Refusal(400, "ExecutionDoesNotExist")
                execution = machines.executions[params["executionArn"]]
                return {"status": execution.status, "redriveCount": execution.redrives}
            case "stepfunctions:ListExecutions":
                name = params["stateMachineArn"].rpartition(":")[2]
                under_way = [each for each in machines.executions.values() if each.status == params["statusFilter"]]
                began = [each.started_at for each in under_way if each.machine == name]
                return {"executions": [{"startDate": datetime.fromtimestamp(each, UTC)} for each in began]}
            case "stepfunctions:StopExecution":
                machines.abort(params["executionArn"])
                return {}
            case "events:PutEvents":
                entries = [entry | {"Detail": json.loads(entry["Detail"])} for entry in params["Entries"]]
                return dict(self.put_events(entries))
        return self.universe.aws.do(service, operation, params)

    def send(self, clock: Clock, request: Request, body: bytes | Readable | None = None) -> Response:
        is_question = request.headers.get("content-range", "").startswith("bytes *")
        operation = f"{'ASK' if is_question else request.method} {urlsplit(request.url).path}"
        answer: Response = self.act(self._host(request), operation, lambda: self._send(clock, request, body))
        return answer

    def _host(self, request: Request) -> str:
        return "google" if request.url.startswith(self.universe.gcs_url) else "x"

    def _send(self, clock: Clock, request: Request, body: bytes | Readable | None) -> Response:
        world = self.universe.world
        world.is_overtaken = self.twin is not None or self.is_late
        if self.ports is not None:
            return self.ports.send(clock, request, body)
        count_x(request)
        answer = world.send(request, body)
        note_x(request, answer.headers)
        return answer

    def fetch(self, clock: Clock, request: Request) -> AbstractContextManager[Download]:
        operation = f"GET {urlsplit(request.url).path}"
        fetched: AbstractContextManager[Download] = self.act(
            self._host(request), operation, lambda: self._fetch(clock, request)
        )
        return fetched

    def _fetch(self, clock: Clock, request: Request) -> AbstractContextManager[Download]:
        return self.ports.fetch(clock, request) if self.ports is not None else self.universe.world.fetch(request)

    # What a test does.

    def configure(self, **changes: Any) -> None:
        self.monkeypatch.setenv("SETTINGS", json.dumps(SETTINGS | changes))
        settings.cache_clear()

    def snapshot(self) -> Universe:
        """A copy of everything, to go on from."""
        return copy.deepcopy(self.universe)

    @staticmethod
    def copy_of(universe: Universe) -> Universe:
        return copy.deepcopy(universe)

    def drop(self, content: bytes, key: str = "tweets/ids.txt") -> dict[str, Any]:
        """Puts an object into the inbox; returns the detail of the event that tells of it."""
        version = self.universe.aws.put(INBOX, key, content)
        detail: dict[str, Any] = json.loads((EVENTS / "object_created.json").read_text())["detail"]
        return detail | {"object": {"key": key, "version-id": version, "size": len(content)}}

    def start(self, source: dict[str, Any], name: str = "run-1") -> Execution:
        """Starts a Compliance Run as the rule on the inbox does."""
        return self.universe.machines.start("XComplianceRun", name, source)

    def run(self, until: Callable[[Execution], bool] = lambda _: False, steps: int = 2000) -> Execution | None:
        """Lets all executions go on until they have ended, or until somebody is where ``until`` says."""
        machines = self.universe.machines
        for _ in range(steps):
            execution = machines.next()
            if execution is None or until(execution):
                return execution
            self.step(execution)
        raise AssertionError("the machines go round in circles")

    def step(self, execution: Execution) -> None:
        self.execution = execution
        self.universe.machines.step(execution, self)

    def settle(self, arn: str) -> None:
        """Delivers the event of an execution's end to the function behind the rule."""
        execution = self.universe.machines.executions[arn]
        event = json.loads((EVENTS / "execution_ended.json").read_text())
        event["detail"] |= {
            "executionArn": arn,
            "name": arn.rpartition(":")[2],
            "status": execution.status,
            "input": json.dumps(execution.input),
            "redriveCount": execution.redrives,
        }
        self.call("settle_execution", event)

    def announce_misplaced(self, key: str, kind: str) -> None:
        """Delivers S3's event for an object outside the folders that are read."""
        event = json.loads((EVENTS / "object_created.json").read_text()) | {"detail-type": kind}
        event["detail"]["object"] |= {"key": key}
        self.call("note_misplaced", event)

    def sweep(self) -> None:
        """What the schedule does."""
        self.call("settle_execution", {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}})


def _file_of(function: str) -> str:
    words = function.removesuffix("FunctionArn")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in words).lstrip("_")


def generation(universe: Universe, name: Generation) -> None:
    """Sets where X lets the bytes go."""
    universe.world.x.generation = "x" if name == "x-hosted" else "google"
    universe.world.x.refuses_resumable = name == "plain"


RESULT_COLUMNS = ("id", "action", "reason", "created_at", "redacted_at", "error", "raw")


def write_json(_: None, target: Path, *, part: Part, records: Records, said: Sequence[Said]) -> int:
    """Stands in for Parquet, whose own tests are elsewhere: a file per call costs 30 ms."""
    raw = [None] * len(records) if records.raw is None else records.raw.tolist()
    created, redacted = (each.view("M8[us]").tolist() for each in (records.created_at, records.redacted_at))
    rows = zip(map(str, records.ids.tolist()), records.said.tolist(), created, redacted, raw, strict=True)
    return write_rows(target, [(each, *said[place], *times, None, raw) for each, place, *times, raw in rows])


def write_odd_json(_: None, target: Path, *, part: Part, records: Sequence[ResultRecord]) -> int:
    """The same for records that are read one by one."""
    return write_rows(target, [tuple(getattr(each, name) for name in RESULT_COLUMNS) for each in records])


def write_rows(target: Path, rows: Iterable[tuple[Any, ...]]) -> int:
    named = [dict(zip(RESULT_COLUMNS, row, strict=True)) for row in rows]
    lines = [json.dumps(each, default=lambda time: time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")) + "\n" for each in named]
    target.write_text("".join(lines))
    return len(lines)


def write_ids(_: None, target: Path, part: Part, ids: Path) -> None:
    """The same for the IDs that X has answered for."""
    target.write_bytes(ids.read_bytes())


def unreachable() -> EndpointConnectionError:
    return EndpointConnectionError(endpoint_url="https://aws")


@contextmanager
def deployed_behind_sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """The same with X and Google behind sockets."""
    here: list[Deployment] = []
    with listening(lambda: here[0].universe.world) as ports, deployed(monkeypatch, ports) as deployment:
        here.append(deployment)
        yield deployment


@contextmanager
def deployed(monkeypatch: pytest.MonkeyPatch, ports: Ports | None = None) -> Iterator[Deployment]:
    """A deployment whose functions see it, and nothing else, until the end of the context.

    With ``ports``, they reach X and Google through sockets.
    """
    universe = Universe(x_url=ports.x_url, gcs_url=ports.gcs_url) if ports else Universe()
    universe.aws.create_table("runs", "pk", "sk")
    universe.aws.create_table("results", "subject")
    universe.aws.secrets["bearer"] = BEARER
    deployment = Deployment(universe, monkeypatch, io.StringIO(), ports=ports)

    class Time:
        @staticmethod
        def time() -> float:
            return deployment.universe.clock.now() + deployment.skew

        @staticmethod
        def sleep(seconds: float) -> None:
            deployment.universe.clock.sleep(seconds)

    variables = {
        "RUNS_TABLE": "runs",
        "RESULTS_TABLE": "results",
        "RESULTS_BUCKET": RESULTS,
        "BEARER_TOKEN_SECRET_ARN": "bearer",
        "X_API_URL": universe.x_url,
        "GCS_URL": universe.gcs_url,
        "EVENT_BUS": "default",
        "GLUE_DATABASE": "xcompliance",
        "ATHENA_WORK_GROUP": "XCompliance",
        "DATASETS": "",
        "RUN_STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:XComplianceRun",
        "POWERTOOLS_SERVICE_NAME": "XCompliance",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    deployment.configure(part_size_mb=1, reject_limit_percent=50.0, deduplicate_across_parts=True)
    monkeypatch.setattr(adapters.handler, "time", Time)
    monkeypatch.setattr(turns, "time", Time)
    monkeypatch.setattr(executions, "time", Time)
    monkeypatch.setattr(adapters.log.logger.registered_handler, "stream", deployment.log)
    monkeypatch.setattr(parquet, "connected", lambda _, threads: nullcontext())
    monkeypatch.setattr(parquet, "write_results", write_json)
    monkeypatch.setattr(parquet, "write_odd_results", write_odd_json)
    monkeypatch.setattr(parquet, "write_checked_ids", write_ids)
    monkeypatch.setattr(indexing, "RANGE_BYTES", LONGEST_RECORD)
    for one_after_the_other in ((inbox, "_SIDE_BY_SIDE"), (results_table, "_CORES")):
        monkeypatch.setattr(*one_after_the_other, 1)  # so that a story can be told again
    monkeypatch.setattr(aws.dynamodb(), "Table", cache(aws.dynamodb().Table))
    monkeypatch.setattr(Wire, "send", lambda self, *request: deployment.send(self.clock, *request))
    monkeypatch.setattr(Wire, "fetch", lambda self, request: deployment.fetch(self.clock, request))
    clients: list[Any] = [aws.s3(), aws.dynamodb().meta.client, aws.secrets_manager(), aws.step_functions()]
    clients += [aws.event_bridge(), aws.athena()]
    for client in clients:
        monkeypatch.setattr(client._user_agent_creator, "to_string", lambda: "boto")  # a tenth of every call
    with answered_by(deployment.ask_aws, *clients):
        yield deployment
    settings.cache_clear()
