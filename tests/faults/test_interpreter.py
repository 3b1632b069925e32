"""The machines' interpreter does what Step Functions documents, and the AWS in memory what moto does."""

from collections.abc import Callable
from functools import partial
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.fakes.clock import ManualClock
from tests.faults import interpreter
from tests.faults.interpreter import Execution, StepError, StepFunctions, UnsupportedError
from tests.faults.memory_aws import MemoryAws, Refusal
from tests.statemachine.machine import Machine


class Drawn(Machine):
    """A machine that a test draws."""

    def __init__(self, **states: dict[str, Any]) -> None:
        super().__init__("drawn")
        self.__dict__["definition"] = {"StartAt": next(iter(states)), "States": states}


class Functions:
    """Functions that answer, or fail, as they are told, one invocation after the other."""

    def __init__(self, **script: list[Any]) -> None:
        self.script = script
        self.payloads: list[Any] = []

    def invoke(self, function: str, payload: Any) -> Any:
        self.payloads.append(payload)
        answer = self.script[function].pop(0)
        if isinstance(answer, StepError):
            raise answer
        return answer

    def put_events(self, entries: list[dict[str, Any]]) -> Any:
        return {"FailedEntryCount": 0, "Entries": entries}


def task(function: str = "Act", **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": f"${{{function}}}", "Payload": {"in": "{% $states.input %}"}},
        "TimeoutSeconds": 60,
        "Output": "{% $states.result.Payload %}",
        **more,
    }


def retry(*errors: str, attempts: int) -> dict[str, Any]:
    pauses = {"IntervalSeconds": 2, "BackoffRate": 2, "MaxDelaySeconds": 10, "JitterStrategy": "FULL"}
    return {"ErrorEquals": list(errors), "MaxAttempts": attempts, **pauses}


DONE = {"Type": "Succeed"}


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> StepFunctions:
    monkeypatch.setattr(interpreter, "MACHINES", {})
    return StepFunctions(ManualClock())


def run(machines: StepFunctions, machine: Machine, functions: Functions, source: Any = None) -> Execution:
    interpreter.MACHINES["drawn"] = machine
    execution = machines.start("drawn", "one", source or {})
    go_on(machines, functions)
    return execution


def go_on(machines: StepFunctions, functions: Functions) -> None:
    while (execution := machines.next()) is not None:
        machines.step(execution, functions)


def test_each_retrier_counts_its_own_attempts_and_waits_ever_longer(machines: StepFunctions) -> None:
    machine = Drawn(Act=task(Retry=[retry("A", attempts=2), retry("B", "C", attempts=1)], Next="Done"), Done=DONE)
    functions = Functions(Act=[StepError("A"), StepError("B"), StepError("A"), {"ok": 1}])
    assert run(machines, machine, functions).output == {"ok": 1}
    assert machines.clock.now() == ManualClock().now() + 2 + 2 + 4


def test_an_error_beyond_its_attempts_is_caught_and_not_given_to_the_next_retrier(machines: StepFunctions) -> None:
    caught = {"ErrorEquals": ["States.ALL"], "Output": {"error": "{% $states.errorOutput.Error %}"}, "Next": "Done"}
    retries = [retry("A", attempts=1), retry("States.ALL", attempts=5)]
    machine = Drawn(Act=task(Retry=retries, Catch=[caught], Next="Done"), Done=DONE)
    functions = Functions(Act=[StepError("A"), StepError("A")])
    assert run(machines, machine, functions).output == {"error": "A"}


def test_states_task_failed_is_every_error_but_a_timeout(machines: StepFunctions) -> None:
    caught = {"ErrorEquals": ["States.TaskFailed"], "Output": {}, "Next": "Done"}
    machine = Drawn(Act=task(Catch=[caught], Next="Done"), Done=DONE)
    assert run(machines, machine, Functions(Act=[StepError("A")])).status == "SUCCEEDED"
    machines.executions.clear()
    assert run(machines, machine, Functions(Act=[StepError("States.Timeout")])).error == "States.Timeout"


def test_what_is_assigned_is_kept_over_a_redrive_and_retries_begin_anew(machines: StepFunctions) -> None:
    first = task("First", Assign={"kept": "{% $states.result.Payload.a %}"}, Next="Second")
    second = task("Second", Retry=[retry("A", attempts=1)], Next="Done")
    second["Arguments"]["Payload"] = {
        "kept": "{% $kept %}",
        "redrives": "{% $states.context.Execution.RedriveCount ? $states.context.Execution.RedriveCount : 0 %}",
    }
    functions = Functions(First=[{"a": 7}], Second=[StepError("A"), StepError("A"), StepError("A"), {"ok": 1}])
    execution = run(machines, Drawn(First=first, Second=second, Done=DONE), functions)
    assert (execution.status, execution.error) == ("FAILED", "A")
    machines.redrive(execution.arn)
    go_on(machines, functions)
    assert execution.output == {"ok": 1}
    assert functions.payloads[1:] == [{"kept": 7, "redrives": 0}] * 2 + [{"kept": 7, "redrives": 1}] * 2


