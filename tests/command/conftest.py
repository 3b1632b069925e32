"""A deployment of moto's making, and the command that works on it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from tests.command.fake_athena import Athena, Glue
from xcompliance.cli import app
from xcompliance.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

OUTPUTS = {
    "InboxBucketName": "inbox",
    "ResultsBucketName": "results",
    "RunsTableName": "runs",
    "ResultsTableName": "results-index",
    "GlueDatabaseName": "xcompliance",
    "AthenaWorkGroupName": "XCompliance",
    "ScheduleGroupName": "XCompliance",
    "RunStateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:XComplianceRun",
}
DESCRIBED = {"Outputs": [{"OutputKey": name, "OutputValue": value} for name, value in OUTPUTS.items()]}
Invoke = Callable[..., Result]


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test reaches an account, and none takes a sandbox that happens to be up for its own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr("xcompliance.target.find_sandbox", lambda: None)
    with mock_aws():
        yield


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    session = boto3.Session()
    s3 = session.client("s3")
    s3.create_bucket(Bucket="inbox")
    s3.put_bucket_versioning(Bucket="inbox", VersioningConfiguration={"Status": "Enabled"})
    dynamodb = session.client("dynamodb")
    dynamodb.create_table(
        TableName="runs",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "listing", "started_at")
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "RunsByStart",
                "KeySchema": [
                    {"AttributeName": "listing", "KeyType": "HASH"},
                    {"AttributeName": "started_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    monkeypatch.setattr("xcompliance.stack.describe_stack", lambda account, name: DESCRIBED)
    return Stack("XCompliance", OUTPUTS, session, {})


@pytest.fixture
def write(stack: Stack) -> Callable[[Mapping[str, Any]], None]:
    """Puts an item into the runs table."""
    return lambda item: stack.runs_table.put_item(Item=dict(item)) and None


@pytest.fixture
def athena(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Athena:
    fake = Athena()
    monkeypatch.setattr(Stack, "athena", fake)
    monkeypatch.setattr(Stack, "glue", Glue())
    return fake


@pytest.fixture
def index(stack: Stack) -> "Table":
    """The results table, with nothing in it."""
    stack.session.client("dynamodb").create_table(
        TableName="results-index",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "subject", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}],
    )
    return stack.results_table


@pytest.fixture
def invoke() -> Invoke:
    """Runs the command; without a terminal, as a script does."""
    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments])


def json_of(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
