"""What every handler has in common: its logs, its errors, its clock."""

import io
import json
import re
import traceback
from typing import Any

import pytest
import urllib3
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    FlexibleChecksumError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)

import adapters.handler
import adapters.log
from adapters import consumed, meter
from adapters.handler import LambdaClock, lambda_handler
from compliance.clock import parse_time
from compliance.errors import AwsRefused, AwsUnavailable, JobFailed, RateLimited, StepFailed
from compliance.wire import Request
from tests.emf import Name, metrics_in
from tests.fakes.clock import ManualClock
from tests.fakes.lambda_context import FakeContext

EVENT = {"run_id": "tweets-0", "part": 3, "task_token": "SECRET", "source": {"more": "SECRET"}}
HOST = "https://dynamodb.eu-west-1.amazonaws.com"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr(consumed, "add", lambda *_: None)
    monkeypatch.setattr(adapters.log.logger.registered_handler, "stream", stream)
    return stream


def fails_with(error: Exception) -> None:
    @lambda_handler
    def step(event: dict[str, Any], clock: LambdaClock) -> dict[str, Any]:
        raise error

    step(EVENT, FakeContext(ManualClock()))


def aws_error(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "SECRET"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetItem")


def test_an_error_is_logged_with_its_name_its_run_and_its_part_and_nothing_else_of_the_event(
    log: io.StringIO,
) -> None:
    with pytest.raises(JobFailed):
        fails_with(JobFailed("X reports the job as failed."))
    (line,) = log.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["message"], entry["error"]) == ("ERROR", "X reports the job as failed.", "JobFailed")
    assert (entry["run_id"], entry["part"], entry["function"]) == ("tweets-0", 3, "XCompliance-step")
    assert "SECRET" not in line


def test_a_step_that_went_well_is_a_line_with_its_run_its_time_and_what_came_of_it(log: io.StringIO) -> None:
    clock = ManualClock()

    @lambda_handler
    def step(event: dict[str, Any], clock_: LambdaClock) -> dict[str, Any]:
        clock.advance(1.5)
        return {"complete": False, "wait_seconds": 8, "progress": "SECRET", "parts": [1, 2]}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapters.handler, "time", clock)
        step(EVENT, FakeContext(clock))
    (line,) = log.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["message"], entry["function"]) == ("INFO", "Done.", "XCompliance-step")
    assert (entry["run_id"], entry["part"], entry["seconds"]) == ("tweets-0", 3, 1.5)
    assert entry["result"] == {"complete": False, "wait_seconds": 8}
    assert "SECRET" not in line


def test_the_line_of_a_step_that_finds_out_its_run_names_it(log: io.StringIO) -> None:
    @lambda_handler
    def step(event: dict[str, Any], clock: LambdaClock) -> dict[str, Any]:
        return {"run_id": "tweets-1", "duplicate": True}

    step({"source": {}}, FakeContext(ManualClock()))
    assert json.loads(log.getvalue())["run_id"] == "tweets-1"


def test_requests_to_x_and_what_its_limit_leaves_are_told_also_when_the_step_fails(
    log: io.StringIO, environment: None
) -> None:
    request = Request("GET", "https://api.x.com/2/compliance/jobs/1?compliance_job.fields=id")

    @lambda_handler
    def step(event: dict[str, Any], clock: LambdaClock) -> dict[str, Any]:
        for left in ("149", "147", "148"):
            meter.count_x(request)
            meter.note_x(request, {"x-rate-limit-remaining": left})
        raise RateLimited("Later.")

    with pytest.raises(RateLimited):
        step(EVENT, FakeContext(ManualClock()))
    told = metrics_in(log.getvalue().splitlines())
    of_service = {"namespace": "XCompliance", "service": "XCompliance"}
    assert told == {
        Name.of(metric="XRequests", **of_service): [3],
        Name.of(metric="XRequestsLeft", **of_service): [147],
    }
    assert json.loads(log.getvalue().splitlines()[-1])["run_id"] == "tweets-0"


@pytest.mark.parametrize(
    ("url", "left"),
    [
        ("https://api.x.com/2/compliance/jobs/1/upload?token=t", "5"),
        ("https://storage.googleapis.com/bucket/1", "5"),
        ("https://api.x.com/2/compliance/jobs/1", "many"),
        ("https://api.x.com/2/compliance/jobs/1", ""),
    ],
)
def test_a_limit_counts_where_x_says_it_in_numbers_of_its_api(url: str, left: str) -> None:
    with meter.running() as counted:
        meter.note_x(Request("GET", url), {"x-rate-limit-remaining": left})
    assert counted.x_requests_left is None


