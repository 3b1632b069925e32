"""Reads metrics out of logs as CloudWatch does.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

MOST_DIMENSIONS = 30


@dataclass(frozen=True)
class Name:
    """What makes a metric one of its own, and is paid for."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, namespace: str, metric: str, **dimensions: str) -> "Name":
        return cls(namespace, metric, tuple(sorted(dimensions.items())))


def metrics_in(lines: Iterable[str]) -> dict[Name, list[float]]:
    """The values that a log tells of each metric; raises AssertionError for a line that CloudWatch would skip."""
    found: dict[Name, list[float]] = defaultdict(list)
    for line in lines:
        if '"_aws"' not in line:
            continue
        entry = json.loads(line)
        assert isinstance(entry["_aws"]["Timestamp"], int)
        for directive in entry["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                assert len(names) <= MOST_DIMENSIONS
                dimensions = {name: entry[name] for name in names}
                assert all(isinstance(value, str) and value.strip() for value in dimensions.values())
                for metric in directive["Metrics"]:
                    values = entry[metric["Name"]]
                    values = values if isinstance(values, list) else [values]
                    assert all(isinstance(value, int | float) for value in values)
                    found[Name.of(directive["Namespace"], metric["Name"], **dimensions)] += values
    return dict(found)
