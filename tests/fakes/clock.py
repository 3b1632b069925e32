"""A clock that moves only when it is told to."""

from dataclasses import dataclass, field


@dataclass
class ManualClock:
    """Epoch seconds and the seconds left of the invocation; a sleep moves both and is written down."""

    epoch: float = 1_795_435_200.0
    left: float = 900.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.epoch

    def time(self) -> float:
        """The name that Python's own ``time`` module has for ``now``."""
        return self.epoch

    def remaining(self) -> float:
        return self.left

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.epoch += seconds
        self.left -= seconds
