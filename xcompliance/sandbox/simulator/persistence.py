"""How much of a chunk Google keeps: all of it, or what a fault or the dice say."""

import random

from xcompliance.sandbox.simulator.faults import FaultBox
from xcompliance.sandbox.simulator.sessions import CHUNK_UNIT


class Persistence:
    """Decides for one chunk after the other, the same way for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - dice, not secrets

    def keep(self, length: int, probability: float, faults: FaultBox) -> int | None:
        """Bytes of a chunk of ``length`` to persist, in whole units; None for all."""
        if fault := faults.take("partial_chunk", "send_chunk"):
            kept = fault["keep_bytes"]
            return self._some(length) if kept is None else int(kept) // CHUNK_UNIT * CHUNK_UNIT
        return self._some(length) if self._random.random() < probability else None

    def _some(self, length: int) -> int:
        """Fewer than all units of the chunk, possibly none."""
        units = -(-length // CHUNK_UNIT)
        return self._random.randrange(units) * CHUNK_UNIT if units > 0 else 0