def test_a_fail_state_fails_again_when_it_is_redriven(machines: StepFunctions) -> None:
    execution = run(machines, Drawn(End={"Type": "Fail", "Error": "A", "Cause": "So it is."}), Functions())
    machines.redrive(execution.arn)
    go_on(machines, Functions())
    assert (execution.status, execution.error, execution.path) == ("FAILED", "A", ["End", "End"])


INLINE = {"Mode": "INLINE"}
STANDARD = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
EXPRESS = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}


@pytest.mark.parametrize(("config", "first_again"), [(INLINE, 0), (STANDARD, 0), (EXPRESS, 1)])
def test_a_redriven_map_does_only_what_was_not_done(
    machines: StepFunctions, config: dict[str, str], first_again: int
) -> None:
    inner = {"First": task("First", Next="Second"), "Second": task("Second", End=True)}
    inner["First"]["Output"] = "{% $states.input %}"
    each = {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "ItemProcessor": {"ProcessorConfig": config, "StartAt": "First", "States": inner},
        "Next": "Done",
    }
    functions = Functions(First=[0] * 9, Second=["a", StepError("A"), "b", "c"])
    execution = run(machines, Drawn(Each=each, Done=DONE), functions, {"items": [1, 2, 3]})
    assert execution.status == "FAILED"
    machines.redrive(execution.arn)
    go_on(machines, functions)
    assert execution.output == ["a", "b", "c"]
    assert len(functions.script["First"]) == 9 - 3 - first_again


def test_a_token_is_waited_for_until_it_is_answered_and_once_only(machines: StepFunctions) -> None:
    waiting = task(Next="Done", Resource="arn:aws:states:::lambda:invoke.waitForTaskToken", Output={})
    waiting["Arguments"]["Payload"] = {"token": "{% $states.context.Task.Token %}"}
    interpreter.MACHINES["drawn"] = Drawn(Act=waiting, Done=DONE)
    execution = machines.start("drawn", "one", {})
    functions = Functions(Act=[{}])
    machines.step(execution, functions)
    token = functions.payloads[0]["token"]
    machines.send_task_success(token, "{}")
    go_on(machines, functions)
    assert execution.status == "SUCCEEDED"
    assert machines.clock.now() == ManualClock().now()
    with pytest.raises(KeyError):
        machines.send_task_success(token, "{}")


def test_a_token_that_nobody_answers_is_a_timeout(machines: StepFunctions) -> None:
    waiting = task(Next="Done", Resource="arn:aws:states:::lambda:invoke.waitForTaskToken")
    assert run(machines, Drawn(Act=waiting, Done=DONE), Functions(Act=[{}])).error == "States.Timeout"
    assert machines.clock.now() == ManualClock().now() + 60


def mapped(config: dict[str, str], inner: dict[str, Any], **more: Any) -> Machine:
    """A machine that takes each of its input's items through one state, and catches whatever comes of it."""
    states = {"Inner": {**inner, "End": True}}
    processor = {"ProcessorConfig": config, "StartAt": "Inner", "States": states}
    caught = {"ErrorEquals": ["States.ALL"], "Output": {"error": "{% $states.errorOutput.Error %}"}, "Next": "Done"}
    each = {
        "Type": "Map",
        "Items": "{% $states.input %}",
        "ItemProcessor": processor,
        "Catch": [caught],
        "Next": "Done",
    }
    return Drawn(Each=each | more, Done=DONE)


class Slow(Functions):
    """Functions of which each invocation takes some seconds."""

    def __init__(self, clock: ManualClock, seconds: float, **script: list[Any]) -> None:
        super().__init__(**script)
        self.clock, self.seconds = clock, seconds

    def invoke(self, function: str, payload: Any) -> Any:
        self.clock.advance(self.seconds)
        return super().invoke(function, payload)


THRESHOLD = {"error": "States.ExceedToleratedFailureThreshold"}


