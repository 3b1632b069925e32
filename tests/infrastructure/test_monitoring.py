"""What watches: alarms that say what to do, a topic that nobody can listen in on, a dashboard, and saved queries."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cdk.alarms import X_ENDS
from cdk.config import SettingError
from cdk.log_queries import X_REFUSALS, log_queries
from cdk.rules import flat
from cdk.runbooks import LONGEST_DESCRIPTION, RUNBOOKS, Runbook
from compliance import errors
from compliance.errors import named
from compliance.metrics import METRICS, NAMESPACE
from tests.infrastructure.deployment import Deployment, synthesize

LONGEST_URL = len("https://sqs.ap-southeast-1.amazonaws.com/123456789012/") + 80
BY_NAME = {metric.name: metric for metric in METRICS}


def alarms(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """The alarms' properties, by their names without the prefix."""
    found = deployment.resources("AWS::CloudWatch::Alarm").values()
    return {each["Properties"]["AlarmName"].removeprefix("XCompliance-"): each["Properties"] for each in found}


def dimensions(alarm: dict[str, Any]) -> dict[str, Any]:
    return {each["Name"]: each["Value"] for each in alarm["Dimensions"]}


def test_there_is_an_alarm_for_everything_that_somebody_must_look_at(aws: Deployment) -> None:
    assert {name.partition("-")[0] for name in alarms(aws)} == RUNBOOKS.keys() - {"CheckOverdue"}
    assert {"TurnHeldTooLong-tweets", "TurnHeldTooLong-users"} < alarms(aws).keys()


def test_each_alarm_is_a_runbook_and_tells_the_topic(aws: Deployment) -> None:
    (topic,) = aws.resources("AWS::SNS::Topic")
    for name, alarm in alarms(aws).items():
        text = flat(alarm["AlarmDescription"])
        assert re.fullmatch(r"[^\n]{40,}\nLOOK: [^\n]{30,}\nDO: [^\n]{30,}", text), name
        assert "{" not in text, name
        assert len(text) + LONGEST_URL < LONGEST_DESCRIPTION, name
        assert re.search(r"xcompliance (retry|cancel) RUN|aws [a-z]+ [a-z-]+", text), f"{name} names no command"
        assert alarm["AlarmActions"] == [{"Ref": topic}], name


def test_an_alarm_whose_words_cloudwatch_would_not_take_is_refused() -> None:
    with pytest.raises(ValueError, match="1024"):
        Runbook("x" * 1000, "look", "do something").description()


def test_an_alarm_on_a_metric_of_ours_names_one_that_the_functions_tell(aws: Deployment) -> None:
    for name, alarm in alarms(aws).items():
        if alarm["Namespace"] == NAMESPACE:
            given = dimensions(alarm)
            assert given.pop("service") == "XCompliance"
            assert next(iter(given), None) in BY_NAME[alarm["MetricName"]].by, name
        else:
            assert alarm["Namespace"] in ("AWS/SQS", "AWS/Lambda")


def test_each_dead_letter_queue_has_an_alarm(aws: Deployment) -> None:
    watched = [dimensions(each)["QueueName"] for each in alarms(aws).values() if each["Namespace"] == "AWS/SQS"]
    queues = [{"Fn::GetAtt": [name, "QueueName"]} for name in aws.resources("AWS::SQS::Queue")]
    assert sorted(watched, key=str) == sorted(queues, key=str)


def test_an_error_after_which_x_does_nothing_is_one_that_a_part_can_fail_with(aws: Deployment) -> None:
    for name, error in X_ENDS.items():
        assert type(named(error, "")).__name__ == error
        assert dimensions(alarms(aws)[name])["error"] == error


@pytest.mark.parametrize(
    ("name", "comparison", "threshold", "missing"),
    [
        ("RunFailed", "GreaterThanOrEqualToThreshold", 1, "notBreaching"),
        ("TurnHeldTooLong-users", "GreaterThanOrEqualToThreshold", 12 * 3600, "notBreaching"),
        ("ResultsAboutToExpire", "LessThanOrEqualToThreshold", 48 * 3600, "notBreaching"),
        ("RunsNotStarted", "GreaterThanOrEqualToThreshold", 1, "notBreaching"),
        ("NobodyLooksAfterTurns", "LessThanThreshold", 1, "breaching"),
    ],
)
def test_an_alarm_goes_off_where_it_should(
    aws: Deployment, name: str, comparison: str, threshold: float, missing: str
) -> None:
    alarm = alarms(aws)[name]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == (comparison, threshold)
    assert alarm["TreatMissingData"] == missing


def test_levels_are_looked_at_over_longer_than_they_are_told_apart(aws: Deployment) -> None:
    for name in ("TurnHeldTooLong-tweets", "ResultsAboutToExpire", "NobodyLooksAfterTurns"):
        assert alarms(aws)[name]["Period"] > 15 * 60


def test_how_long_a_turn_may_be_held_is_the_deployers_choice(tmp_path: Path) -> None:
    alarm = alarms(synthesize(tmp_path, turn_alarm_hours="1.5"))["TurnHeldTooLong-tweets"]
    assert alarm["Threshold"] == 5400
    assert "for 1.5 hours" in alarm["AlarmDescription"]


