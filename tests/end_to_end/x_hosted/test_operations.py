"""Whoever is on call hears what they must: each alarm rests on a metric that is told, and failures are events."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cdk.log_queries import log_queries
from compliance.metrics import ACTIONS, METRICS, NAMESPACE, PARTS_UNVERIFIED
from tests.emf import Name, metrics_in
from tests.end_to_end.driver import Item, Outcome
from tests.end_to_end.x_hosted.conftest import Checked
from tests.unit.test_errors import leaves

pytestmark = [pytest.mark.end_to_end, pytest.mark.usefixtures("seen")]

AWS_METRICS = {
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): "QueueName",
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    ("AWS/Lambda", "Errors"): "FunctionName",
}
"""What AWS tells by itself, and by which dimension."""

MOST_METRICS = 20
"""Beside failures by error: $0.30 a month each, in the hours in which they are told."""


@pytest.fixture(scope="module")
def lines(checked: Checked, seen: Outcome) -> list[str]:
    return [line for group, lines in checked.deployment.logs().items() for line in lines if "/lambda/" in group]


@pytest.fixture(scope="module")
def told(lines: list[str]) -> Mapping[Name, list[float]]:
    return metrics_in(lines)


@pytest.fixture(scope="module")
def alarms(checked: Checked) -> list[Item]:
    return checked.deployment.alarms()


def _name(alarm: Item) -> Name:
    dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
    return Name.of(alarm["Namespace"], alarm["MetricName"], **dimensions)


def test_each_alarm_rests_on_a_metric_that_is_told_by_that_name_and_those_dimensions(
    alarms: list[Item], told: Mapping[Name, list[float]]
) -> None:
    ours = {alarm["AlarmName"]: _name(alarm) for alarm in alarms if alarm["Namespace"] == NAMESPACE}
    assert len(ours) >= 8
    assert {alarm: name for alarm, name in ours.items() if name not in told} == {}


def test_each_other_alarm_rests_on_a_metric_of_aws_and_on_something_that_is_there(
    checked: Checked, alarms: list[Item]
) -> None:
    others = [_name(alarm) for alarm in alarms if alarm["Namespace"] != NAMESPACE]
    there = {
        "QueueName": checked.deployment.queue_names(),
        "FunctionName": {group.rpartition("/")[2] for group in checked.deployment.logs() if "/lambda/" in group},
    }
    assert len(others) >= 3
    for name in others:
        ((dimension, value),) = name.dimensions
        assert AWS_METRICS[name.namespace, name.metric] == dimension
        assert value in there[dimension]


def test_every_metric_is_told_and_no_other(told: Mapping[Name, list[float]]) -> None:
    dimensions = {metric.name: set(metric.by) for metric in METRICS}
    found: dict[str, set[str | None]] = {}
    for name in told:
        own = [dimension for dimension, _ in name.dimensions if dimension != "service"]
        found.setdefault(name.metric, set()).add(next(iter(own), None))
    # X's own byte path names no checksum, so no part is unverified for want of one.
    assert found == {name: by for name, by in dimensions.items() if name != PARTS_UNVERIFIED.name}
    assert len([name for name in told if not {"error", "dataset"} & dict(name.dimensions).keys()]) <= MOST_METRICS


def test_a_dimension_is_a_word_of_a_small_set(told: Mapping[Name, list[float]]) -> None:
    words = {
        "service": {"XCompliance"},
        "type": {"tweets", "users"},
        "action": set(ACTIONS),
        "error": {error.__name__ for error in leaves()},
        "dataset": {"standing", "once-affected"},
    }
    for name in told:
        for dimension, value in name.dimensions:
            assert value in words[dimension], name


def test_ids_are_counted_as_they_are_checked(checked: Checked, told: Mapping[Name, list[float]]) -> None:
    records = checked.deployment.run_records()
    parts = [part for run in records for part in checked.deployment.records(run["run_id"])[1]]
    complete = [part for part in parts if part["status"] == "complete"]
    assert sum(told[Name.of(NAMESPACE, "IdsChecked", service="XCompliance")]) == sum(
        part["accepted"] for part in complete
    )
    assert sum(told[Name.of(NAMESPACE, "IdsAffected", service="XCompliance", action="delete")]) == sum(
        part["by_action"].get("delete", 0) for part in complete
    )


def test_x_s_refusal_is_told_as_the_part_s_failure(
    checked: Checked, refused: Mapping[str, Outcome], told: Mapping[Name, list[float]]
) -> None:
    events = checked.deployment.events()
    for error, outcome in refused.items():
        assert outcome.run["error"] == error
        assert told[Name.of(NAMESPACE, "PartsFailed", service="XCompliance", error=error)] == [1]
        about = [each for each in events if each["detail"]["run_id"] == outcome.drop.run_id]
        assert [each["detail-type"] for each in about] == ["CompliancePartFailed", "ComplianceRunFailed"]
        assert [each["detail"]["error"] for each in about] == [error, error]


def test_an_answer_that_could_not_be_downloaded_is_not_lost_and_not_paid_for_again(
    checked: Checked, seen: Outcome, told: Mapping[Name, list[float]]
) -> None:
    (left,) = told[Name.of(NAMESPACE, "ResultsTimeLeft", service="XCompliance")]
    # X's clock may be ahead of ours: other tests have advanced it.
    assert 6 * 86_400 < left <= 7 * 86_400 + 3_600
    retried = checked.deployment.retry(seen.drop)
    checked.deployment.assert_complete([retried])
    assert len(checked.deployment.simulator.jobs(seen.drop.run_id)) == 1


def _fields(entry: Any, prefix: str = "") -> Iterator[str]:
    for name, value in entry.items():
        yield prefix + name
        if isinstance(value, dict):
            yield from _fields(value, f"{prefix}{name}.")


def test_the_saved_queries_ask_for_fields_that_the_logs_have(lines: list[str]) -> None:
    written = {field for line in lines if line.startswith("{") for field in _fields(json.loads(line))}
    for name in ("A run's story", "Errors by name", "X's refusals"):
        asked = re.sub(r"""'[^']*'|"[^"]*"|/[^/]*/""", "", log_queries()[name])
        words = set(re.findall(r"(?<![@\w.])[a-z_]+(?:\.[a-z_]+)*", asked)) - SYNTAX
        assert words <= written, name


SYNTAX = {
    *("filter", "ispresent", "fields", "sort", "asc", "desc", "limit", "stats", "count", "as", "by", "latest"),
    *("in", "not", "like", "and", "times", "last", "says", "run"),
}
"""The language's own words, and the names that a query gives."""


def test_every_line_about_a_run_names_it(checked: Checked, seen: Outcome, lines: list[str]) -> None:
    story = [json.loads(line) for line in lines if line.startswith("{") and f'"{seen.drop.run_id}"' in line]
    by_function = {line["function"].partition("-")[2] for line in story if line.get("message") == "Done."}
    assert by_function >= {
        *("register_run", "plan_parts", "prepare_part", "accept_input", "take_turn", "create_job", "upload_part"),
        *("get_job", "abandon_job", "release_turn", "summarize_run", "write_report", "publish_run"),
    }
    assert all(line["run_id"] == seen.drop.run_id for line in story)
