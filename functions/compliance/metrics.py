"""What CloudWatch is told, by name, unit and dimensions.

Each combination of a name and its dimensions' values is a metric that CloudWatch charges for the hours in which it is
told of it. So there are few, a count is told when something has happened, and a level while there is something to see.
Dimensions take words of a small, known set: never an ID, a key, or the name of a run.
"""

from dataclasses import dataclass
from typing import Final, Literal

from compliance.results import OTHER

NAMESPACE: Final = "XCompliance"
SERVICE: Final = "service"
"""The dimension that all metrics have: the deployment, by its prefix."""

Unit = Literal["Count", "Seconds", "None"]


@dataclass(frozen=True)
class Metric:
    """One metric; ``by`` names the dimensions beside ``service``, each of them a metric of its own.

    ``None`` among them is the metric of the service as a whole.
    """

    name: str
    unit: Unit
    says: str
    by: tuple[str | None, ...] = (None,)


IDS_CHECKED: Final = Metric("IdsChecked", "Count", "IDs that X has answered for, when their part is complete.")
IDS_AFFECTED: Final = Metric("IdsAffected", "Count", "Records with an action in those answers.", ("action",))
LINES_REJECTED: Final = Metric("LinesRejected", "Count", "Lines that are no ID, when their part is prepared.")
FILES_MISPLACED: Final = Metric(
    "FilesMisplaced", "Count", "Objects that were put outside the folders of the inbox that are read, each once."
)
RUNS_COMPLETED: Final = Metric("RunsCompleted", "Count", "Runs that ended as complete.")
RUNS_FAILED: Final = Metric("RunsFailed", "Count", "Runs that ended as failed.", (None, "error"))
PARTS_FAILED: Final = Metric("PartsFailed", "Count", "Parts that failed after all tries.", ("error",))
PARTS_UNVERIFIED: Final = Metric(
    "PartsUnverified", "Count", "Parts that are complete without a checksum from Google of their upload or results."
)
COST_AWS: Final = Metric("CostAws", "None", "What runs that ended have cost at AWS, estimated, in dollars.")
COST_X: Final = Metric("CostX", "None", "The same at X.")
X_REQUESTS: Final = Metric("XRequests", "Count", "Requests to X's API that are charged.")
X_REQUESTS_LEFT: Final = Metric("XRequestsLeft", "Count", "x-rate-limit-remaining, as X said it last.")
RUNS_OPEN: Final = Metric("RunsOpen", "Count", "Runs that are under way; told every 15 minutes, also when none is.")
OLDEST_RUN_AGE: Final = Metric("OldestRunAge", "Seconds", "How long ago the oldest of them began.")
JOBS_WAITING: Final = Metric("JobsWaiting", "Count", "Parts that wait for their turn.", ("type",))
TURN_HELD: Final = Metric("TurnHeld", "Seconds", "How long the turn has been with the part that has it.", ("type",))
RESULTS_TIME_LEFT: Final = Metric(
    "ResultsTimeLeft",
    "Seconds",
    "Until the first of X's answers is gone that are ready, or may be, and not downloaded.",
)
CHECK_AGE: Final = Metric(
    "CheckAge", "Seconds", "How old the last complete check of a dataset is, or how long there was none.", ("dataset",)
)

METRICS: Final = (
    IDS_CHECKED,
    IDS_AFFECTED,
    LINES_REJECTED,
    FILES_MISPLACED,
    RUNS_COMPLETED,
    RUNS_FAILED,
    PARTS_FAILED,
    PARTS_UNVERIFIED,
    COST_AWS,
    COST_X,
    X_REQUESTS,
    X_REQUESTS_LEFT,
    RUNS_OPEN,
    OLDEST_RUN_AGE,
    JOBS_WAITING,
    TURN_HELD,
    RESULTS_TIME_LEFT,
    CHECK_AGE,
)

ACTIONS: Final = ("delete", "rehydrate", "scrub_geo", OTHER)
"""The values of ``action``: X's, and one for all that it may yet invent."""


def by_action(counts: dict[str, int]) -> dict[str, int]:
    """Records by action, those of unknown actions together."""
    told: dict[str, int] = {}
    for action, number in counts.items():
        name = action if action in ACTIONS else OTHER
        told[name] = told.get(name, 0) + number
    return told