def test_alarms_are_mailed_to_whom_the_deployer_names_and_to_nobody_otherwise(aws: Deployment, tmp_path: Path) -> None:
    assert aws.resources("AWS::SNS::Subscription") == {}
    mailed = synthesize(tmp_path, alarm_email="on-call@example.com").resources("AWS::SNS::Subscription")
    (subscription,) = (each["Properties"] for each in mailed.values())
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "on-call@example.com")


@pytest.mark.parametrize("address", ["nobody", "a@b", "a b@c.d"])
def test_what_is_no_address_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingError, match="alarm_email"):
        synthesize(tmp_path, alarm_email=address)


def test_the_topic_is_encrypted_and_takes_messages_over_tls_and_from_our_alarms_alone(aws: Deployment) -> None:
    (topic,) = aws.resources("AWS::SNS::Topic").values()
    assert "Key" in flat(topic["Properties"]["KmsMasterKeyId"])
    (policy,) = aws.resources("AWS::SNS::TopicPolicy").values()
    statements = {each["Sid"]: each for each in policy["Properties"]["PolicyDocument"]["Statement"]}
    refused = statements.pop("AllowPublishThroughSSLOnly")
    assert (refused["Effect"], refused["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert statements.keys() == {"TakeAlarms"}
    assert statements["TakeAlarms"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    _only_our_alarms(statements["TakeAlarms"])


def test_cloudwatch_may_use_the_key_for_our_alarms_alone(aws: Deployment) -> None:
    """Without, it could tell an encrypted topic nothing."""
    (key,) = aws.resources("AWS::KMS::Key").values()
    (statement,) = [
        each
        for each in key["Properties"]["KeyPolicy"]["Statement"]
        if each["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    ]
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    _only_our_alarms(statement)


def _only_our_alarms(statement: dict[str, Any]) -> None:
    condition = statement["Condition"]
    assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert flat(condition["ArnLike"]["aws:SourceArn"]).endswith(":alarm:XCompliance-*")


def test_the_dashboard_shows_every_metric_that_is_told_and_every_alarm(aws: Deployment) -> None:
    (dashboard,) = aws.resources("AWS::CloudWatch::Dashboard").values()
    body = json.loads(flat(dashboard["Properties"]["DashboardBody"]))
    shown = json.dumps(body)
    for metric in METRICS:
        assert re.search(rf'"{metric.name}"|MetricName=\\+"{metric.name}\\+"', shown), metric.name
    assert sum(len(each["alarms"]) for each in widgets(aws, "alarm")) == len(alarms(aws))
    assert dashboard["Properties"]["DashboardName"] == "XCompliance"


def widgets(deployment: Deployment, kind: str) -> list[dict[str, Any]]:
    """The properties of the dashboard's widgets of a kind."""
    (dashboard,) = deployment.resources("AWS::CloudWatch::Dashboard").values()
    body = json.loads(flat(dashboard["Properties"]["DashboardBody"]))
    return [each["properties"] for each in body["widgets"] if each["type"] == kind]


def test_a_level_is_not_0_on_the_dashboard_because_nobody_has_looked_yet(aws: Deployment) -> None:
    """CloudWatch shows the last value, and fills also the quarter of an hour that has just begun."""
    tiles = [each for each in widgets(aws, "metric") if each["view"] == "singleValue"]
    assert len(tiles) == 6
    for tile in tiles:
        expressions = " ".join(shown["expression"] for shown, *_ in tile["metrics"] if isinstance(shown, dict))
        stats = {each[-1]["stat"] for each in tile["metrics"] if isinstance(each[-1], dict) and "stat" in each[-1]}
        assert "FILL" not in expressions or stats == {"Sum"}, tile["title"]
        assert "IF(" not in expressions or "RunsOpen" in json.dumps(tile["metrics"]), tile["title"]


def test_what_was_counted_today_begins_at_0(aws: Deployment) -> None:
    (tile,) = (each for each in widgets(aws, "metric") if each["title"] == "IDs checked today")
    assert tile["metrics"][0][0]["expression"] == "FILL(count, 0)"


def test_the_dashboard_has_room_for_any_number_of_datasets(tmp_path: Path) -> None:
    names = [f"d{number}" for number in range(120)]
    datasets = tmp_path / "datasets.yaml"
    datasets.write_text(
        "datasets:\n" + "".join(f"- {{name: {n}, type: tweets, schedule: rate(1 day)}}\n" for n in names)
    )
    deployment = synthesize(tmp_path / "out", datasets_file=str(datasets))
    shown = [each["alarms"] for each in widgets(deployment, "alarm")]
    assert max(len(each) for each in shown) <= 100
    assert sum(len(each) for each in shown) == len(alarms(deployment)) > 120


def test_questions_to_the_logs_are_saved_for_all_functions(aws: Deployment) -> None:
    saved = {each["Properties"]["Name"]: each["Properties"] for each in _saved_queries(aws)}
    assert saved.keys() == {f"XCompliance/{name}" for name in log_queries()}
    groups = {each["Properties"]["LogGroupName"] for each in aws.resources("AWS::Logs::LogGroup").values()}
    for each in saved.values():
        assert set(each["LogGroupNames"]) == {group for group in groups if group.startswith("/aws/lambda/")}


def _saved_queries(deployment: Deployment) -> list[dict[str, Any]]:
    return list(deployment.resources("AWS::Logs::QueryDefinition").values())


def test_a_refusal_of_x_is_looked_for_by_names_that_there_are() -> None:
    assert all(issubclass(getattr(errors, name), errors.ComplianceError) for name in X_REFUSALS)
