"""Step Functions as those see it who send task tokens back."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError


@dataclass
class FakeStepFunctions:
    """A token is waited for until it was answered or its execution ended; ``called`` are those answered, in order.

    Executions run, but for those in ``ended``, by their status, and those in ``unknown``, of which it has not heard.
    ``redrives`` counts those of each.
    Runs are under way since ``runs_began``.
    """

    waiting: set[str] = field(default_factory=set)
    called: list[str] = field(default_factory=list)
    fails_next: str | None = None
    ended: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    redrives: dict[str, int] = field(default_factory=dict)
    runs_began: list[datetime] = field(default_factory=list)

    def get_paginator(self, operation: str) -> "FakeStepFunctions":
        assert operation == "list_executions"
        return self

    def paginate(self, *, stateMachineArn: str, statusFilter: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        """Two pages: the runs under way stand on the second."""
        assert stateMachineArn.endswith(":stateMachine:XComplianceRun")
        assert statusFilter == "RUNNING"
        yield {"executions": []}
        yield {"executions": [{"startDate": began} for began in self.runs_began]}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
        if executionArn in self.unknown:
            raise _error("ExecutionDoesNotExist", "DescribeExecution")
        status = self.ended.get(executionArn, "RUNNING")
        return {"status": status, "redriveCount": self.redrives.get(executionArn, 0)}

    def stop_execution(self, *, executionArn: str, cause: str) -> None:  # noqa: N803 -- as boto3 names it
        assert cause
        self.ended.setdefault(executionArn, "ABORTED")

    def send_task_success(self, *, taskToken: str, output: str) -> None:  # noqa: N803 -- as boto3 names it
        assert output == "{}"
        if self.fails_next is not None:
            code, self.fails_next = self.fails_next, None
            raise _error(code, "SendTaskSuccess")
        if taskToken not in self.waiting:
            raise _error("TaskTimedOut", "SendTaskSuccess")
        self.waiting.remove(taskToken)
        self.called.append(taskToken)


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
