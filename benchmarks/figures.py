"""What the trials of a client amount to."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.trial import Trial


@dataclass(frozen=True)
class Figures:
    """Medians over the runs: MB/s, CPU seconds per GiB, and peak memory in MB with the small and the whole file."""

    rate: float
    cpu: float
    small_peak: float
    peak: float


def figures(small: Sequence[Trial], whole: Sequence[Trial]) -> Figures:
    """Sums up uploads of two sizes.

    CPU per GiB is what the larger size takes more than the smaller one, so that the start of a program, an interpreter
    and its imports for instance, counts for nobody.
    """
    more_cpu = median(trial.usage.cpu_seconds for trial in whole) - median(trial.usage.cpu_seconds for trial in small)
    more_gib = (whole[0].bytes - small[0].bytes) / (1 << 30)
    return Figures(
        rate=median(trial.rate for trial in whole),
        cpu=more_cpu / more_gib,
        small_peak=_peak(small),
        peak=_peak(whole),
    )


def _peak(trials: Sequence[Trial]) -> float:
    return median(trial.usage.peak_bytes for trial in trials) / 1e6
