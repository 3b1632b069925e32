"""What the event bus is told: the details of the events, as the schemas in ``docs/events`` describe them."""

from typing import Any, Final

from compliance.runs import Part, dataset_of, results_prefix

SCHEMA_VERSION: Final = "1.0"
"""The first number changes when a listener must; the second when there is something new that it may leave alone."""

SOURCE: Final = "xcompliance"
RUN_COMPLETED: Final = "ComplianceRunCompleted"
RUN_FAILED: Final = "ComplianceRunFailed"
RUN_SKIPPED: Final = "ComplianceRunSkipped"
PART_FAILED: Final = "CompliancePartFailed"


def run_ended(summary: dict[str, Any], results_bucket: str) -> tuple[str, dict[str, Any]]:
    """Detail type and detail for a run that has ended: all of its ``summary``, and where its answers lie."""
    detail = {
        "schema_version": SCHEMA_VERSION,
        **summary,
        "dataset": dataset_of(summary),  # type: ignore[arg-type]
        "results_bucket": results_bucket,
        "results_prefix": results_prefix(summary),  # type: ignore[arg-type]  # what it needs is in each summary
    }
    return _BY_STATUS[summary["status"]], detail


_BY_STATUS: Final = {"complete": RUN_COMPLETED, "failed": RUN_FAILED, "skipped": RUN_SKIPPED}


def part_failed(part: Part, results_bucket: str, failed_at: str) -> tuple[str, dict[str, Any]]:
    """Detail type and detail for a part that has failed; its object holds the IDs that were not checked."""
    names = ("run_id", "type", "part", "checked_on", "accepted", "object_key", "error", "error_message")
    detail = {
        "schema_version": SCHEMA_VERSION,
        **{name: part[name] for name in names},  # type: ignore[literal-required]
        "failed_at": failed_at,
        "results_bucket": results_bucket,
    }
    return PART_FAILED, detail
