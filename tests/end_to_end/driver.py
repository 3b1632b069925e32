"""A deployment as an operator sees it: drops files, waits for runs, and reads all that they leave behind."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from compliance import errors
from compliance.runs import run_id
from tests.end_to_end.files import IdFile
from tests.end_to_end.simulator_admin import SimulatorAdmin
from tests.schemas import check_event
from tests.statemachine.machine import JOB, RUN
from xcompliance.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from mypy_boto3_athena.client import AthenaClient
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource, Table
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_stepfunctions.client import SFNClient

Item = dict[str, Any]
Row = dict[str, str | None]

PATIENCE = 300.0
"""Seconds that all runs together may take on a slow machine."""
CREDENTIALS = ("upload_url", "session_uri", "download_url")


@dataclass(frozen=True)
class Execution:
    """One execution of a state machine. ``input`` and ``output`` are JSON texts."""

    arn: str
    status: str
    input: str
    output: str | None
    error: str | None
    cause: str | None

    @property
    def reason(self) -> str | None:
        """The words of a failure: the message of the function that ended the execution."""
        return self.cause and json.loads(self.cause)["errorMessage"]


@dataclass(frozen=True)
class Drop:
    """An object in the inbox, and the run that it must start."""

    file: IdFile
    etag: str
    run_id: str


@dataclass(frozen=True)
class Outcome:
    """How a run has ended."""

    drop: Drop
    execution: Execution
    run: Item
    parts: list[Item]

    @property
    def file(self) -> IdFile:
        return self.drop.file


class Deployment:
    """A running sandbox."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.simulator = SimulatorAdmin(box.x_api_url)
        self._ended: dict[str, Execution] = {}
        self._events: list[Item] = []

    # ---- events ----

    def listen(self) -> None:
        """Keeps what is told on the event bus from now on."""
        queue = self._queues.create_queue(QueueName="heard")["QueueUrl"]
        about = self._queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        events = self.box.session.client("events", **self._connection)
        events.put_rule(Name="heard", EventPattern=json.dumps({"source": ["xcompliance"]}))
        events.put_targets(Rule="heard", Targets=[{"Id": "heard", "Arn": about["Attributes"]["QueueArn"]}])

    def events(self) -> list[Item]:
        """What was told since ``listen``; fails for an event that is not as its schema says."""
        queue = self._queues.get_queue_url(QueueName="heard")["QueueUrl"]
        while messages := self._queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                event = json.loads(message["Body"])
                check_event(event["detail-type"], event["detail"])
                self._events.append(event)
                self._queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return self._events

    # ---- inbox and results bucket ----

    def drop(self, file: IdFile) -> Drop:
        """Puts a file into the inbox."""
        bucket = self.box.outputs["InboxBucketName"]
        for key, content in file.folder.items():
            self._s3.put_object(Bucket=bucket, Key=key, Body=content)
        answer = self._s3.put_object(Bucket=bucket, Key=file.key, Body=file.content)
        run = run_id(file.type, bucket, file.key, answer["VersionId"])
        return Drop(file, answer["ETag"].strip('"'), run)

    def tag(self, drop: Drop, key: str, value: str) -> None:
        """Tags a file in the inbox."""
        self._s3.put_object_tagging(
            Bucket=self.box.outputs["InboxBucketName"],
            Key=drop.file.key,
            Tagging={"TagSet": [{"Key": key, "Value": value}]},
        )

    def move(self, key: str, to: str) -> None:
        """Moves an object of the inbox, as ``aws s3 mv`` does."""
        bucket = self.box.outputs["InboxBucketName"]
        self._s3.copy_object(Bucket=bucket, Key=to, CopySource={"Bucket": bucket, "Key": key})
        self._s3.delete_object(Bucket=bucket, Key=key)

    def results_object(self, key: str) -> bytes:
        """The content of an object of the results bucket."""
        return self._s3.get_object(Bucket=self.box.outputs["ResultsBucketName"], Key=key)["Body"].read()

    def results_keys(self, prefix: str) -> list[str]:
        """The keys of the results bucket below a prefix."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.box.outputs["ResultsBucketName"], Prefix=prefix
        )
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    # ---- runs ----

    def await_runs(self, drops: Iterable[Drop]) -> list[Outcome]:
        """Waits until each drop's run has ended, well or not; fails with all that is known when one does not end."""
        waiting = list(drops)
        executions: dict[str, Execution] = {}
        deadline = time.monotonic() + PATIENCE
        while len(executions) < len(waiting):
            for drop in waiting:
                if drop.run_id not in executions:
                    first = next(iter(self.executions_of(drop)), None)
                    if first is not None and first.status != "RUNNING":
                        executions[drop.run_id] = first
            if time.monotonic() > deadline:
                late = [drop for drop in waiting if drop.run_id not in executions]
                raise AssertionError("These runs do not end:\n" + "\n".join(map(self.story, late)))
            time.sleep(1)
        return [self._outcome(drop, executions[drop.run_id]) for drop in waiting]

    def _outcome(self, drop: Drop, execution: Execution) -> Outcome:
        run, parts = self.records(drop.run_id)
        return Outcome(drop, execution, run or {}, parts)

    def records(self, run: str) -> tuple[Item | None, list[Item]]:
        """A run's record and those of its parts."""
        found: Item | None = None
        parts = []
        for item in self._runs():
            if item["pk"] == f"RUN#{run}":
                if item["sk"] == "RUN":
                    found = item
                else:
                    parts.append(item)
        return found, sorted(parts, key=lambda part: int(part["part"]))

    def run_records(self) -> list[Item]:
        """The records of all runs."""
        return [item for item in self._runs() if item["sk"] == "RUN" and item["pk"].startswith("RUN#")]

    def misplaced(self) -> set[str]:
        """The keys of objects that nobody reads."""
        return {item["sk"] for item in self._runs() if item["pk"] == "MISPLACED"}

    def turns(self) -> list[Item]:
        """Who holds a turn or waits for one."""
        return [item for item in self._runs() if item["pk"].startswith("TURN#") and item["sk"] != "SEQUENCE"]

    def executions_of(self, drop: Drop) -> list[Execution]:
        """The executions of the run machine for an object, first one first."""
        return [each for each in self.executions("Run") if _source(each.input) == (drop.file.key, drop.etag)]

    def executions(self, machine: str) -> list[Execution]:
        """All executions of the machine ``Run`` or ``Job``, oldest first."""
        pages = self._states.get_paginator("list_executions").paginate(
            stateMachineArn=self.box.outputs[f"{machine}StateMachineArn"]
        )
        listed = [each for page in pages for each in page["executions"]]
        return [self._execution(each["executionArn"]) for each in sorted(listed, key=lambda each: each["startDate"])]

    def _execution(self, arn: str) -> Execution:
        if arn not in self._ended:
            about = self._states.describe_execution(executionArn=arn)
            execution = Execution(
                arn,
                about["status"],
                about["input"],
                about.get("output"),
                about.get("error"),
                about.get("cause"),
            )
            if execution.status == "RUNNING":
                return execution
            self._ended[arn] = execution
        return self._ended[arn]

    def deliver_again(self, drop: Drop) -> str:
        """Starts the run machine with the very event that has started a drop's run; gives the execution's ARN.

        It waits until the run is registered: whichever execution registers it owns it.
        """
        deadline = time.monotonic() + PATIENCE
        while not (found := self.executions_of(drop)) or self.records(drop.run_id)[0] is None:
            assert time.monotonic() < deadline, f"{drop.file.key} has started nothing"
            time.sleep(0.2)
        machine = self.box.outputs["RunStateMachineArn"]
        return self._states.start_execution(stateMachineArn=machine, input=found[0].input)["executionArn"]

    def await_execution(self, arn: str) -> Execution:
        """Waits for the end of one execution."""
        deadline = time.monotonic() + PATIENCE
        while (execution := self._execution(arn)).status == "RUNNING":
            assert time.monotonic() < deadline, f"{arn} does not end"
            time.sleep(0.5)
        return execution

    def retry(self, drop: Drop) -> Outcome:
        """Starts a failed run again, as `xcompliance retry` does, and waits for its end."""
        run, _ = self.records(drop.run_id)
        assert run is not None
        about = {"key": run["key"], "version-id": run["version_id"]}
        source = {"bucket": {"name": run["bucket"]}, "object": about, "retry": True}
        machine = self.box.outputs["RunStateMachineArn"]
        started = self._states.start_execution(stateMachineArn=machine, input=json.dumps(source))
        return self._outcome(drop, self.await_execution(started["executionArn"]))

    def stop_run_of(self, drop: Drop, status: str) -> None:
        """Stops the execution of a drop's run, as an operator would, once its first part has that status."""
        self.await_part(drop, status)
        self._states.stop_execution(executionArn=self.executions_of(drop)[0].arn, cause="by an operator")

    def await_part(self, drop: Drop, status: str) -> None:
        """Waits until a drop's first part has that status."""
        deadline = time.monotonic() + PATIENCE
        while [part["status"] for part in self.records(drop.run_id)[1]][:1] != [status]:
            assert time.monotonic() < deadline, self.story(drop)
            time.sleep(0.1)

    def stop_job_of(self, drop: Drop, status: str) -> None:
        """Stops the job execution of a drop's first part, as an operator would, once the part has that status."""
        self.await_part(drop, status)
        (job,) = self.job_executions_of(drop.run_id)
        self._states.stop_execution(executionArn=job.arn, error="Stopped", cause="by an operator")
        self._tell_of_the_end(job)

    def _tell_of_the_end(self, job: Execution) -> None:
        """Hands over the event of a stopped execution: the emulator sends none for one that another has started."""
        started_at = self._states.describe_execution(executionArn=job.arn)["startDate"]
        event = {
            "source": "aws.states",
            "detail-type": "Step Functions Execution Status Change",
            "detail": {
                "executionArn": job.arn,
                "stateMachineArn": self.box.outputs["JobStateMachineArn"],
                "status": "ABORTED",
                "startDate": round(started_at.timestamp() * 1000),
                "input": job.input,
            },
        }
        self._settle(event)

    def look_after_turns(self) -> None:
        """Does what the schedule does every 15 minutes."""
        self._settle({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}})

    def _settle(self, event: Item) -> None:
        functions = self.box.session.client("lambda", **self._connection)
        answer = functions.invoke(FunctionName="XCompliance-settle_execution", Payload=json.dumps(event).encode())
        assert "FunctionError" not in answer, answer["Payload"].read()

    def job_executions_of(self, run: str) -> list[Execution]:
        """The executions of the job machine for a run's parts, oldest first."""
        return [each for each in self.executions("Job") if json.loads(each.input).get("run_id") == run]

    def history(self, arn: str) -> list[Item]:
        """The events of an execution."""
        pages = self._states.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [dict(event) for page in pages for event in page["events"]]

    def entries(self, arn: str, state: str) -> int:
        """How often an execution has entered a state."""
        details = [event.get("stateEnteredEventDetails", {}) for event in self.history(arn)]
        return sum(detail.get("name") == state for detail in details)

    def transitions(self, arn: str) -> int:
        """State transitions of an execution, as AWS charges them, less those to functions that were not heard of again.

        Each try of a task is one, and each child of a Distributed Map. The emulator's history leaves out which states
        an item of an inline Map has entered, but not what these have tried.
        """
        history = self.history(arn)
        kinds = Counter(str(event["type"]) for event in history)
        entered = sum(count for kind, count in kinds.items() if kind.endswith("StateEntered"))
        failed = [event["taskFailedEventDetails"]["error"] for event in history if event["type"] == "TaskFailed"]
        lost = sum(not hasattr(errors, error) for error in failed)
        maps = self._states.list_map_runs(executionArn=arn)["mapRuns"]
        children = sum(self._transitions_of_children(each["mapRunArn"]) for each in maps)
        return entered - kinds["TaskStateEntered"] + kinds["TaskScheduled"] - lost + children

    def _transitions_of_children(self, map_run: str) -> int:
        """One for each child that starts, and one for the only state of a Standard child."""
        count = self._states.describe_map_run(mapRunArn=map_run)["executionCounts"]["total"]
        label = map_run.split(":")[-2].partition("/")[2]
        standard = {state.body["Label"] for machine in (RUN, JOB) for state, _ in machine.children("STANDARD")}
        return int(count) * (2 if label in standard else 1)

    # ---- answers ----

    def items(self) -> dict[str, Item]:
        """Everything in the results table, by its subject."""
        return {item["subject"]: item for item in _scan(self._dynamodb.Table(self.box.outputs["ResultsTableName"]))}

    def query(self, sql: str) -> list[Row]:
        """The rows of a query in the deployment's database and workgroup."""
        query = self._athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.box.outputs["GlueDatabaseName"]},
            WorkGroup=self.box.outputs["AthenaWorkGroupName"],
        )["QueryExecutionId"]
        while True:
            status = self._athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
            if status["State"] not in ("QUEUED", "RUNNING"):
                break
            time.sleep(0.2)
        assert status["State"] == "SUCCEEDED", f"{sql}\n{status}"
        pages = self._athena.get_paginator("get_query_results").paginate(QueryExecutionId=query)
        head, *rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
        names = [each["VarCharValue"] for each in head]
        return [dict(zip(names, (each.get("VarCharValue") for each in row), strict=True)) for row in rows]

    # ---- what was written on the way ----

    def assert_complete(self, outcomes: Iterable[Outcome]) -> None:
        """Fails with the stories of those that are not complete."""
        failed = [each for each in outcomes if each.run.get("status") != "complete"]
        assert not failed, "These runs are not complete:\n" + "\n".join(self.story(each.drop) for each in failed)

    def run_and_part_records(self) -> list[str]:
        """What the records of runs and parts say, but for the credentials, which are in no other place."""
        return [_shown(item) for item in self._runs() if item["pk"].startswith("RUN#")]

    def metrics(self) -> list[Item]:
        """Names and dimensions of all metrics."""
        metrics = self.box.session.client("cloudwatch", **self._connection)
        return [metric for page in metrics.get_paginator("list_metrics").paginate() for metric in page["Metrics"]]

    def alarms(self) -> list[Item]:
        """The alarms, as they were deployed."""
        alarms = self.box.session.client("cloudwatch", **self._connection)
        pages = alarms.get_paginator("describe_alarms").paginate()
        return [dict(alarm) for page in pages for alarm in page["MetricAlarms"]]

    def queue_names(self) -> set[str]:
        """The names of all queues."""
        pages = self._queues.get_paginator("list_queues").paginate()
        return {url.rpartition("/")[2] for page in pages for url in page.get("QueueUrls", [])}

    def logs(self) -> dict[str, list[str]]:
        """The log lines of everything, by the names of the log groups."""
        groups = [
            group["logGroupName"]
            for page in self._logs.get_paginator("describe_log_groups").paginate()
            for group in page["logGroups"]
        ]
        return {group: list(self._lines_of(group)) for group in groups}

    def _lines_of(self, group: str) -> Iterator[str]:
        for page in self._logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            for event in page["events"]:
                yield event["message"]

    def story(self, drop: Drop) -> str:
        """Records, executions and warnings about a drop, without credentials: for the reader of a failed test."""
        run, parts = self.records(drop.run_id)
        told = [f"{drop.file.key} ({drop.run_id})"]
        told += [f"  run   {_shown(run)}" if run else "  no run record"]
        told += [f"  part  {_shown(part)}" for part in parts]
        for each in [*self.executions_of(drop), *self.job_executions_of(drop.run_id)]:
            told.append(f"  {each.arn.split(':', 6)[-1]}: {each.status} {each.error or ''} {each.cause or ''}".rstrip())
            if each.status != "SUCCEEDED":
                told += [f"    {event['type']} {_name(event)}" for event in self.history(each.arn)[-8:]]
        for group, messages in self.logs().items():
            about = [line for line in messages if drop.run_id in line and ('"ERROR"' in line or '"WARNING"' in line)]
            told += [f"  {group}: {line.strip()[:600]}" for line in about[-5:]]
        return "\n".join(told)

    # ---- clients ----

    def _runs(self) -> Sequence[Item]:
        return list(_scan(self._dynamodb.Table(self.box.outputs["RunsTableName"])))

    @property
    def _connection(self) -> dict[str, Any]:
        return {
            "endpoint_url": self.box.aws_endpoint_url,
            "verify": self.box.ca_bundle,
            "config": Config(proxies={}, read_timeout=120, retries={"mode": "standard"}),
        }

    @cached_property
    def _s3(self) -> "S3Client":
        return self.box.session.client("s3", **self._connection)

    @cached_property
    def _states(self) -> "SFNClient":
        return self.box.session.client("stepfunctions", **self._connection)

    @cached_property
    def _athena(self) -> "AthenaClient":
        return self.box.session.client("athena", **self._connection)

    @cached_property
    def _logs(self) -> "CloudWatchLogsClient":
        return self.box.session.client("logs", **self._connection)

    @cached_property
    def _queues(self) -> Any:
        return self.box.session.client("sqs", **self._connection)

    @cached_property
    def _dynamodb(self) -> "DynamoDBServiceResource":
        return self.box.session.resource("dynamodb", **self._connection)


def _source(execution_input: str) -> tuple[str, str] | None:
    """Key and ETag of the object that a run began with; None for other executions."""
    about = json.loads(execution_input)
    if not isinstance(about, dict) or "object" not in about:
        return None
    return about["object"]["key"], about["object"].get("etag", "")


def _scan(table: "Table") -> Iterator[Item]:
    pages = table.meta.client.get_paginator("scan").paginate(TableName=table.name, ConsistentRead=True)
    for page in pages:
        for item in page["Items"]:
            yield {name: _number(value) for name, value in item.items()}


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _number(each) for name, each in value.items()}
    return value


def _shown(item: Item) -> str:
    return json.dumps({name: value for name, value in item.items() if name not in CREDENTIALS}, default=str)


def _name(event: Item) -> str:
    """What a history event is about."""
    details = [value for value in event.values() if isinstance(value, dict)]
    return " ".join(str(each.get("name") or each.get("error") or "") for each in details).strip()
