"""The settings of a deployment that decide what becomes of an input."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, Self

OUTPUT: Final = "InputSettings"
"""The stack's output that has them, as JSON."""


@dataclass(frozen=True)
class InputSettings:
    """Named as in ``cdk/config.py``, with its defaults. ``deployment`` says whose they are, None for the defaults."""

    part_size_mb: int = 128
    reject_limit_percent: float = 1.0
    id_column: str = ""
    rounded_ids: str = "fail"
    embedded: bool = True
    deployment: str | None = None

    @classmethod
    def of(cls, outputs: Mapping[str, str], deployment: str) -> Self:
        """Read a stack's outputs. A deployment of an earlier version does not say them: the defaults are returned."""
        if OUTPUT not in outputs:
            return cls()
        said = json.loads(outputs[OUTPUT])
        return cls(**{each.name: said[each.name] for each in fields(cls) if each.name in said}, deployment=deployment)

    @property
    def named(self) -> str:
        """Whose settings they are, in words."""
        return f"the settings of {self.deployment}" if self.deployment else "the default settings"

    @property
    def part_bytes(self) -> int:
        """The largest part; X counts a MB as 10^6."""
        return self.part_size_mb * 1_000_000
