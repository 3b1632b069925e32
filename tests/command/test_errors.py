"""What AWS refuses, and how the command tells it: one line, whatever was asked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from xcompliance.aws_errors import sentence
from xcompliance.cli import app
from xcompliance.errors import CommandError
from xcompliance.stack import Stack
from xcompliance.whole_file import whole_file

from .conftest import Invoke
from .items import RUN_ID

COMMANDS: dict[str, tuple[str, ...]] = {
    "submit": (__file__, "--type", "tweets"),
    "watch": (RUN_ID,),
    "cancel": (RUN_ID, "--yes"),
    "runs": (),
    "show": (RUN_ID,),
    "retry": (RUN_ID,),
    "results": (RUN_ID,),
    "lookup": ("20", "--type", "tweets"),
    "query": ("to_delete",),
    "datasets": (),
    "check": ("weekly",),
    "policy": ("analyst",),
}
"""Those that speak to AWS, and something to ask each for; doctor tells all that AWS refuses, and goes on. So
does inspect, which needs AWS only for an object in S3."""


def refusal(code: str, message: str = "AWS's own words.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetItem")


KNOWN = [
    (refusal("ExpiredToken"), "The AWS credentials have expired: sign in again."),
    (refusal("ExpiredTokenException"), "The AWS credentials have expired"),
    (refusal("UnrecognizedClientException"), "AWS does not take these credentials"),
    (refusal("SignatureDoesNotMatch"), "this machine's clock"),
    (refusal("AccessDeniedException"), "These AWS credentials may not call GetItem"),
    (refusal("403", "Forbidden"), "These AWS credentials may not call GetItem"),
    (refusal("ThrottlingException"), "AWS is throttling: try again in a minute."),
    (refusal("ProvisionedThroughputExceededException"), "AWS is throttling"),
    (exceptions.NoRegionError(), "No AWS region is set: set AWS_REGION."),
    (exceptions.NoCredentialsError(), "There are no AWS credentials"),
    (exceptions.ProfileNotFound(profile="mine"), "There is no such AWS profile"),
    (exceptions.UnauthorizedSSOTokenError(), "sign in again"),
    (exceptions.TokenRetrievalError(provider="sso", error_msg="expired"), "sign in again"),
    (exceptions.EndpointConnectionError(endpoint_url="https://nowhere"), "AWS cannot be reached"),
    (exceptions.ConnectTimeoutError(endpoint_url="https://nowhere"), "AWS cannot be reached"),
    (exceptions.ReadTimeoutError(endpoint_url="https://nowhere"), "AWS cannot be reached"),
]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Whatever a command does first with AWS raises this."""

    def fail_with(error: BaseException) -> None:
        def raise_it(*_: Any) -> NoReturn:
            raise error

        monkeypatch.setattr("xcompliance.target.stack_of", raise_it)

    return fail_with


def test_every_command_that_speaks_to_aws_is_among_these() -> None:
    names = {each.name or getattr(each.callback, "__name__", "") for each in app.registered_commands}
    assert names == {*COMMANDS, "demo", "doctor", "inspect", "preflight", "remove"}


@pytest.mark.parametrize(("error", "meaning"), KNOWN)
def test_it_says_what_is_wrong_and_what_aws_says(error: Exception, meaning: str) -> None:
    line = sentence(error)
    assert meaning in line
    assert str(error) in line
    assert "\n" not in line


@pytest.mark.parametrize("error", [refusal("ExpiredToken"), exceptions.NoRegionError()])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_it_in_one_line(
    invoke: Invoke, failing: Callable[[BaseException], None], command: str, error: Exception
) -> None:
    failing(error)
    result = invoke(command, *COMMANDS[command])
    assert result.exit_code == 2
    assert result.stderr == f"error: {sentence(error)}\n"
    assert result.stdout == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_ends_quietly_with_ctrl_c(
    invoke: Invoke, failing: Callable[[BaseException], None], command: str
) -> None:
    failing(KeyboardInterrupt())
    result = invoke(command, *COMMANDS[command])
    assert (result.exit_code, result.output) == (130, "")


def test_what_is_not_known_is_told_in_the_librarys_words() -> None:
    error = refusal("ValidationException", "One\n  thing.")
    assert sentence(error) == "An error occurred (ValidationException) when calling the GetItem operation: One thing."


def test_an_upload_that_fails_is_told_by_its_cause(
    stack: Stack, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Upload:
        def result(self) -> NoReturn:
            raise refusal("AccessDenied")

    monkeypatch.setattr("s3transfer.manager.TransferManager.upload", lambda *_, **__: Upload())
    result = invoke("submit", __file__, "--type", "tweets", "--no-inspect")
    assert result.exit_code == 2
    assert "error: These AWS credentials may not call GetItem" in result.stderr


def test_a_mistake_of_ours_is_no_refusal_of_awss(invoke: Invoke, failing: Callable[[BaseException], None]) -> None:
    failing(ZeroDivisionError())
    assert isinstance(invoke("runs").exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (exceptions.ReadTimeoutError(endpoint_url="https://nowhere"), exceptions.ReadTimeoutError),
        (OSError(28, "No space left on device"), CommandError),
    ],
)
def test_a_lost_connection_is_not_taken_for_a_full_disk(
    tmp_path: Path, error: Exception, told: type[Exception]
) -> None:
    def write() -> None:
        with whole_file(tmp_path / "mine") as unfinished:
            unfinished.touch()
            raise error

    with pytest.raises(told):
        write()
    assert list(tmp_path.iterdir()) == []
