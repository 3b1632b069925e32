"""A removal takes everything, asks twice before, and never takes what is somebody else's."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from tests.command.conftest import Invoke
from tests.command.fake_cloudformation import CloudFormation, Resource
from xcompliance.cli import app
from xcompliance.removal.kinds import KINDS

BUCKETS = ("acme-access-logs", "acme-inbox", "acme-results")
ASKED = "To remove all of this, type the prefix, XCompliance: "
Answer = Callable[..., Result]


STORAGE = "Compliance checks with X: buckets, tables, secret."
GROUP = "/aws/lambda/XCompliance-get_job"


class Account:
    """An account with one deployment, and what else is in it."""

    def __init__(self) -> None:
        self.cloudformation = CloudFormation()
        self.s3 = boto3.client("s3")
        self.logs = boto3.client("logs")
        self.states = boto3.client("stepfunctions")

    def deploy(self, description: str = STORAGE, *, keeps: bool = True) -> None:
        for name in BUCKETS:
            self.s3.create_bucket(Bucket=name)
        for name in BUCKETS[1:]:
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        boto3.client("dynamodb").create_table(
            TableName="runs",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        secret = boto3.client("secretsmanager").create_secret(Name="token", SecretString="any")["ARN"]
        key = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
        self.cloudformation.create(
            "XComplianceStorage",
            description,
            *(Resource("AWS::S3::Bucket", name, keeps) for name in BUCKETS),
            Resource("AWS::DynamoDB::Table", "runs", keeps),
            Resource("AWS::SecretsManager::Secret", secret, keeps),
            Resource("AWS::KMS::Key", key, keeps),
        )
        self.logs.create_log_group(logGroupName=GROUP)
        definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 999, "End": True}}}
        role = "arn:aws:iam::123456789012:role/machine"
        made = self.states.create_state_machine(name="XComplianceRun", definition=json.dumps(definition), roleArn=role)
        self.machine = made["stateMachineArn"]
        self.cloudformation.create(
            "XCompliancePipeline",
            description,
            Resource("AWS::Logs::LogGroup", GROUP),
            Resource("AWS::StepFunctions::StateMachine", self.machine),
        )
        self.fill()

    def tear_down(self) -> None:
        for name in ("XCompliancePipeline", "XComplianceStorage"):
            self.cloudformation.delete_stack(name)

    def fill(self) -> None:
        for _ in range(2):
            self.s3.put_object(Bucket="acme-inbox", Key="tweets/ids.txt", Body=b"20\n")
        self.s3.delete_object(Bucket="acme-inbox", Key="tweets/ids.txt")
        self.s3.create_multipart_upload(Bucket="acme-results", Key="results/half")
        self.s3.put_object(Bucket="acme-access-logs", Key="inbox/log", Body=b"line\n")

    def left(self) -> dict[str, list[str]]:
        """What a deployment would be known by."""
        secrets = boto3.client("secretsmanager").list_secrets()["SecretList"]
        kms = boto3.client("kms")
        keys = [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in kms.list_keys()["Keys"]]
        return {
            "stacks": [each.name for each in self.cloudformation.stacks if each.status != "DELETE_COMPLETE"],
            "buckets": [each["Name"] for each in self.s3.list_buckets()["Buckets"] if each["Name"] in BUCKETS],
            "tables": [each for each in boto3.client("dynamodb").list_tables()["TableNames"] if each == "runs"],
            "secrets": [each["Name"] for each in secrets],
            "keys": [each["KeyId"] for each in keys if each["KeyState"] != "PendingDeletion"],
            "logs": [each["logGroupName"] for each in self.logs.describe_log_groups()["logGroups"]],
        }


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    account = Account()
    real = boto3.Session.client
    monkeypatch.setattr(
        boto3.Session,
        "client",
        lambda session, service, **options: (
            account.cloudformation if service == "cloudformation" else real(session, service, **options)
        ),
    )
    return account


@pytest.fixture
def answer() -> Answer:
    """Types the command, and then these lines."""
    return lambda *lines: CliRunner().invoke(app, ["remove"], input="".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize("keeps", [True, False])
def test_nothing_is_left_whatever_a_teardown_would_keep(account: Account, answer: Answer, keeps: bool) -> None:
    account.deploy(keeps=keeps)
    result = answer("XCompliance", "y")
    assert result.exit_code == 0, result.output
    assert not any(account.left().values()), account.left()
    assert result.stdout.startswith("XCompliance is removed.")


def test_it_shows_how_much_there_is_before_it_asks(account: Account, answer: Answer) -> None:
    account.deploy()
    shown, asked, _ = answer("no").stderr.partition(ASKED)
    assert asked
    assert "stack      XCompliancePipeline\nstack      XComplianceStorage\n" in shown
    assert "bucket     acme-inbox: 3 object versions, 6 B\n" in shown
    assert "table      runs: about 0 items, 0 B\n" in shown
    assert "1 log groups\n" in shown


@pytest.mark.parametrize("lines", [("no",), ("xcompliance",), ("y", "y"), ("XCompliance", "n"), ("XCompliance",), ()])
def test_any_answer_but_the_prefix_and_yes_removes_nothing(
    account: Account, answer: Answer, lines: tuple[str, ...]
) -> None:
    account.deploy()
    before = account.left()
    result = answer(*lines)
    assert result.exit_code == 2
    assert "othing was removed" in result.stderr
    assert account.left() == before


def test_a_script_says_which_deployment_it_means(account: Account, invoke: Invoke) -> None:
    account.deploy()
    before = account.left()
    refused = invoke("remove", "--without-asking", "Other")
    assert (refused.exit_code, account.left()) == (2, before)
    document = json.loads(invoke("remove", "--without-asking", "XCompliance", "--json").stdout)
    assert document["stacks"] == ["XCompliancePipeline", "XComplianceStorage"]
    assert {each["name"] for each in document["removed"]} >= {*BUCKETS, "runs"}
    assert not any(account.left().values())


def test_what_an_earlier_teardown_has_kept_goes_too(account: Account, invoke: Invoke) -> None:
    account.deploy()
    account.tear_down()
    assert account.left()["buckets"] == [*BUCKETS]
    assert invoke("remove", "--without-asking", "XCompliance").exit_code == 0
    assert not any(account.left().values())


def test_nothing_to_remove_is_said(account: Account, invoke: Invoke) -> None:
    account.deploy()
    assert invoke("remove", "--without-asking", "XCompliance").exit_code == 0
    result = invoke("remove", "--without-asking", "XCompliance")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "There is no deployment XCompliance in us-east-1" in result.stderr


@pytest.mark.parametrize("is_deleted", [True, False])
def test_somebody_elses_stacks_of_these_names_are_left_alone(
    account: Account, invoke: Invoke, is_deleted: bool
) -> None:
    account.deploy("A warehouse.")
    if is_deleted:
        account.tear_down()
    before = account.left()
    assert invoke("remove", "--without-asking", "XCompliance").exit_code == 2
    assert account.left() == before


def test_logs_of_a_prefix_that_begins_alike_are_left_alone(account: Account, invoke: Invoke) -> None:
    account.deploy()
    other = "/aws/lambda/XCompliance-get_job-of-another"
    account.logs.create_log_group(logGroupName=other)
    assert invoke("remove", "--without-asking", "XCompliance").exit_code == 0
    assert account.left()["logs"] == [other]


def test_a_bucket_that_gets_access_logs_meanwhile_is_no_success_and_goes_next_time(
    account: Account, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.deploy()
    with monkeypatch.context() as patched:
        real = KINDS["AWS::S3::Bucket"].delete

        def delete(connected: Any, name: str) -> None:
            """S3 delivers a log between the last look and the deletion."""
            real_delete = connected.s3.delete_bucket

            def late(Bucket: str) -> Any:  # noqa: N803 -- as boto3 names it
                if Bucket == BUCKETS[0]:
                    account.s3.put_object(Bucket=Bucket, Key="inbox/late", Body=b"line\n")
                return real_delete(Bucket=Bucket)

            patched.setattr(connected.s3, "delete_bucket", late)
            real(connected, name)
            patched.setattr(connected.s3, "delete_bucket", real_delete)

        patched.setattr(KINDS["AWS::S3::Bucket"], "delete", delete)
        result = invoke("remove", "--without-asking", "XCompliance")
    assert result.exit_code == 1
    assert f"Not everything is gone: {BUCKETS[0]}." in result.stderr
    assert invoke("remove", "--without-asking", "XCompliance").exit_code == 0
    assert not any(account.left().values())


def test_a_removal_waits_until_no_run_is_under_way(account: Account, invoke: Invoke) -> None:
    account.deploy()
    before = account.left()
    execution = account.states.start_execution(stateMachineArn=account.machine, name="run-1")["executionArn"]
    result = invoke("remove", "--without-asking", "XCompliance")
    assert result.exit_code == 2
    assert "run-1" in result.stderr
    assert "xcompliance cancel" in result.stderr
    assert account.left() == before
    account.states.stop_execution(executionArn=execution)
    assert invoke("remove", "--without-asking", "XCompliance").exit_code == 0


def test_a_stack_that_cannot_be_deleted_is_no_success(account: Account, invoke: Invoke) -> None:
    account.deploy()
    account.logs.delete_log_group(logGroupName=GROUP)
    result = invoke("remove", "--without-asking", "XCompliance")
    assert result.exit_code == 1
    assert "XCompliancePipeline could not be deleted" in result.stderr
    assert account.left()["buckets"] == [*BUCKETS]


def test_a_removal_that_breaks_off_goes_on_when_it_is_started_again(
    account: Account, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.deploy()
    refused = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, "DeleteTable")

    def refuse(*_: Any) -> None:
        raise refused

    with monkeypatch.context() as patched:
        patched.setattr(KINDS["AWS::DynamoDB::Table"], "delete", refuse)
        result = invoke("remove", "--without-asking", "XCompliance")
    assert result.exit_code == 2
    assert "may not call DeleteTable" in result.stderr
    assert account.left()["tables"] == ["runs"]
    assert invoke("remove", "--without-asking", "XCompliance").exit_code == 0
    assert not any(account.left().values())
