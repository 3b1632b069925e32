"""The functions' metrics, as alarms and the dashboard name them."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.config import Settings
from compliance.metrics import NAMESPACE, SERVICE, Metric


def metric(
    of: Metric, settings: Settings, statistic: str, period: Duration, label: str | None = None, **dimensions: str
) -> cloudwatch.Metric:
    """One metric of this deployment; raises ValueError unless it is told by these dimensions."""
    if next(iter(dimensions), None) not in of.by or len(dimensions) > 1:
        raise ValueError(f"{of.name} is not told by {dimensions}")
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=of.name,
        dimensions_map={SERVICE: settings.prefix, **dimensions},
        statistic=statistic,
        period=period,
        label=label,
    )


def by_each(of: Metric, settings: Settings, dimension: str, statistic: str, period: Duration) -> cloudwatch.IMetric:
    """One metric for each value of a dimension that there is."""
    if dimension not in of.by:
        raise ValueError(f"{of.name} is not told by {dimension}")
    which = f'{{{NAMESPACE},{SERVICE},{dimension}}} MetricName="{of.name}" {SERVICE}="{settings.prefix}"'
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{which}', '{statistic}', {int(period.to_seconds())})",
        using_metrics={},
        period=period,
        label="",
    )
