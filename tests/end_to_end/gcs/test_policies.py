"""Who has the printed policy can do what the documents say, on an AWS that enforces it, and nothing else."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.end_to_end.driver import Deployment
from tests.end_to_end.gcs.conftest import Checked
from xcompliance.athena import query
from xcompliance.doctor.examination import examine
from xcompliance.doctor.subject import Subject
from xcompliance.lookup import look_up
from xcompliance.policy import Role, policy
from xcompliance.runs import get_run, latest_runs
from xcompliance.stack import Stack

pytestmark = pytest.mark.end_to_end

STARTS_NOTHING = "datasets/tweets/incomplete/ids.txt"
"""A folder without its marker."""


ATTACHED = {Role.UPLOADER: (Role.UPLOADER,), Role.ANALYST: (Role.ANALYST,), Role.OPERATOR: tuple(Role)}
"""An operator has the policies of the others too."""


def _on_the_emulator(document: dict[str, Any]) -> dict[str, Any]:
    """The emulator knows of no query in which workgroup it runs, nor the name that AWS gives a rule and a dashboard."""
    for statement in document["Statement"]:
        if statement["Sid"] in ("Ask", "EnableRules", "SeeDashboard"):
            statement["Resource"] = "*"
    return document


@pytest.fixture(scope="module")
def as_role(deployment: Deployment) -> Iterator[Callable[[Role], Stack]]:
    """The deployment as a user sees it who has the policy of a role and no other."""
    admin = Stack.of_sandbox(deployment.box.as_json())
    iam = admin.session.client("iam", **admin.connection)
    made: dict[Role, Stack] = {}

    def see(role: Role) -> Stack:
        if role not in made:
            iam.create_user(UserName=role)
            for each in ATTACHED[role]:
                document = json.dumps(_on_the_emulator(policy(admin, each)))
                iam.put_user_policy(UserName=role, PolicyName=each, PolicyDocument=document)
            key = iam.create_access_key(UserName=role)["AccessKey"]
            session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=admin.session.region_name)
            made[role] = Stack(admin.name, admin.outputs, session, admin.connection)
        return made[role]

    yield see
    for role in made:
        for key in iam.list_access_keys(UserName=role)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=role, AccessKeyId=key["AccessKeyId"])
        for name in iam.list_user_policies(UserName=role)["PolicyNames"]:
            iam.delete_user_policy(UserName=role, PolicyName=name)
        iam.delete_user(UserName=role)


def denied(call: Callable[[], object]) -> bool:
    """Whether AWS denies a call, and does not refuse it for another reason."""
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException", "403")


def test_an_uploader_drops_files_and_reads_none(as_role: Callable[[Role], Stack], checked: Checked) -> None:
    stack = as_role(Role.UPLOADER)
    inbox, results = stack["InboxBucketName"], stack["ResultsBucketName"]
    stack.s3.put_object(Bucket=inbox, Key=STARTS_NOTHING, Body=b"18\n")
    for forbidden in (
        lambda: stack.s3.get_object(Bucket=inbox, Key=STARTS_NOTHING),
        lambda: stack.s3.delete_object(Bucket=inbox, Key=STARTS_NOTHING),
        lambda: stack.s3.list_objects_v2(Bucket=inbox),
        lambda: stack.s3.put_object(Bucket=inbox, Key="elsewhere/ids.txt", Body=b"18\n"),
        lambda: stack.s3.put_object(Bucket=results, Key="results/forged.parquet", Body=b""),
        lambda: stack.s3.list_objects_v2(Bucket=results),
        lambda: latest_runs(stack, 1),
        lambda: list(look_up(stack, "tweets", ["18"])),
        lambda: _token(stack),
    ):
        assert denied(forbidden)


def test_an_analyst_asks_and_changes_nothing(as_role: Callable[[Role], Stack], checked: Checked) -> None:
    stack = as_role(Role.ANALYST)
    inbox, results = stack["InboxBucketName"], stack["ResultsBucketName"]
    outcome = checked["plain"]
    answered = query(stack, "SELECT count(*) AS ids FROM results")
    assert int(answered.rows[0][0] or 0) > 0
    assert [each.id for each in look_up(stack, "tweets", outcome.file.ids[:3])] == outcome.file.ids[:3]
    assert outcome.drop.run_id in {each.run_id for each in latest_runs(stack, 100)}
    report = str(outcome.run["report"])
    assert stack.s3.get_object(Bucket=results, Key=report)["Body"].read()
    for forbidden in (
        lambda: get_run(stack, outcome.drop.run_id),
        lambda: stack.s3.get_object(Bucket=results, Key=f"raw/{outcome.drop.run_id}/00001.ndjson"),
        lambda: stack.s3.put_object(Bucket=results, Key=report, Body=b"forged"),
        lambda: stack.s3.delete_object(Bucket=results, Key=report),
        lambda: stack.s3.get_object(Bucket=inbox, Key=outcome.file.key),
        lambda: stack.results_table.delete_item(Key={"subject": "tweets#18"}),
        lambda: stack.step_functions.start_execution(stateMachineArn=stack["RunStateMachineArn"], input="{}"),
        lambda: _token(stack),
    ):
        assert denied(forbidden)


def test_an_operator_runs_it_and_sets_the_token_without_reading_it(
    as_role: Callable[[Role], Stack], checked: Checked, deployment: Deployment
) -> None:
    stack = as_role(Role.OPERATOR)
    outcome = checked["plain"]
    run = get_run(stack, outcome.drop.run_id)
    assert (run.status, len(run.part_records)) == ("complete", len(outcome.parts))
    stack.s3.put_object(Bucket=stack["InboxBucketName"], Key=STARTS_NOTHING, Body=b"18\n")
    assert stack.s3.head_object(Bucket=stack["InboxBucketName"], Key=STARTS_NOTHING)["VersionId"]
    assert latest_runs(stack, 1)
    assert stack.step_functions.describe_execution(executionArn=run.execution_arn)["status"] == "SUCCEEDED"
    assert stack.step_functions.get_execution_history(executionArn=run.execution_arn)["events"]
    secrets = stack.session.client("secretsmanager", **stack.connection)
    current = Stack.of_sandbox(deployment.box.as_json())
    assert denied(lambda: _token(stack))
    secrets.put_secret_value(SecretId=stack["BearerTokenSecretArn"], SecretString=_token(current))
    results = stack["ResultsBucketName"]
    for forbidden in (
        lambda: stack.runs_table.delete_item(Key={"pk": "TURN#tweets", "sk": "HOLDER"}),
        lambda: stack.s3.put_object(Bucket=results, Key="results/forged.parquet", Body=b""),
        lambda: stack.s3.delete_object(Bucket=stack["InboxBucketName"], Key=outcome.file.key),
    ):
        assert denied(forbidden)


NOT_IN_THE_SANDBOX = ("Athena quota", "Lake Formation", "Step Functions quota")
"""What the emulator has no service for."""


def test_an_operator_s_doctor_looks_at_all_but_the_token(
    as_role: Callable[[Role], Stack], checked: Checked, deployment: Deployment
) -> None:
    credentials = as_role(Role.OPERATOR).session.get_credentials()
    assert credentials
    own = {"aws_access_key_id": credentials.access_key, "aws_secret_access_key": credentials.secret_key}
    found = dict(examine(Subject.of_sandbox(deployment.box.as_json() | own)))
    verdicts = {name: finding.verdict for name, finding in found.items()}
    assert {name for name, verdict in verdicts.items() if verdict != "right"} == {
        "bearer token",
        "X API",
        "inbox folders",
        *NOT_IN_THE_SANDBOX,
    }
    assert verdicts["inbox folders"] == "warning"
    assert {verdicts[name] for name in ("bearer token", "X API", *NOT_IN_THE_SANDBOX)} == {"not checked"}


def test_an_operator_follows_the_runbooks(
    as_role: Callable[[Role], Stack], checked: Checked, deployment: Deployment
) -> None:
    stack, admin = as_role(Role.OPERATOR), Stack.of_sandbox(deployment.box.as_json())
    settles = "XCompliance-settle_execution"
    queues = admin.session.client("sqs", **admin.connection)
    (queue,) = (url for url in queues.list_queues()["QueueUrls"] if "RunsNotStarted" in url)
    queues.send_message(QueueUrl=queue, MessageBody="{}")
    sqs = stack.session.client("sqs", **stack.connection)
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    sqs.purge_queue(QueueUrl=queue)
    functions = stack.session.client("lambda", **stack.connection)
    assert "FunctionError" not in functions.invoke(FunctionName=settles, Payload=b"{}")
    events = stack.session.client("events", **stack.connection)
    rules = events.list_rules(NamePrefix="XCompliancePipeline")["Rules"]
    (rule,) = (each["Name"] for each in rules if "LookAfterTurns" in each["Name"])
    events.enable_rule(Name=rule)
    stack.session.client("logs", **stack.connection).filter_log_events(logGroupName=f"/aws/lambda/{settles}", limit=1)
    cloudwatch = stack.session.client("cloudwatch", **stack.connection)
    assert cloudwatch.get_dashboard(DashboardName="XCompliance")["DashboardBody"]
    assert cloudwatch.describe_alarms(AlarmNamePrefix="XCompliance-")["MetricAlarms"]
    for forbidden in (
        lambda: functions.invoke(FunctionName="XCompliance-create_job", Payload=b"{}"),
        lambda: sqs.send_message(QueueUrl=queue, MessageBody="{}"),
        lambda: events.delete_rule(Name=rule),
    ):
        assert denied(forbidden)


def _token(stack: Stack) -> str:
    secrets = stack.session.client("secretsmanager", **stack.connection)
    return secrets.get_secret_value(SecretId=stack["BearerTokenSecretArn"])["SecretString"]
