"""The network between a client and a loopback server: as fast as it goes, or shaped."""

import math
import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, field

_BURST_SECONDS = 0.02


@dataclass
class Link:
    """A token bucket of ``rate`` bytes per second, and the seconds that a server thinks before it answers.

    Time in which nothing is sent is lost, but for a burst of 20 ms.
    """

    rate: float = math.inf
    delay: float = 0.0
    _due: float = field(default=0.0, init=False)

    @classmethod
    def of(cls, arguments: Namespace) -> "Link":
        """The link that a server's command line asks for."""
        return cls(arguments.rate, arguments.delay)

    def arguments(self) -> list[str]:
        """This link, as a server's command line says it."""
        return ["--rate", str(self.rate), "--delay", str(self.delay)]

    def pace(self, count: int) -> None:
        """Waits until ``count`` more bytes have gone through."""
        if math.isinf(self.rate):
            return
        now = time.monotonic()
        self._due = max(self._due, now - _BURST_SECONDS) + count / self.rate
        time.sleep(max(0.0, self._due - now))

    def think(self) -> None:
        """Waits as long as the server takes before it answers."""
        time.sleep(self.delay)


def add_link_arguments(parser: ArgumentParser) -> None:
    """Lets a server be told its link."""
    parser.add_argument("--rate", type=float, default=math.inf, help="bytes per second")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before an answer")
