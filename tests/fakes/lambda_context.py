"""What Lambda hands to a handler beside the event."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.fakes.clock import ManualClock


class FakeContext(LambdaContext):
    """The context of an invocation that runs on a manual clock."""

    _function_name = "XCompliance-step"
    _aws_request_id = "3f6d1c1e-0000-4000-8000-000000000000"

    def __init__(self, clock: ManualClock, memory_mb: int = 256) -> None:
        self._clock = clock
        self._memory_limit_in_mb = memory_mb

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # theirs is static
        return int(self._clock.remaining() * 1000)
