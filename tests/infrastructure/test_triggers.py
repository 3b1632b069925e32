"""Triggers: every dropped object starts one run, every lost job frees its turn, and no event vanishes."""

from typing import Any

from aws_cdk.assertions import Match

from tests.infrastructure.deployment import Deployment


def _rule(deployment: Deployment, detail_type: str) -> dict[str, Any]:
    rules = [body["Properties"] for body in deployment.resources("AWS::Events::Rule").values()]
    patterns = [each for each in rules if "EventPattern" in each]
    found: dict[str, Any] = next(each for each in patterns if each["EventPattern"]["detail-type"] == [detail_type])
    return found


def _machine_id(deployment: Deployment, name: str) -> str:
    machines = deployment.resources("AWS::StepFunctions::StateMachine")
    (found,) = (key for key, body in machines.items() if body["Properties"]["StateMachineName"] == name)
    return found


def test_an_object_below_tweets_or_users_starts_a_run_and_so_does_a_complete_folder(
    aws: Deployment,
) -> None:
    rule = _rule(aws, "Object Created")
    assert rule["EventPattern"]["source"] == ["aws.s3"]
    (bucket_name,) = rule["EventPattern"]["detail"]["bucket"]["name"]
    assert "Inbox" in bucket_name["Fn::ImportValue"]
    assert rule["EventPattern"]["detail"]["object"] == {
        "key": [
            {"prefix": "tweets/"},
            {"prefix": "users/"},
            {"wildcard": "datasets/tweets/*/_SUCCESS"},
            {"wildcard": "datasets/users/*/_SUCCESS"},
        ]
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Ref": _machine_id(aws, "XComplianceRun")}
    assert target["InputPath"] == "$.detail"


def test_what_is_created_or_deleted_where_nobody_reads_is_noted(aws: Deployment) -> None:
    rules = [body["Properties"] for body in aws.resources("AWS::Events::Rule").values()]
    (rule,) = [each for each in rules if "Object Deleted" in each.get("EventPattern", {}).get("detail-type", ())]
    started = _rule(aws, "Object Created")["EventPattern"]["detail"]
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": {
            "bucket": started["bucket"],
            "object": {
                "key": [
                    {
                        "anything-but": {
                            "wildcard": [
                                "tweets/*",
                                "users/*",
                                "datasets/tweets/*/*",
                                "datasets/users/*/*",
                                "unloaded/*",
                            ]
                        }
                    }
                ]
            },
        },
    }
    (target,) = rule["Targets"]
    function = aws.resources("AWS::Lambda::Function")[target["Arn"]["Fn::GetAtt"][0]]
    assert function["Properties"]["Handler"] == "note_misplaced.handler"


def test_the_rule_may_start_runs_and_nothing_else(aws: Deployment) -> None:
    (target,) = _rule(aws, "Object Created")["Targets"]
    (statement,) = aws.statements(target["RoleArn"])
    assert statement["Action"] == "states:StartExecution"
    assert statement["Resource"] == target["Arn"]


def test_an_execution_that_ended_without_success_is_settled(aws: Deployment) -> None:
    rule = _rule(aws, "Step Functions Execution Status Change")
    assert rule["EventPattern"]["source"] == ["aws.states"]
    assert rule["EventPattern"]["detail"] == {
        "stateMachineArn": [{"Ref": _machine_id(aws, f"XCompliance{name}")} for name in ("Run", "Job")],
        "status": ["FAILED", "ABORTED", "TIMED_OUT"],
    }
    _calls_settle_execution(aws, rule)


def test_turns_are_looked_after_four_times_an_hour(aws: Deployment) -> None:
    rules = [body["Properties"] for body in aws.resources("AWS::Events::Rule").values()]
    (rule,) = [each for each in rules if "ScheduleExpression" in each]
    assert rule["ScheduleExpression"] == "rate(15 minutes)"
    _calls_settle_execution(aws, rule)


def _calls_settle_execution(deployment: Deployment, rule: dict[str, Any]) -> None:
    (target,) = rule["Targets"]
    function = deployment.resources("AWS::Lambda::Function")[target["Arn"]["Fn::GetAtt"][0]]
    assert function["Properties"]["Handler"] == "settle_execution.handler"
    assert "Input" not in target
    assert "InputPath" not in target


def test_each_target_is_tried_for_a_day_and_then_keeps_the_event(aws: Deployment) -> None:
    queues = {name for name in aws.resources("AWS::SQS::Queue") if not name.startswith("Schedules")}
    kept = []
    for rule in aws.resources("AWS::Events::Rule").values():
        (target,) = rule["Properties"]["Targets"]
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
        kept.append(target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0])
    assert set(kept) == queues


def test_an_event_that_settle_execution_fails_on_is_kept_too(aws: Deployment) -> None:
    aws.pipeline.has_resource_properties(
        "AWS::Lambda::EventInvokeConfig",
        {
            "FunctionName": {"Ref": Match.string_like_regexp("settleexecution")},
            "DestinationConfig": {
                "OnFailure": {"Destination": {"Fn::GetAtt": [Match.string_like_regexp("ExecutionsNotSettled"), "Arn"]}}
            },
        },
    )


def test_dead_letters_are_encrypted_and_refuse_requests_without_tls(aws: Deployment) -> None:
    aws.pipeline.all_resources_properties(
        "AWS::SQS::Queue", {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * 86400}
    )
    for name, policy in aws.resources("AWS::SQS::QueuePolicy").items():
        refused, *accepted = policy["Properties"]["PolicyDocument"]["Statement"]
        assert refused["Effect"] == "Deny"
        assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert bool(accepted) == (not name.startswith("Schedules")), "schedules send by their role"
        for statement in accepted:
            assert statement["Action"] == "sqs:SendMessage"
            assert statement["Condition"]["ArnEquals"].keys() == {"aws:SourceArn"}
    assert len(aws.resources("AWS::SQS::QueuePolicy")) == len(aws.resources("AWS::SQS::Queue"))
