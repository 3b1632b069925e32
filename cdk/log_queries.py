"""Questions to the logs, saved where CloudWatch Logs Insights offers them."""

from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.config import Settings

X_REFUSALS: Final = (
    "AccessRefused",
    "BadCredentials",
    "CreditsDepleted",
    "DownloadRefused",
    "JobConflict",
    "JobForbidden",
    "JobNotFound",
    "PartTooLarge",
    "ProtocolViolation",
    "RateLimited",
    "RequestRefused",
    "RouteNotLive",
    "UploadRefused",
    "UsageCapExceeded",
    "XUnavailable",
)
"""What an answer of X's, or none, is called."""

# It repeats what another function has said.
_FIRST_HAND: Final = "function not like /report_failure$/"


def errors_by_name() -> str:
    """Every error since when, how often, and what it said last."""
    return "\n| ".join(
        (
            f"filter ispresent(error) and {_FIRST_HAND}",
            "stats count() as times, latest(@timestamp) as last, latest(message) as says, latest(run_id) as run "
            "by error, function",
            "sort times desc",
        )
    )


def log_queries() -> Mapping[str, str]:
    """The queries by their names."""
    names = ", ".join(f'"{name}"' for name in X_REFUSALS)
    return {
        "A run's story": "\n| ".join(
            (
                "filter run_id = 'RUN' and ispresent(message)",
                "fields @timestamp, function, part, level, message, seconds, result.status, error",
                "sort @timestamp asc",
                "limit 10000",
            )
        ),
        "Errors by name": errors_by_name(),
        "Invocations cut short": "\n| ".join(
            (
                'filter type = "platform.report" and (record.status = "timeout" or record.errorType like /^Runtime/)',
                "fields @timestamp, @log, record.requestId as request, record.status, record.errorType, "
                "record.metrics.maxMemoryUsedMB as used_mb",
                "sort @timestamp desc",
                "limit 100",
            )
        ),
        "Slowest invocations": "\n| ".join(
            (
                'filter type = "platform.report"',
                "fields @timestamp, @log, record.metrics.durationMs / 1000 as seconds, "
                "record.metrics.maxMemoryUsedMB as used_mb, record.metrics.memorySizeMB as memory_mb, record.status",
                "sort seconds desc",
                "limit 50",
            )
        ),
        "X's refusals": "\n| ".join(
            (
                f"filter error in [{names}] and {_FIRST_HAND}",
                "fields @timestamp, function, run_id, part, error, message",
                "sort @timestamp desc",
                "limit 1000",
            )
        ),
    }


class LogQueries(Construct):
    """The saved queries, below the deployment's name."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, log_groups: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        for name, query in log_queries().items():
            logs.CfnQueryDefinition(
                self,
                name.title().replace(" ", "").replace("'", ""),
                name=f"{settings.prefix}/{name}",
                log_group_names=list(log_groups),
                query_string=query,
            )
