"""What the one on call has: alarms, the topic they go to, the dashboard, and questions to the logs."""

from collections.abc import Mapping

from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.alarms import Alarms, AlarmTopic
from cdk.config import Settings
from cdk.dashboard import Dashboard
from cdk.log_queries import LogQueries


class Monitoring(Construct):
    """Everything that watches; the saved queries not in the sandbox, whose CloudFormation knows none."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.Key,
        functions: Mapping[str, lambda_.IFunction],
        dead_letters: Mapping[str, sqs.IQueue],
    ) -> None:
        super().__init__(scope, construct_id)
        log_groups = [f"/aws/lambda/{settings.prefix}-{name}" for name in sorted(functions)]
        self.topic = AlarmTopic(self, "AlarmTopic", settings=settings, key=key)
        alarms = Alarms(
            self,
            "Alarms",
            settings=settings,
            to=self.topic,
            dead_letters=dead_letters,
            settle_execution=functions["settle_execution"],
        )
        Dashboard(self, "Dashboard", settings=settings, alarms=alarms.all, log_groups=log_groups)
        if not settings.sandbox:
            LogQueries(self, "LogQueries", settings=settings, log_groups=log_groups)
