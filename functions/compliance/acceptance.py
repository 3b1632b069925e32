"""Accept or refuse an input whose parts are all prepared, with its totals and warnings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from compliance.accounting import check_rows, judge, total_across_parts, total_causes, total_counts, total_oddities
from compliance.errors import RoundedIds
from compliance.plausibility import warnings
from compliance.rounding import rounded
from compliance.runs import Counts, JobType, Oddities, Part
from compliance.segments import check_count


@dataclass(frozen=True)
class Acceptance:
    """Adds up prepared ``parts``.

    ``planned`` are the warnings that were given when they were planned, and ``intact`` says where IDs still stand as
    they were. ``accepts_rounded`` is asked only if IDs were certainly rounded.
    """

    job_type: JobType
    parts: Sequence[Part]
    planned: Sequence[str] = ()
    intact: str = ""
    accepts_rounded: Callable[[], bool] = lambda: False

    def check(self) -> None:
        """Raise PartTooLarge for too many parts, UnsupportedInput if rows of a Parquet file are missing."""
        check_count(len(self.parts))
        check_rows(self.parts)

    @cached_property
    def counts(self) -> Counts:
        """The lines of all parts."""
        return total_counts(self.parts)

    @cached_property
    def oddities(self) -> Oddities:
        """What is odd in all parts."""
        return total_oddities(self.parts)

    @property
    def warnings(self) -> list[str]:
        """The warnings for the input's owner, without repeats."""
        found = warnings(self.job_type, self.counts["accepted"], self.oddities)
        return list(dict.fromkeys([*self.planned, *found, *self._rounding[0]]))

    @cached_property
    def _rounding(self) -> tuple[list[str], RoundedIds | None]:
        """The warning about rounded IDs, or the refusal. Parts that were prepared before endings were counted are not
        judged.
        """
        found = rounded([part["endings"] for part in self.parts if "endings" in part])
        if found and found.is_certain and not self.accepts_rounded():
            return [], found.refusal(self.intact)
        return [found.warning(self.intact)] if found else [], None

    def said(self) -> dict[str, Any]:
        """Return what the run's record says of the input."""
        totals = {**self.counts, **total_across_parts(self.parts)}
        return {"parts": len(self.parts), "warnings": self.warnings, **totals}

    def judge(self, reject_limit_percent: float) -> None:
        """Raise InputRejected, NothingToCheck or RoundedIds for an input that is refused."""
        judge(self.counts, self.oddities["headers"], reject_limit_percent, total_causes(self.parts), self.intact)
        refusal = self._rounding[1]
        if refusal:
            raise refusal