@pytest.mark.parametrize(("config", "output"), [(STANDARD, ["late", "b"]), (EXPRESS, THRESHOLD)])
def test_an_express_child_that_retries_for_more_than_five_minutes_ends_its_map(
    machines: StepFunctions, config: dict[str, str], output: object
) -> None:
    machine = mapped(config, task(TimeoutSeconds=290, Retry=[retry("A", attempts=1)]))
    functions = Slow(machines.clock, 200, Act=[StepError("A"), "late", "b"])
    assert run(machines, machine, functions, [1, 2]).output == output


def test_an_express_child_does_not_outlive_its_five_minutes_while_it_waits_for_a_retry(machines: StepFunctions) -> None:
    pauses = {"IntervalSeconds": 400, "BackoffRate": 1, "MaxDelaySeconds": 400, "JitterStrategy": "NONE"}
    again = {"ErrorEquals": ["A"], "MaxAttempts": 1} | pauses
    execution = run(machines, mapped(EXPRESS, task(Retry=[again])), Functions(Act=[StepError("A"), "b"]), [1])
    assert execution.output == THRESHOLD
    assert machines.clock.now() == ManualClock().now() + 300


@pytest.mark.parametrize(("config", "error"), [(INLINE, "A"), (STANDARD, THRESHOLD["error"])])
def test_a_child_that_fails_ends_its_map_under_another_name_and_an_iteration_under_its_own(
    machines: StepFunctions, config: dict[str, str], error: str
) -> None:
    assert run(machines, mapped(config, task()), Functions(Act=[StepError("A")]), [1]).output == {"error": error}


THIRD = "é" * 43_700
"""In UTF-8, twice as many bytes as characters: a little over a third of what may pass."""

TWICE, THRICE = (f"{{% {' & '.join(['$states.input'] * count)} %}}" for count in (2, 3))


@pytest.mark.parametrize(
    ("state", "field"),
    [
        (task(Next="Done", Output={}), "Arguments"),
        ({"Type": "Pass", "Next": "Done"}, "Output"),
        (task(Next="Done"), "Output"),
        (task(Next="Done", Output={}), "Assign"),
    ],
)
@pytest.mark.parametrize(("value", "status"), [(TWICE, "SUCCEEDED"), (THRICE, "FAILED")])
def test_more_than_256_kib_end_an_execution_and_catching_all_errors_does_not_help(
    machines: StepFunctions, state: dict[str, Any], field: str, value: str, status: str
) -> None:
    caught = {"ErrorEquals": ["States.ALL"], "Output": {}, "Next": "Done"}
    given = {"FunctionName": "${Act}", "Payload": value} if field == "Arguments" else value
    first = state | {field: {"x": given} if field == "Assign" else given}
    first |= {"Catch": [caught]} if state["Type"] == "Task" else {}
    execution = run(machines, Drawn(First=first, Done=DONE), Functions(Act=[{}]), THIRD)
    assert execution.status == status
    assert execution.error == ("" if status == "SUCCEEDED" else "States.DataLimitExceeded")


@pytest.mark.parametrize(("count", "error"), [(2, ""), (3, "States.DataLimitExceeded")])
def test_an_answer_and_all_results_of_a_map_are_payloads(machines: StepFunctions, count: int, error: str) -> None:
    answered = run(machines, Drawn(Act=task(Output={}, Next="Done"), Done=DONE), Functions(Act=[THIRD * count]))
    machines.executions.clear()
    each = run(machines, mapped(STANDARD, task()), Functions(Act=[THIRD] * count), list(range(count)))
    assert (answered.error, each.error) == (error, error)


@pytest.mark.parametrize(("config", "fails"), [(INLINE, True), (STANDARD, False), (EXPRESS, False)])
def test_a_history_has_25_000_events_and_the_children_of_a_distributed_map_have_their_own(
    machines: StepFunctions, config: dict[str, str], fails: bool
) -> None:
    count = 25_000 // (2 + 5) + 1
    execution = run(machines, mapped(config, task(Output=1)), Functions(Act=[1] * count), list(range(count)))
    assert (execution.error == "States.Runtime") == fails


