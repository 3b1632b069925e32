"""What a check comes to."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["right", "warning", "wrong", "not checked"]


@dataclass(frozen=True)
class Finding:
    """What was found, in a sentence; and where that is wrong or unknown, what to do about it."""

    verdict: Verdict
    found: str
    advice: str | None = None


def right(found: str) -> Finding:
    """All is well."""
    return Finding("right", found)


def warning(found: str, advice: str) -> Finding:
    """The deployment works, but somebody should look at this."""
    return Finding("warning", found, advice)


def wrong(found: str, advice: str) -> Finding:
    """Something must be done."""
    return Finding("wrong", found, advice)


def not_checked(reason: str, advice: str | None = None) -> Finding:
    """Nobody knows."""
    return Finding("not checked", reason, advice)


class DeadEnd(Exception):
    """A finding that leaves nothing to find for the checks that build on it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.found)
        self.finding = finding
