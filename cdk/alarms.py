"""The alarms: each description is a runbook, and each goes to one topic."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from aws_cdk import ArnFormat, Aws, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.config import Settings
from cdk.datasets import Dataset
from cdk.metrics import metric
from cdk.runbooks import RUNBOOKS
from compliance.metrics import CHECK_AGE, PARTS_FAILED, RESULTS_TIME_LEFT, RUNS_FAILED, RUNS_OPEN, TURN_HELD
from compliance.runs import JOB_TYPES

SOON: Final = Duration.minutes(5)
LEVEL: Final = Duration.minutes(30)
"""Long enough to hold a value of each level, which is told every 15 minutes."""

RESULTS_WARNING: Final = Duration.hours(48)

X_ENDS: Final = {
    "TokenRejected": "BadCredentials",
    "CreditsDepleted": "CreditsDepleted",
    "UsageCapExceeded": "UsageCapExceeded",
}
"""Alarms on errors of parts after which X does nothing for anybody until somebody does something."""


class AlarmTopic(Construct):
    """Where alarms go, and from there to whoever has subscribed. Encrypted with the deployment's key."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, key: kms.Key) -> None:
        super().__init__(scope, construct_id)
        self.prefix = settings.prefix
        self.topic = sns.Topic(
            self,
            "Topic",
            topic_name=f"{settings.prefix}-Alarms",
            display_name=f"{settings.prefix} alarms",
            master_key=key,
            enforce_ssl=True,
        )
        self.topic.add_to_resource_policy(
            self._let_cloudwatch("TakeAlarms", ["sns:Publish"], self.topic.topic_arn, Stack.of(self))
        )
        # CloudWatch encrypts what it sends itself: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        key.add_to_resource_policy(
            self._let_cloudwatch("SendAlarms", ["kms:Decrypt", "kms:GenerateDataKey*"], "*", Stack.of(key))
        )
        if settings.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))

    def _let_cloudwatch(self, name: str, doing: list[str], resource: str, stack: Stack) -> iam.PolicyStatement:
        """A statement for this deployment's alarms, and no others."""
        alarms = stack.format_arn(
            service="cloudwatch",
            resource="alarm",
            resource_name=f"{self.prefix}-*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        return iam.PolicyStatement(
            sid=name,
            actions=doing,
            resources=[resource],
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            conditions={
                "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                "ArnLike": {"aws:SourceArn": alarms},
            },
        )


class Alarms(Construct):
    """What somebody must look at: all alarms, in the order of the dashboard."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        to: AlarmTopic,
        dead_letters: Mapping[str, sqs.IQueue],
        settle_execution: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._to = to
        self.all = [
            self._run_failed(),
            *(self._x_ends(name, error) for name, error in X_ENDS.items()),
            *(self._turn_held_too_long(job_type) for job_type in JOB_TYPES),
            self._results_about_to_expire(),
            *(self._check_overdue(dataset) for dataset in settings.datasets),
            *(self._not_empty(name, queue) for name, queue in dead_letters.items()),
            self._settling_fails(settle_execution),
            self._nobody_looks(),
        ]

    def _run_failed(self) -> cloudwatch.Alarm:
        return self._alarm("RunFailed", metric(RUNS_FAILED, self._settings, "Sum", SOON), threshold=1)

    def _x_ends(self, name: str, error: str) -> cloudwatch.Alarm:
        return self._alarm(name, metric(PARTS_FAILED, self._settings, "Sum", SOON, error=error), threshold=1)

    def _turn_held_too_long(self, job_type: str) -> cloudwatch.Alarm:
        hours = self._settings.turn_alarm_hours
        return self._alarm(
            f"TurnHeldTooLong-{job_type}",
            metric(TURN_HELD, self._settings, "Maximum", LEVEL, type=job_type),
            threshold=hours * 3600,
            about={"type": job_type, "hours": hours},
        )

    def _results_about_to_expire(self) -> cloudwatch.Alarm:
        return self._alarm(
            "ResultsAboutToExpire",
            metric(RESULTS_TIME_LEFT, self._settings, "Minimum", LEVEL),
            threshold=RESULTS_WARNING.to_seconds(),
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
            about={"hours": RESULTS_WARNING.to_hours()},
        )

    def _check_overdue(self, dataset: Dataset) -> cloudwatch.Alarm:
        seconds = dataset.max_age.total_seconds()
        return self._alarm(
            f"CheckOverdue-{dataset.name}",
            metric(CHECK_AGE, self._settings, "Maximum", LEVEL, dataset=dataset.name),
            threshold=seconds,
            about={"dataset": dataset.name, "days": seconds / 86_400},
        )

    def _not_empty(self, name: str, queue: sqs.IQueue) -> cloudwatch.Alarm:
        messages = queue.metric_approximate_number_of_messages_visible(period=SOON, statistic="Maximum")
        return self._alarm(name, messages, threshold=1, about={"queue": queue.queue_url})

    def _settling_fails(self, function: lambda_.IFunction) -> cloudwatch.Alarm:
        return self._alarm("SettleExecutionFails", function.metric_errors(period=LEVEL, statistic="Sum"), threshold=3)

    def _nobody_looks(self) -> cloudwatch.Alarm:
        return self._alarm(
            "NobodyLooksAfterTurns",
            metric(RUNS_OPEN, self._settings, "SampleCount", Duration.hours(1)),
            threshold=1,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )

    def _alarm(
        self,
        name: str,
        on: cloudwatch.IMetric,
        *,
        threshold: float,
        comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
        about: Mapping[str, object] = MappingProxyType({}),
    ) -> cloudwatch.Alarm:
        """The alarm `<prefix>-<name>`, which tells the topic when the metric is at `threshold` or beyond.

        Its description is the runbook of what stands before the name's first hyphen, with what it is `about`.
        """
        prefix = self._settings.prefix
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{prefix}-{name}",
            alarm_description=RUNBOOKS[name.partition("-")[0]].description(prefix=prefix, **about),
            metric=on,
            threshold=threshold,
            comparison_operator=comparison,
            evaluation_periods=1,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(actions.SnsAction(self._to.topic))
        return alarm
