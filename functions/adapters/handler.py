"""What every Lambda handler has in common: logs that name the run, errors that name their kind, and a clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import ConnectionError as AwsConnectionError
from urllib3.exceptions import HTTPError

from adapters import consumed, meter, metrics
from adapters.crashes import crash
from adapters.log import logger
from compliance.consumption import Consumption, invocation
from compliance.errors import AwsRefused, AwsUnavailable, ComplianceError, TransientError
from compliance.metrics import X_REQUESTS, X_REQUESTS_LEFT

Event = dict[str, Any]
Step = Callable[[Event, "LambdaClock"], dict[str, Any]]

_PASSING = {
    "BandwidthLimitExceeded",
    "ConditionalRequestConflict",
    "ExpiredToken",
    "ExpiredTokenException",
    "InternalError",
    "InternalServerError",
    "LimitExceededException",
    "OperationAborted",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
"""Codes that AWS gives to 4xx answers too."""

_BROKEN_OFF = (
    HTTPClientError,
    AwsConnectionError,
    IncompleteReadError,
    ChecksumError,
    FlexibleChecksumError,
    HTTPError,
)
"""What a request ends with that was not answered whole; urllib3's own errors come out of S3's streamed bodies."""

TIME_TO_WRITE_DOWN = 1.0
"""Seconds that must be left of an invocation for what it has consumed to be written down."""

SAID = ("duplicate", "folder", "created", "complete", "status", "wait_seconds", "again", "error")
"""What of a step's result the log says: words of ours and X's, and numbers."""


@dataclass(frozen=True)
class LambdaClock:
    """The clock of one invocation."""

    context: LambdaContext

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def remaining(self) -> float:
        """Seconds until Lambda ends the invocation."""
        return self.context.get_remaining_time_in_millis() / 1000

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


def lambda_handler(step: Step) -> Callable[[Event, LambdaContext], dict[str, Any]]:
    """Makes a Lambda handler of a step.

    Nothing of the event is logged but the run and the part. What goes wrong at AWS is raised as AwsUnavailable, which
    the state machines retry, or as AwsRefused; a mistake of ours as StepFailed. Neither says what the exception said:
    it may quote a key, a value, a URL or an ID.
    """

    @wraps(step)
    def handle(event: Event, context: LambdaContext) -> dict[str, Any]:
        logger.structure_logs(function=context.function_name, request=context.aws_request_id)
        logger.append_keys(run_id=event.get("run_id"), part=event.get("part"))
        clock = LambdaClock(context)
        began = clock.now()
        with meter.running() as counted:
            result = None
            try:
                result = step(event, clock)
                _log_done(result, clock.now() - began)
                return result
            except ComplianceError as error:
                _log(error)
                raise
            except Exception as error:
                failure = _named(error)
                _log(failure)
                raise failure from None
            finally:
                seconds, memory = clock.now() - began, int(context.memory_limit_in_mb)
                own = invocation(step.__module__, result, seconds, memory)
                about = event | (result or {})
                _tell_of_x(counted, about.get("run_id"))
                _write_down(about, counted.consumed + own, clock)

    return handle


def _write_down(about: Event, consumption: Consumption, clock: LambdaClock) -> None:
    """Adds what an invocation has consumed to what its run has; what belongs to no run is not written down.

    It is an estimate: when it does not succeed, or there is no time left for it, nothing else fails.
    """
    if "run_id" not in about or about.get("folder") or clock.remaining() < TIME_TO_WRITE_DOWN:
        return
    try:
        consumed.add(about["run_id"], consumption, clock.now())
    except Exception as error:
        logger.warning("What was consumed could not be written down.", extra={"consumed": type(error).__name__})


def _tell_of_x(counted: meter.Meter, run_id: str | None) -> None:
    requests = counted.consumed.x_creates + counted.consumed.x_gets
    if requests:
        left = {} if counted.x_requests_left is None else {X_REQUESTS_LEFT: counted.x_requests_left}
        metrics.tell({X_REQUESTS: requests, **left}, run_id)


def _log_done(result: dict[str, Any], seconds: float) -> None:
    """One line for each step that went well, so that the log tells a run's story."""
    said = {name: result[name] for name in SAID if name in result}
    logger.append_keys(**{name: result[name] for name in ("run_id",) if name in result})
    logger.info("Done.", extra={"seconds": round(seconds, 3), "result": said})


def _log(error: ComplianceError) -> None:
    log = logger.warning if isinstance(error, TransientError) else logger.error
    log(str(error), extra={"error": type(error).__name__})


def _named(error: Exception) -> ComplianceError:
    return _aws_failure(error) if isinstance(error, (ClientError, BotoCoreError, HTTPError)) else crash(error)


def _aws_failure(error: ClientError | BotoCoreError | HTTPError) -> ComplianceError:
    if isinstance(error, _BROKEN_OFF):
        return AwsUnavailable("An AWS service did not answer, or not whole.")
    if not isinstance(error, ClientError):
        return AwsRefused(f"AWS was not asked, as its client failed with {type(error).__name__}.")
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _PASSING or code.endswith("ThrottlingException") or status in (408, 429) or status >= 500:
        return AwsUnavailable(f"AWS answered {error.operation_name} with {code or status}.")
    if code.startswith("AccessDenied") or status == 403:
        return AwsRefused(
            f"AWS does not allow the function {error.operation_name} ({code or status}): a policy denies it. "
            "Deploy the stack again, or see who has changed the policies of its roles, buckets and keys."
        )
    return AwsRefused(f"AWS refused {error.operation_name} with {code or status}.")
