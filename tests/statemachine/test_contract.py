"""What the machines and the code know of each other: names of errors, of functions, of fields."""

import ast
import re
from collections.abc import Iterator

import pytest

from compliance import errors
from compliance.errors import PermanentError, TransientError
from tests.statemachine.machine import JOB, ROOT, RUN, State

AWS_OWN = ("States.", "Lambda.", "Runtime.", "Sandbox.", "StepFunctions.", "EventBridge.")
TASKS = [pytest.param(state, id=f"{machine.name}-{state.name}") for machine in (RUN, JOB) for state in machine.tasks]
FUNCTIONS = [param for param in TASKS if isinstance(state := param.values[0], State) and state.function]
each_task = pytest.mark.parametrize("state", TASKS)
each_function = pytest.mark.parametrize("state", FUNCTIONS)

LAMBDA_TRANSIENT = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Runtime.ExitError",
    "Runtime.Unknown",
    "Sandbox.Timedout",
}


CALLED_BY_RULES = {"settle_execution", "note_misplaced"}
TRY_ONCE = {"Abandon Job"}
"""They speak to X, but go on without its answer."""


def file_of(state: State) -> str:
    return state.name.lower().replace(" ", "_")


def handler_files() -> set[str]:
    return {path.stem for path in (ROOT / "functions").glob("*.py")}


def tree_of(name: str) -> ast.Module:
    return ast.parse((ROOT / "functions" / f"{name}.py").read_text())


def imported(name: str) -> Iterator[str]:
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@each_task
def test_every_error_that_a_machine_speaks_of_is_one_of_aws_or_of_ours(state: State) -> None:
    named = state.retried | {name for catch in state.catches for name in catch["ErrorEquals"]}
    for name in named:
        if not name.startswith(AWS_OWN):
            kind = getattr(errors, name)
            assert issubclass(kind, TransientError if name in state.retried else PermanentError)


def test_every_transient_error_is_retried_somewhere() -> None:
    retried = {name for machine in (RUN, JOB) for state in machine.tasks for name in state.retried}
    assert {error.__name__ for error in TransientError.__subclasses__()} <= retried


@each_function
def test_state_handler_and_placeholder_have_one_name(state: State) -> None:
    assert file_of(state) in handler_files()
    assert state.function == state.name.replace(" ", "") + "FunctionArn"
    functions = [node.name for node in tree_of(file_of(state)).body if isinstance(node, ast.FunctionDef)]
    assert "handler" in functions


def test_every_handler_is_a_state_or_a_rules_and_every_placeholder_has_its_handler() -> None:
    states = {file_of(state) for machine in (RUN, JOB) for state in machine.tasks if state.function}
    assert states | CALLED_BY_RULES == handler_files()
    placeholders = {name for machine in (RUN, JOB) for name in re.findall(r"\$\{(\w+)}", machine.text)}
    functions = {"".join(word.title() for word in name.split("_")) + "FunctionArn" for name in states}
    assert placeholders == functions | {"JobStateMachineArn"}


@each_function
def test_a_breathless_lambda_or_service_is_tried_again(state: State) -> None:
    own = set() if state.name == "Report Failure" else {"AwsUnavailable"}
    assert state.retried >= LAMBDA_TRANSIENT | own


@each_function
def test_a_state_that_speaks_to_x_waits_for_it(state: State) -> None:
    if "adapters.secret.x_api" in imported(file_of(state)):
        wanted = set() if state.name in TRY_ONCE else {"XUnavailable", "RateLimited", "BadCredentials"}
        assert state.retried >= wanted | {"CreditsDepleted"}


@each_function
def test_a_transient_error_that_a_handler_names_is_retried_by_its_state(state: State) -> None:
    names = {name.rpartition(".")[2] for name in imported(file_of(state))}
    transient = {error.__name__ for error in TransientError.__subclasses__()}
    assert names & transient <= state.retried


@each_function
def test_a_state_gives_its_handler_what_it_asks_for(state: State) -> None:
    """Every ``event["name"]`` of a handler is a field of the state's payload."""
    payload = state.body["Arguments"]["Payload"]
    asked: set[str] = set()
    for node in ast.walk(tree_of(file_of(state))):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "event":
            assert isinstance(node.slice, ast.Constant)
            asked.add(str(node.slice.value))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "PartRef":
            asked |= {"run_id", "type", "part"}
    if not isinstance(payload, dict):
        ranged = {"start": 1, "end": 1, "rank": 1, "open_until": 1}
        payload = {"run_id": 1, "type": 1, "part": 1}
        payload |= {"Prepare Part": {}, "Deduplicate Part": {"duplicates": 1}, "Index Range": ranged}[state.name]
    assert asked <= set(payload)


def test_a_lost_session_leads_to_a_new_one() -> None:
    specific = {name: catch["Next"] for catch in JOB.states["Upload Part"].catches for name in catch["ErrorEquals"]}
    assert specific["SessionLost"] == specific["SessionExpired"] == "Open Upload"


def test_who_has_lost_the_turn_queues_again() -> None:
    specific = {name: catch["Next"] for catch in JOB.states["Create Job"].catches for name in catch["ErrorEquals"]}
    assert specific["TurnLost"] == "Take Turn"
