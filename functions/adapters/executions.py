"""Executions of the state machines, seen from outside."""

from botocore.exceptions import ClientError

from adapters.aws import step_functions

_ENDINGS = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")


def is_over(execution_arn: str) -> bool:
    """Whether an execution has ended.

    Step Functions says so with some delay, and may not know one yet that has just begun: that one is not over.
    """
    try:
        return step_functions().describe_execution(executionArn=execution_arn)["status"] in _ENDINGS
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
            raise
        return False


def running(state_machine_arn: str) -> list[float]:
    """When the executions of a machine began that have not ended, in epoch seconds."""
    pages = (
        step_functions()
        .get_paginator("list_executions")
        .paginate(stateMachineArn=state_machine_arn, statusFilter="RUNNING")
    )
    return [each["startDate"].timestamp() for page in pages for each in page["executions"]]


def stop(execution_arn: str) -> None:
    """Stops an execution, unless it has ended."""
    if not is_over(execution_arn):
        step_functions().stop_execution(executionArn=execution_arn, cause="The run was stopped.")
