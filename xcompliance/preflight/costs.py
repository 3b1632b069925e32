"""What a deployment is about to cost, in dollars: what stays each month, and what checks take (docs/cost.md)."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from xcompliance.preflight.assembly import Assembly

MONTHLY: Final[Mapping[str, float]] = {
    "AWS::KMS::Key": 1.00,
    "AWS::SecretsManager::Secret": 0.40,
    "AWS::CloudWatch::Alarm": 0.10,
    "AWS::CloudWatch::Dashboard": 3.00,
    "AWS::Scheduler::Schedule": 0.30,  # the metric of a dataset's age
}
"""For each resource of a type, in us-east-1, without free tiers."""

ALWAYS: Final = 0.32
"""Looking after the turns, and the one metric that is always told."""


class PerMillion(NamedTuple):
    """What a run of a million IDs costs, 2 % of them affected; X's share is a job's."""

    first_check: float
    recheck: float
    x: float


PER_MILLION: Final = PerMillion(first_check=0.0166, recheck=0.0039, x=0.035)


PER_JOB_AWS: Final = 0.0012
"""What a run of few IDs costs at AWS, and about what each further part adds: state transitions."""


def of_run(ids: int, jobs: int) -> tuple[float, float]:
    """Return what the first check of so many IDs in so many of X's jobs costs at AWS and at X."""
    per_id = (PER_MILLION.first_check - PER_JOB_AWS) / 1_000_000
    return round(jobs * PER_JOB_AWS + ids * per_id, 6), round(jobs * PER_MILLION.x, 6)


def monthly(assembly: Assembly) -> float:
    """What stays each month when nothing is checked, but for what is stored."""
    return ALWAYS + sum(assembly.count(kind) * usd for kind, usd in MONTHLY.items())


def lines(assembly: Assembly) -> Iterator[str]:
    """The costs in words."""
    yield f"About ${monthly(assembly):.2f} a month while nothing is checked, and what is stored (docs/cost.md)."
    yield (
        f"A million IDs, with the index: ${PER_MILLION.first_check} at AWS for their first check, "
        f"${PER_MILLION.recheck} for a recheck; X charges some ${PER_MILLION.x} for each job, which takes up to 6.4 "
        "million in a part of 128 MB."
    )
