import boto3
import pytest
from botocore.stub import Stubber
from mypy_boto3_cloudformation.client import CloudFormationClient

from xcompliance.errors import CommandError
from xcompliance.records import RunRecord
from xcompliance.stack import Stack, describe_stack

from .conftest import Invoke, json_of
from .items import run_item


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Stubber:
    client: CloudFormationClient = boto3.client("cloudformation")
    monkeypatch.setattr(boto3.Session, "client", lambda self, name: client)
    stubber = Stubber(client)
    stubber.activate()
    return stubber


def test_outputs_are_read_from_the_pipelines_stack(cloudformation: Stubber) -> None:
    outputs = [{"OutputKey": "InboxBucketName", "OutputValue": "my-inbox"}]
    stack = {"StackName": "MinePipeline", "CreationTime": 0, "StackStatus": "CREATE_COMPLETE", "Outputs": outputs}
    cloudformation.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "MinePipeline"})
    assert Stack.of_account("Mine")["InboxBucketName"] == "my-inbox"


def test_no_such_stack(cloudformation: Stubber, invoke: Invoke) -> None:
    cloudformation.add_client_error("describe_stacks", "ValidationError", "Stack with id … does not exist", 400)
    result = invoke("runs", "--prefix", "Mine")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: There is no stack MinePipeline in us-east-1.")


def test_a_refusal_is_told_without_a_traceback(cloudformation: Stubber, invoke: Invoke) -> None:
    cloudformation.add_client_error("describe_stacks", "AccessDenied", "You may not.", 403)
    result = invoke("runs")
    assert result.exit_code == 2
    assert "You may not." in result.stderr
    assert "Traceback" not in result.output


def test_the_prefix_can_come_from_the_environment(
    cloudformation: Stubber, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XCOMPLIANCE_PREFIX", "Theirs")
    cloudformation.add_client_error("describe_stacks", "ValidationError", "no", 400)
    assert "TheirsPipeline" in invoke("runs").stderr


def test_a_region_is_needed(monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(CommandError, match="No AWS region is set"):
        describe_stack(Stack.of_session("Mine"), "MinePipeline")
    assert invoke("runs").exit_code == 2


@pytest.mark.parametrize(("aws_region", "taken"), [("eu-west-1", "eu-west-1"), ("", "us-east-1")])
def test_the_region_is_the_one_that_aws_tools_take(
    monkeypatch: pytest.MonkeyPatch, aws_region: str, taken: str
) -> None:
    monkeypatch.setenv("AWS_REGION", aws_region)
    assert Stack.of_session("Mine").session.region_name == taken


def test_a_sandbox_that_is_up_is_used(monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    handle = {
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
        "region": "us-east-1",
        "aws_endpoint_url": "https://127.0.0.1:1",
        "ca_bundle": "/nonexistent.pem",
        "RunsTableName": "sandbox-runs",
    }
    stack = Stack.of_sandbox(handle)
    assert stack.runs_table.name == "sandbox-runs"
    assert stack.runs_table.meta.client.meta.endpoint_url == "https://127.0.0.1:1"
    monkeypatch.setattr("xcompliance.target.find_sandbox", lambda: handle)
    monkeypatch.setattr("xcompliance.runs.latest_runs", lambda stack, limit: [RunRecord.of(run_item(stack.name))])
    monkeypatch.setattr("xcompliance.misplaced.misplaced", lambda stack, limit: [])
    assert json_of(invoke("runs", "--json"))[0]["run_id"] == "sandbox"


def test_an_old_deployment_without_an_output_is_told_apart() -> None:
    with pytest.raises(CommandError, match="has no output RunsTableName"):
        _ = Stack("Mine", {}, boto3.Session(), {}).runs_table
