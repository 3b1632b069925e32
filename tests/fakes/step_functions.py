"""Step Functions as those see it who send task tokens back."""

from dataclasses import dataclass, field

from botocore.exceptions import ClientError


@dataclass
class FakeStepFunctions:
    """A token is waited for until it was answered or its execution ended; ``called`` are those answered, in order."""

    waiting: set[str] = field(default_factory=set)
    called: list[str] = field(default_factory=list)
    fails_next: str | None = None

    def send_task_success(self, *, taskToken: str, output: str) -> None:  # noqa: N803 -- as boto3 names it
        assert output == "{}"
        if self.fails_next is not None:
            code, self.fails_next = self.fails_next, None
            raise ClientError({"Error": {"Code": code, "Message": code}}, "SendTaskSuccess")
        if taskToken not in self.waiting:
            raise ClientError({"Error": {"Code": "TaskTimedOut", "Message": "gone"}}, "SendTaskSuccess")
        self.waiting.remove(taskToken)
        self.called.append(taskToken)
