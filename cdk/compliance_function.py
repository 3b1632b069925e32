"""One function: everything that all functions have in common, in one place."""

from collections.abc import Iterable, Mapping

from aws_cdk import Duration, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk.bundling import Platform
from cdk.config import Settings
from cdk.grants import Grant
from cdk.logs import log_group
from cdk.rules import acknowledge_wildcard


class ComplianceFunction(Construct):
    """The function of the handler file `<name>.py`, with a role that holds its grants and nothing else.

    Args:
        memory: in MB; a function gets one CPU at 1769.
        timeout: in seconds.
        disk: what `/tmp` holds, in MiB.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        platform: Platform,
        code: lambda_.Code,
        environment: Mapping[str, str],
        memory: int,
        timeout: int,
        disk: int,
        grants: Iterable[Grant],
    ) -> None:
        super().__init__(scope, name)
        function_name = f"{settings.prefix}-{name}"
        logs = log_group(self, f"/aws/lambda/{function_name}", settings)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        write_logs = Grant("WriteLogs", ("logs:CreateLogStream", "logs:PutLogEvents"), (logs.log_group_arn,))
        for grant in (write_logs, *grants):
            grant.give_to(role)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=function_name,
            handler=f"{name}.handler",
            runtime=platform.runtime,
            architecture=platform.architecture,
            code=code,
            role=role,
            environment=dict(environment),
            memory_size=memory,
            timeout=Duration.seconds(timeout),
            ephemeral_storage_size=Size.mebibytes(disk),
            log_group=logs,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
        )
        acknowledge_wildcard(role, "*", "Traces and task tokens know no resources: IAM has no narrower grant for them.")
