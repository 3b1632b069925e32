"""The order of what executions do, by Step Functions' own clock and counts: the clocks of functions differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Attempt:
    """One attempt of an execution at a state.

    ``claimed_at`` is when the execution was started or, later, redriven, ISO 8601 in UTC: it orders executions that
    work on the same run or part, one after the other. ``step`` orders all attempts of one execution, redrives included.
    """

    execution_arn: str
    claimed_at: str = ""
    step: str = ""

    @classmethod
    def of(cls, event: dict[str, Any]) -> "Attempt":
        """Read a state's payload: ``execution_arn``, and ``attempt`` with Step Functions' context object.

        An execution that began under an older definition has no ``attempt``; it comes before any that has one.
        """
        if "attempt" not in event:
            return cls(event["execution_arn"], event.get("started_at", ""))
        context = event["attempt"]
        claimed_at = context.get("redriven_at", context["started_at"])
        step = f"{_life(context.get('redrives', 0))} {context['entered_at']} {context.get('retries', 0):05}"
        return cls(event["execution_arn"], claimed_at, step)

    @classmethod
    def last(cls, execution_arn: str, redrives: int | None) -> "Attempt":
        """Return a point behind all that an execution has done that ended after so many ``redrives``.

        None stands for an execution that can never be redriven.
        """
        return cls(execution_arn, step="~" if redrives is None else f"{_life(redrives)} ~")

    def owner(self) -> dict[str, str]:
        """Return what a run's or a part's record says of its owner."""
        return {"execution_arn": self.execution_arn, "claimed_at": self.claimed_at, "step": self.step}

    def is_before(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record of the same execution was written by a later attempt."""
        return str(record.get("step", "")) > self.step


def _life(redrives: int) -> str:
    return f"{redrives:05}"
