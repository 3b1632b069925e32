"""Tells CloudWatch what has happened: lines of the log in its Embedded Metric Format, so that no request is made."""

import json
from collections.abc import Mapping
from logging import StreamHandler
from typing import TextIO, cast

from aws_lambda_powertools.metrics import EphemeralMetrics

from adapters.log import logger
from adapters.settings import settings
from compliance.metrics import NAMESPACE, SERVICE, Metric


def tell(values: Mapping[Metric, float], run_id: str | None = None, **dimensions: str) -> None:
    """Writes metrics of the same dimensions into the log, with the run that they are about beside them.

    Raises KeyError without a dimension that the metrics have.
    """
    service, (first, *others) = settings().service, next(iter(values)).by
    line = EphemeralMetrics(namespace=NAMESPACE, service=service)
    for metric, value in values.items():
        line.add_metric(metric.name, metric.unit, value)
    if first is not None:
        line.add_dimension(first, dimensions[first])
    for other in others:
        line.add_dimensions(**{SERVICE: service, str(other): dimensions[str(other)]})
    if run_id is not None:
        line.add_metadata("run_id", run_id)
    stream = cast("StreamHandler[TextIO]", logger.registered_handler).stream
    stream.write(json.dumps(line.serialize_metric_set()) + "\n")
    stream.flush()
