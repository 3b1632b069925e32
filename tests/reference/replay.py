"""Moto's Step Functions, which carry the machines out a second time, with the answers that functions once gave.

Moto evaluates no JSONata by itself: it asks the reference engine. Nobody waits: a pause is over at once.
"""

import io
import json
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
    state_task_service_sfn,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.jsonata import jsonata

from tests.faults.deployment import Deployment
from tests.faults.interpreter import MACHINES, Execution, StepError
from tests.reference.engine import Engine, NoValueError
from tests.statemachine.machine import Machine

REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/XCompliance"
PATIENCE_SECONDS = 60.0
ATTEMPTED = ("TaskScheduled",)
PASSED = ("WaitStateEntered", "PassStateEntered", "SucceedStateEntered", "FailStateEntered")

Asked = tuple[str, Any, Any]
"""A function, and the part and the beginning of the range that it is asked about, if any."""


@dataclass
class Answers:
    """What functions answered, for each question in its order: a result or an error."""

    given: dict[Asked, deque[Any]] = field(default_factory=lambda: defaultdict(deque))
    unasked_for: list[Asked] = field(default_factory=list)
    """Questions that nobody asked when the answers were recorded."""

    def keep(self, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
        """Keep whatever the deployment's functions answer from now on."""
        invoke = deployment.invoke

        def kept(function: str, payload: Any) -> Any:
            try:
                answer = invoke(function, payload)
            except StepError as error:
                self.given[_asked(function, payload)].append(error)
                raise
            self.given[_asked(function, payload)].append(answer)
            return answer

        monkeypatch.setattr(deployment, "invoke", kept)

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        """Answer as Lambda's client does."""
        payload = json.loads(Payload)
        asked = _asked(FunctionName.rpartition(":")[2], payload)
        if not self.given[asked]:
            self.unasked_for.append(asked)
            return _response({"errorType": "Unasked", "errorMessage": str(asked)}, is_error=True)
        answer = self.given[asked].popleft()
        if not isinstance(answer, StepError):
            if "task_token" in payload:
                boto3.client("stepfunctions", REGION).send_task_success(taskToken=payload["task_token"], output="{}")
            return _response(answer)
        service, _, code = answer.error.partition(".")
        if service == "Lambda":
            raise ClientError(
                {"Error": {"Code": code, "Message": answer.cause}, "ResponseMetadata": _METADATA}, "Invoke"
            )
        return _response(json.loads(answer.cause or "{}") | {"errorType": answer.error}, is_error=True)


class Starter:
    """Starts executions for a state, which writes parameters with capitals and expects them in the answer."""

    def __init__(self) -> None:
        self._client: Any = boto3.client("stepfunctions", REGION)

    def start_execution(self, **parameters: str) -> dict[str, Any]:
        """Answer as the optimized integration does."""
        answer = self._client.start_execution(
            **{f"{name[0].lower()}{name[1:]}": each for name, each in parameters.items()}
        )
        return {"ExecutionArn": answer["executionArn"], "StartDate": answer["startDate"].isoformat()}

    def describe_execution(self, **parameters: str) -> Any:
        """Answer as the client does."""
        return self._client.describe_execution(**parameters)


_METADATA: Any = {"HTTPStatusCode": 429, "RequestId": "1"}


@dataclass(frozen=True)
class Story:
    """What one execution did: the states that it tried, in their order, and its end."""

    path: list[str]
    status: str
    error: str
    output: Any


def told(execution: Execution) -> Story:
    """Return the story of an execution in the tests' interpreter, without the children of Distributed Maps."""
    states = execution.definition.states
    path = [name for name in execution.path if states[name].scope in ("", "Check Parts")]
    return Story(path, execution.status, execution.error, execution.output)


def _asked(function: str, payload: Any) -> Asked:
    return function, payload.get("part"), payload.get("start")


def _response(answer: Any, *, is_error: bool = False) -> dict[str, Any]:
    error = {"FunctionError": "Unhandled"} if is_error else {}
    return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode()), **error}


def deployable(machine: Machine) -> str:
    """Return a definition with names in place of its placeholders; moto knows no Express children."""
    job = f"arn:aws:states:{REGION}:123456789012:stateMachine:XComplianceJob"
    text = re.sub(r"\$\{(\w+FunctionArn)}", rf"arn:aws:lambda:{REGION}:123456789012:function:\1", machine.text)
    return text.replace("${JobStateMachineArn}", job).replace('"EXPRESS"', '"STANDARD"')


def replay(engine: Engine, answers: Answers, name: str, execution_input: Any) -> dict[str, Story]:
    """Return the stories of a run and of its jobs, by what ``named`` calls them."""
    with _moto(engine, answers) as client:
        arns = [
            client.create_state_machine(name=each, definition=deployable(machine), roleArn=ROLE)["stateMachineArn"]
            for each, machine in MACHINES.items()
        ]
        client.start_execution(stateMachineArn=arns[0], name=name, input=json.dumps(execution_input))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = [each for arn in arns for each in client.list_executions(stateMachineArn=arn)["executions"]]
            if all(each["status"] != "RUNNING" for each in found) or time.monotonic() > deadline:
                return dict(_story(client, each["executionArn"]) for each in found)
            time.sleep(0.05)


def _story(client: Any, arn: str) -> tuple[str, Story]:
    about = client.describe_execution(executionArn=arn)
    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
    path: list[str] = []
    entered = ""
    for event in (event for page in pages for event in page["events"]):
        entered = event.get("stateEnteredEventDetails", {}).get("name", entered)
        if event["type"] in (*ATTEMPTED, *PASSED):
            path.append(entered)
    output = json.loads(about["output"]) if "output" in about else None
    return named(json.loads(about["input"])), Story(path, about["status"], about.get("error", ""), output)


def named(execution_input: Any) -> str:
    """Return what both interpreters call an execution, whose names tell times."""
    return f"job {execution_input['part']}" if "part" in execution_input else "run"


@contextmanager
def _moto(engine: Engine, answers: Answers) -> Iterator[Any]:
    def evaluate(expression: str) -> Any:
        try:
            return engine.evaluate(expression)
        except NoValueError as error:
            if str(error) == "undefined":
                return None
            raise jsonata.JSONataException("UNKNOWN", str(error)) from None

    with pytest.MonkeyPatch.context() as patch, mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(variable, "testing")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setattr(jsonata, "_eval_jsonata", evaluate)
        patch.setattr(lambda_eval_utils, "boto_client_for", lambda **_: answers)
        patch.setattr(state_task_service_sfn, "boto_client_for", lambda **_: Starter())
        patch.setattr(retrier_decl, "time", SimpleNamespace(sleep=lambda _: None))
        patch.setattr(state_task_service_callback, "_DELAY_SECONDS_SYNC_CONDITION_CHECK", 0.02)
        patch.setattr(WaitFunction, "_wait_interval", lambda *_, **__: None)
        yield boto3.client("stepfunctions", REGION)


def left(answers: Answers) -> Counter[Asked]:
    """Return how many recorded answers nobody has asked for."""
    return Counter({asked: len(queue) for asked, queue in answers.given.items() if queue})
