"""Executions of the state machines, seen from outside."""

import time
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from adapters.aws import step_functions
from compliance.attempts import Attempt
from compliance.clock import parse_time
from compliance.errors import AwsUnavailable

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

KNOWN_WITHIN: Final = 300
"""Seconds within which Step Functions knows an execution for certain that has begun. One that it does not know then
is gone: its machine was deleted, or it ended over 90 days ago."""

_ENDINGS = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")


def last_attempt(execution_arn: str, began_at: str) -> Attempt | None:
    """Return a point behind all that an execution has done, or None unless it has ended.

    Step Functions says so with some delay, so it may have been redriven: what it has done since is behind that point.
    ``began_at`` is when it was seen to begin something, ISO 8601.
    """
    execution = _described(execution_arn)
    if execution is None:
        return Attempt.last(execution_arn, None) if _is_gone(began_at) else None
    return _last(execution_arn, execution) if execution["status"] in _ENDINGS else None


def stop(execution_arn: str, began_at: str) -> Attempt:
    """Stop an execution unless it has ended; return a point behind all that it has done.

    Raises AwsUnavailable if Step Functions does not know it yet.
    """
    execution = _described(execution_arn)
    if execution is None:
        if _is_gone(began_at):
            return Attempt.last(execution_arn, None)
        raise AwsUnavailable("Step Functions does not know an execution yet that has just begun.")
    if execution["status"] not in _ENDINGS:
        step_functions().stop_execution(executionArn=execution_arn, cause="The run was stopped.")
    return _last(execution_arn, execution)


def _described(execution_arn: str) -> "DescribeExecutionOutputTypeDef | None":
    try:
        return step_functions().describe_execution(executionArn=execution_arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
            raise
        return None


def _is_gone(began_at: str) -> bool:
    return time.time() - parse_time(began_at).timestamp() > KNOWN_WITHIN


def _last(execution_arn: str, execution: "DescribeExecutionOutputTypeDef") -> Attempt:
    return Attempt.last(execution_arn, execution.get("redriveCount", 0))


def running(state_machine_arn: str) -> list[float]:
    """When the executions of a machine began that have not ended, in epoch seconds."""
    pages = (
        step_functions()
        .get_paginator("list_executions")
        .paginate(stateMachineArn=state_machine_arn, statusFilter="RUNNING")
    )
    return [each["startDate"].timestamp() for page in pages for each in page["executions"]]
