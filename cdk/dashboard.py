"""The dashboard: what runs, what waits, what came of it, what failed, and what it costs, at a glance."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from cdk.config import Settings
from cdk.log_queries import errors_by_name
from cdk.metrics import by_each, metric
from compliance.metrics import (
    CHECK_AGE,
    COST_AWS,
    COST_X,
    FILES_MISPLACED,
    IDS_AFFECTED,
    IDS_CHECKED,
    JOBS_WAITING,
    LINES_REJECTED,
    OLDEST_RUN_AGE,
    PARTS_FAILED,
    PARTS_UNVERIFIED,
    RESULTS_TIME_LEFT,
    RUNS_COMPLETED,
    RUNS_FAILED,
    RUNS_OPEN,
    TURN_HELD,
    X_REQUESTS,
    X_REQUESTS_LEFT,
    Metric,
)
from compliance.runs import JOB_TYPES

DAY: Final = Duration.days(1)
HOUR: Final = Duration.hours(1)
LEVEL: Final = Duration.minutes(15)
WIDTH: Final = 24
MOST_ALARMS: Final = 100
"""Of one widget [CloudWatch, dashboard body]."""


class Dashboard(Construct):
    """One page, named after the deployment."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        alarms: Sequence[cloudwatch.IAlarm],
        log_groups: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.dashboard = cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=settings.prefix,
            default_interval=Duration.days(7),
            widgets=[
                *_alarms(alarms),
                self._now(),
                self._each_day(),
                self._failures(log_groups),
                self._waiting(),
            ],
        )

    def _now(self) -> list[cloudwatch.IWidget]:
        values: dict[str, list[cloudwatch.IMetric]] = {
            "Runs under way": [self._metric(RUNS_OPEN, "Maximum", LEVEL)],
            "Age of the oldest unanswered file, hours": [self._with_runs("IF(open, level / 3600, 0)", OLDEST_RUN_AGE)],
            **{
                f"Waiting for a turn: {each}": [self._with_runs("IF(open, level, 0)", JOBS_WAITING, type=each)]
                for each in JOB_TYPES
            },
            "X API calls left, when X was last asked": [self._metric(X_REQUESTS_LEFT, "Minimum", LEVEL)],
            "IDs checked today": [self._today(IDS_CHECKED)],
        }
        return [
            cloudwatch.SingleValueWidget(title=title, metrics=metrics, width=WIDTH // len(values), height=4)
            for title, metrics in values.items()
        ]

    def _each_day(self) -> list[cloudwatch.IWidget]:
        checked = [self._metric(metric, "Sum", DAY) for metric in (IDS_CHECKED, LINES_REJECTED, FILES_MISPLACED)]
        affected = by_each(IDS_AFFECTED, self._settings, "action", "Sum", DAY)
        costs = [self._metric(COST_AWS, "Sum", DAY, "AWS"), self._metric(COST_X, "Sum", DAY, "X")]
        return [
            _per_day("IDs checked, lines rejected, and files misplaced, per day", checked),
            _per_day("Affected per day, by action", [affected]),
            _per_day("Estimated cost per day, dollars", costs),
        ]

    def _failures(self, log_groups: Sequence[str]) -> list[cloudwatch.IWidget]:
        runs = [self._metric(each, "Sum", DAY) for each in (RUNS_COMPLETED, RUNS_FAILED, PARTS_UNVERIFIED)]
        return [
            _per_day("Runs, and unverified parts, per day", runs),
            _per_day("Failed runs per day, by error", [by_each(RUNS_FAILED, self._settings, "error", "Sum", DAY)]),
            _per_day("Failed parts per day, by error", [by_each(PARTS_FAILED, self._settings, "error", "Sum", DAY)]),
            cloudwatch.LogQueryWidget(
                title="Errors by name",
                log_group_names=list(log_groups),
                query_string=errors_by_name(),
                width=WIDTH,
                height=6,
            ),
        ]

    def _waiting(self) -> list[cloudwatch.IWidget]:
        asked = [self._metric(X_REQUESTS, "Sum", HOUR)]
        left = [self._metric(X_REQUESTS_LEFT, "Minimum", HOUR)]
        held = [
            self._metric(TURN_HELD, "Maximum", LEVEL, f"turn held: {each}, seconds", type=each) for each in JOB_TYPES
        ]
        waiting = [self._metric(JOBS_WAITING, "Maximum", LEVEL, f"waiting: {each}", type=each) for each in JOB_TYPES]
        expiring = [self._metric(RESULTS_TIME_LEFT, "Minimum", LEVEL)]
        ages = by_each(CHECK_AGE, self._settings, "dataset", "Maximum", LEVEL)
        return [
            cloudwatch.GraphWidget(title="Turns: how many wait, how long held", left=waiting, right=held, width=8),
            cloudwatch.GraphWidget(title="X API calls per hour, and left", left=asked, right=left, width=8),
            cloudwatch.GraphWidget(title="Time left of results not downloaded, seconds", left=expiring, width=8),
            cloudwatch.GraphWidget(title="Age of the last check, by dataset, seconds", left=[ages], width=8),
        ]

    def _metric(
        self, of: Metric, statistic: str, period: Duration, label: str | None = None, **dimensions: str
    ) -> cloudwatch.Metric:
        return metric(of, self._settings, statistic, period, label or of.name, **dimensions)

    def _with_runs(self, expression: str, of: Metric, **dimensions: str) -> cloudwatch.IMetric:
        """A level that is told of only while there is something: 0 when the runs are told of and it is not.

        Before they are told of, `IF` gives nothing, and a widget shows what was last; `FILL` would show 0 already.
        """
        told = {
            "open": self._metric(RUNS_OPEN, "Maximum", LEVEL),
            "level": self._metric(of, "Maximum", LEVEL, **dimensions),
        }
        return cloudwatch.MathExpression(expression=expression, using_metrics=told, label=of.name, period=LEVEL)

    def _today(self, of: Metric) -> cloudwatch.IMetric:
        """A count of this day, of which nothing may have been told yet."""
        counted = {"count": self._metric(of, "Sum", DAY)}
        return cloudwatch.MathExpression(expression="FILL(count, 0)", using_metrics=counted, label=of.name, period=DAY)


def _alarms(alarms: Sequence[cloudwatch.IAlarm]) -> list[list[cloudwatch.IWidget]]:
    """Below each other, a widget for each MOST_ALARMS."""
    return [
        [
            cloudwatch.AlarmStatusWidget(
                title="Alarms", alarms=list(alarms[start : start + MOST_ALARMS]), width=WIDTH, height=4
            )
        ]
        for start in range(0, len(alarms), MOST_ALARMS)
    ]


def _per_day(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    """Over time: CloudWatch's bars would be one sum for all days."""
    return cloudwatch.GraphWidget(title=title, left=list(metrics), stacked=True, width=8)
