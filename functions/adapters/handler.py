"""What every Lambda handler has in common: logs that name the run, errors that name their kind, and a clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as AwsConnectionError

from compliance.errors import AwsUnavailable, ComplianceError, TransientError

Event = dict[str, Any]
Step = Callable[[Event, "LambdaClock"], dict[str, Any]]

_THROTTLES = {
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "SlowDown",
    "TransactionConflictException",
    "TransactionInProgressException",
    "InternalServerError",
    "InternalError",
    "ServiceUnavailable",
}

logger = Logger()


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

    Nothing of the event is logged but the run and the part. AWS's throttling and server errors are raised as
    AwsUnavailable, which the state machines retry.
    """

    @wraps(step)
    def handle(event: Event, context: LambdaContext) -> dict[str, Any]:
        logger.structure_logs(function=context.function_name, request=context.aws_request_id)
        logger.append_keys(run_id=event.get("run_id"), part=event.get("part"))
        try:
            return step(event, LambdaClock(context))
        except ComplianceError as error:
            log = logger.warning if isinstance(error, TransientError) else logger.error
            log(str(error), extra={"error": type(error).__name__})
            raise
        except (ClientError, HTTPClientError, AwsConnectionError) as error:
            failure = _aws_failure(error)
            logger.warning(str(failure), extra={"error": type(failure).__name__})
            raise failure from None

    return handle


def _aws_failure(error: ClientError | HTTPClientError | AwsConnectionError) -> Exception:
    if not isinstance(error, ClientError):
        return AwsUnavailable("An AWS service did not answer.")
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _THROTTLES or status >= 500:
        return AwsUnavailable(f"AWS answered {error.operation_name} with {code or status}.")
    return error
