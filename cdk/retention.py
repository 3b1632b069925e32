"""How long the objects of each kind stay, as rules of S3; docs/retention.md gives the reasons."""

from collections.abc import Iterable, Mapping
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3

from cdk.config import Settings

QUERY_OUTPUT_DAYS: Final = 7
MOST_RECOVERABLE_DAYS: Final = 35
"""Of a table [DynamoDB, point-in-time recovery]."""


def inbox_rules(settings: Settings) -> list[s3.LifecycleRule]:
    """The rules of the inbox. What stands outside its folders starts no run, and stays."""
    return _rules(
        {
            "Dropped": (("tweets", "users"), settings.inbox_days),
            "Datasets": (("datasets",), settings.datasets_days),
            "Working": (("unloaded",), settings.working_copies_days),
        }
    )


def results_rules(settings: Settings) -> list[s3.LifecycleRule]:
    """The rules of the results bucket, for each folder that `compliance/runs.py` writes to, and for Athena's."""
    return _rules(
        {
            "Working": (("parts", "deduplicated", "raw", "rejects"), settings.working_copies_days),
            "Results": (("results", "checked_ids", "reports"), settings.results_days),
            "Proof": (("runs", "segments"), settings.proof_days),
            "Queries": (("athena",), QUERY_OUTPUT_DAYS),
        }
    )


def _rules(kinds: Mapping[str, tuple[Iterable[str], int]]) -> list[s3.LifecycleRule]:
    """A rule for each folder that does not stay for ever: S3 knows a rule of one prefix, and none of several."""
    return [
        s3.LifecycleRule(id=f"Forget{kind}-{folder}", prefix=f"{folder}/", expiration=Duration.days(days))
        for kind, (folders, days) in kinds.items()
        if days
        for folder in folders
    ]