def test_what_is_tried_again_is_a_warning(log: io.StringIO) -> None:
    with pytest.raises(RateLimited):
        fails_with(RateLimited("Later."))
    assert json.loads(log.getvalue())["level"] == "WARNING"


def test_a_log_line_says_nothing_of_the_invocation_before(log: io.StringIO) -> None:
    with pytest.raises(RateLimited):
        fails_with(RateLimited("Later."))

    @lambda_handler
    def step(event: dict[str, Any], clock: LambdaClock) -> dict[str, Any]:
        raise RateLimited("Later.")

    with pytest.raises(RateLimited):
        step({"type": "tweets"}, FakeContext(ManualClock()))
    entry = json.loads(log.getvalue().splitlines()[1])
    assert entry.get("run_id") is entry.get("part") is None


@pytest.mark.parametrize(
    "error",
    [
        aws_error("ThrottlingException"),
        aws_error("ProvisionedThroughputExceededException"),
        aws_error("SlowDown", 503),
        aws_error("InternalError", 500),
        aws_error("500", 500),
        aws_error("ServiceUnavailable", 503),
        aws_error("TransactionConflictException"),
        aws_error("RequestTimeout"),
        aws_error("ExpiredTokenException", 403),
        aws_error("KMS.ThrottlingException"),
        aws_error("", 429),
        ReadTimeoutError(endpoint_url=HOST),
        ConnectTimeoutError(endpoint_url=HOST),
        EndpointConnectionError(endpoint_url=HOST),
        ConnectionClosedError(endpoint_url=HOST),
        ResponseStreamingError(error="SECRET"),
        SSLError(endpoint_url=HOST, error=OSError("SECRET")),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        FlexibleChecksumError(error_msg="SECRET"),
        urllib3.exceptions.SSLError("SECRET"),
    ],
)
def test_aws_out_of_breath_is_an_error_that_the_machines_retry(log: io.StringIO, error: Exception) -> None:
    with pytest.raises(AwsUnavailable) as unavailable:
        fails_with(error)
    assert "SECRET" not in str(unavailable.value)
    assert "SECRET" not in log.getvalue()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (aws_error("AccessDenied", 403), "AWS does not allow the function GetItem (AccessDenied): a policy denies it"),
        (aws_error("AccessDeniedException"), "AWS does not allow the function GetItem"),
        (aws_error("403", 403), "AWS does not allow the function GetItem (403)"),
        (aws_error("KMS.DisabledException"), "AWS refused GetItem with KMS.DisabledException."),
        (aws_error("ValidationException"), "AWS refused GetItem with ValidationException."),
        (aws_error("ResourceNotFoundException"), "AWS refused GetItem with ResourceNotFoundException."),
        (aws_error("", 404), "AWS refused GetItem with 404."),
        (ParamValidationError(report="SECRET"), "its client failed with ParamValidationError"),
        (NoCredentialsError(), "its client failed with NoCredentialsError"),
    ],
)
def test_what_aws_refuses_for_good_has_a_name_and_words_of_our_own(
    log: io.StringIO, error: Exception, words: str
) -> None:
    with pytest.raises(AwsRefused, match=re.escape(words)) as refused:
        fails_with(error)
    assert refused.value.__cause__ is None
    assert "SECRET" not in str(refused.value)
    entry = json.loads(log.getvalue())
    assert (entry["level"], entry["error"]) == ("ERROR", "AwsRefused")
    assert "SECRET" not in log.getvalue()


def test_a_mistake_of_ours_is_told_by_its_kind_and_its_line_and_never_in_its_own_words(log: io.StringIO) -> None:
    @lambda_handler
    def step(event: dict[str, Any], clock: LambdaClock) -> dict[str, Any]:
        return {"at": parse_time("SECRET")}

    with pytest.raises(StepFailed, match=r"crashed with ValueError at compliance/clock\.py:\d+\.$") as crash:
        step(EVENT, FakeContext(ManualClock()))
    assert "SECRET" not in "".join(traceback.format_exception(crash.value))
    entry = json.loads(log.getvalue())
    assert (entry["level"], entry["error"], entry["message"]) == ("ERROR", "StepFailed", str(crash.value))
    assert (entry["run_id"], entry["part"]) == ("tweets-0", 3)
    assert "SECRET" not in log.getvalue()


def test_the_clock_is_the_invocations() -> None:
    clock = LambdaClock(FakeContext(ManualClock(left=12.5)))
    assert clock.remaining() == 12.5
    assert clock.now() > 1_700_000_000
