"""Step Functions as those see it who send task tokens back."""

from dataclasses import dataclass, field

from botocore.exceptions import ClientError


@dataclass
class FakeStepFunctions:
    """A token is waited for until it was answered or its execution ended; ``called`` are those answered, in order.

    Executions run, but for those in ``ended``, by their status, and those in ``unknown``, of which it has not heard.
    """

    waiting: set[str] = field(default_factory=set)
    called: list[str] = field(default_factory=list)
    fails_next: str | None = None
    ended: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803 -- as boto3 names it
        if executionArn in self.unknown:
            raise _error("ExecutionDoesNotExist", "DescribeExecution")
        return {"status": self.ended.get(executionArn, "RUNNING")}

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