def test_a_history_is_as_long_as_step_functions_writes_it(machines: StepFunctions) -> None:
    """Started; entered, twice scheduled, started and ended, exited; entered and exited, twice; ended."""
    wait = {"Type": "Wait", "Seconds": 1, "Next": "Done"}
    machine = Drawn(Act=task(Retry=[retry("A", attempts=1)], Next="Wait"), Wait=wait, Done=DONE)
    execution = run(machines, machine, Functions(Act=[StepError("A"), 1]))
    assert execution.frames[0].events == 1 + (1 + 3 + 3 + 1) + 2 + 2 + 1


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Parallel", "Next": "Done"},
        task(HeartbeatSeconds=5, Next="Done"),
        task(Resource="arn:aws:states:::sqs:sendMessage", Next="Done"),
        task(Next="Done", Output="{% $states.result.nothing %}"),
        {"Type": "Wait", "Seconds": "{% 'soon' %}", "Next": "Done"},
        {"Type": "Wait", "Seconds": "{% 1.5 %}", "Next": "Done"},
        {"Type": "Wait", "Seconds": "{% true %}", "Next": "Done"},
        {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.nothing %}", "Next": "Done"}],
            "Default": "Done",
        },
        {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "Done"}], "Default": "Done"},
    ],
)
def test_what_is_not_known_is_not_passed_over(machines: StepFunctions, state: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError):
        run(machines, Drawn(First=state, Done=DONE), Functions(Act=[{}]))


def test_the_same_start_again_is_the_same_execution_while_it_runs(machines: StepFunctions) -> None:
    interpreter.MACHINES["drawn"] = Drawn(Done=DONE)
    execution = machines.start("drawn", "one", {"a": 1})
    assert machines.start("drawn", "one", {"a": 1}) is execution
    go_on(machines, Functions())
    with pytest.raises(StepError, match="ExecutionAlreadyExists"):
        machines.start("drawn", "one", {"a": 1})


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("PutItem", {"Item": {"pk": "a", "sk": "1", "n": 1}}),
    ("PutItem", {"Item": {"pk": "a", "sk": "1"}, "ConditionExpression": "attribute_not_exists(pk)"}),
    ("PutItem", {"Item": {"pk": "a", "sk": "2", "n": 2, "m": {"x": [1, "y", True, None]}}}),
    ("GetItem", {"Key": {"pk": "a", "sk": "2"}}),
    ("GetItem", {"Key": {"pk": "a", "sk": "9"}}),
    (
        "UpdateItem",
        {
            "Key": {"pk": "a", "sk": "2"},
            "UpdateExpression": "SET #n = :n, #s = :s REMOVE #m",
            "ExpressionAttributeNames": {"#n": "n", "#s": "s", "#m": "m"},
            "ExpressionAttributeValues": {":n": 5, ":s": "text"},
            "ConditionExpression": "attribute_exists(pk)",
            "ReturnValues": "ALL_NEW",
        },
    ),
    (
        "UpdateItem",
        {
            "Key": {"pk": "a", "sk": "2"},
            "UpdateExpression": "SET #n = :n",
            "ExpressionAttributeNames": {"#n": "n"},
            "ExpressionAttributeValues": {":n": 6, ":five": 5, ":text": "text"},
            "ConditionExpression": "(#n = :five AND s = :text)",
        },
    ),
    (
        "UpdateItem",
        {
            "Key": {"pk": "a", "sk": "9"},
            "UpdateExpression": "SET #n = :n",
            "ExpressionAttributeNames": {"#n": "n"},
            "ExpressionAttributeValues": {":n": 6},
            "ConditionExpression": "n <= :n",
        },
    ),
    (
        "Query",
        {
            "KeyConditionExpression": "(pk = :a AND begins_with(sk, :b))",
            "ExpressionAttributeValues": {":a": "a", ":b": "2"},
            "ConsistentRead": True,
        },
    ),
    ("DeleteItem", {"Key": {"pk": "a", "sk": "1"}, "ConditionExpression": "attribute_not_exists(n)"}),
    ("DeleteItem", {"Key": {"pk": "a", "sk": "1"}}),
    ("GetItem", {"Key": {"pk": "a", "sk": "1"}}),
]


def test_the_table_in_memory_answers_as_moto_does() -> None:
    written = TypeSerializer()
    memory = MemoryAws()
    memory.create_table("t", "pk", "sk")
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        client: Any = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        for operation, params in CALLS:
            typed = {
                name: {key: written.serialize(item) for key, item in value.items()}
                if name in ("Item", "Key", "ExpressionAttributeValues")
                else value
                for name, value in params.items()
            }
            by_moto = outcome(client._make_api_call, operation, {"TableName": "t", **typed})
            by_memory = outcome(partial(memory.do, "dynamodb"), operation, {"TableName": "t", **typed})
            assert by_memory == by_moto, f"{operation} {params}"


def outcome(ask: Callable[[str, dict[str, Any]], Any], operation: str, params: dict[str, Any]) -> Any:
    try:
        answer = ask(operation, params)
    except ClientError as error:
        return error.response["Error"]["Code"]
    except Refusal as refusal:
        return refusal.answer["Error"]["Code"]
    return {name: answer.get(name) for name in ("Item", "Items", "Attributes")}
