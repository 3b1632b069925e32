"""Log groups: named after what they belong to, kept as long as the settings say, and deleted with it."""

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import LogGroup
from constructs import Construct

from cdk.config import Settings


def log_group(scope: Construct, name: str, settings: Settings) -> LogGroup:
    """The log group `name` of the construct `scope`."""
    return LogGroup(
        scope,
        "Logs",
        log_group_name=name,
        retention=settings.log_retention,
        removal_policy=RemovalPolicy.DESTROY,
    )
