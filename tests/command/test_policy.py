"""The policies that the command prints: whole, narrow, and for the deployment that was asked about."""

import json

import pytest

from cdk.bundling import ROOT
from tests.command.conftest import OUTPUTS, Invoke
from tests.documents.aws_command import action
from tests.documents.reading import commands
from tests.iam import listed
from xcompliance.policy import FOLDER, Role, policy
from xcompliance.stack import Stack

OPERATIONS = "docs/operations.md"
WHOLE = OUTPUTS | {
    "JobStateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:XComplianceJob",
    "BearerTokenSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:BearerToken-1",
    "KeyArn": "arn:aws:kms:us-east-1:123456789012:key/1",
}
ATHENA_CONSOLE = {
    *("athena:ListWorkGroups", "athena:ListDataCatalogs", "athena:GetDataCatalog", "athena:ListDatabases"),
    *("athena:ListTableMetadata", "athena:ListQueryExecutions", "athena:BatchGetQueryExecution"),
    *("athena:ListEngineVersions", "athena:GetWorkGroup", "athena:StartQueryExecution", "athena:GetQueryResults"),
    *("glue:GetDatabase", "glue:GetDatabases", "glue:GetTables", "glue:GetTable", "glue:GetPartitions"),
}
"""Source: Athena's guide, the managed policy AmazonAthenaFullAccess."""
FORBIDDEN = {"secretsmanager:GetSecretValue", "s3:DeleteObject", "s3:DeleteObjectVersion", "dynamodb:Scan"}
WITHOUT_RESOURCES = {
    "athena:ListDataCatalogs",
    "athena:ListEngineVersions",
    "athena:ListWorkGroups",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "events:ListRules",
    "lakeformation:GetDataLakeSettings",
    "lakeformation:ListPermissions",
    "lambda:GetAccountSettings",
    "logs:DescribeQueryDefinitions",
    "logs:GetQueryResults",
    "scheduler:ListSchedules",
    "servicequotas:ListServiceQuotas",
    "xray:BatchGetTraces",
    "xray:GetServiceGraph",
    "xray:GetTraceSummaries",
}
"""Each only looks, and IAM knows no resource for it, or none by which it could be listed."""


@pytest.fixture
def whole(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    found = Stack(stack.name, WHOLE, stack.session, stack.connection)
    monkeypatch.setattr("xcompliance.target.stack_of", lambda prefix: found)
    return found


@pytest.mark.parametrize("role", Role)
def test_a_policy_names_each_action_and_resources_of_this_deployment(whole: Stack, role: Role) -> None:
    document = policy(whole, role)
    assert document["Version"] == "2012-10-17"
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        assert not [action for action in listed(statement["Action"]) if "*" in action]
        assert not FORBIDDEN & set(listed(statement["Action"]))
        for resource in listed(statement["Resource"]):
            if resource == "*":
                assert set(statement["Action"]) <= WITHOUT_RESOURCES
                continue
            assert resource.startswith("arn:aws:")
            assert "$" not in resource
            own = any(name in resource for name in ("XCompliance", "xcompliance", "inbox", "results", "runs"))
            everybodys = (":catalog", ":database/default", ":datacatalog/AwsDataCatalog")
            assert own or resource.endswith((*everybodys, ":key/1", ":secret:BearerToken-1")), resource
    names = [statement["Sid"] for statement in document["Statement"]]
    assert len(names) == len(set(names))


def test_an_analyst_opens_the_console_of_athena(whole: Stack) -> None:
    statements = policy(whole, Role.ANALYST)["Statement"]
    assert {action for each in statements for action in listed(each["Action"])} >= ATHENA_CONSOLE


def test_an_analyst_may_look_up_the_database_that_athena_always_looks_up(whole: Stack) -> None:
    """Athena's guide calls glue:GetDatabase on `default` mandatory."""
    statements = policy(whole, Role.ANALYST)["Statement"]
    found = [each for each in statements if "glue:GetDatabase" in listed(each["Action"])]
    assert any(resource.endswith(":database/default") for each in found for resource in listed(each["Resource"]))


@pytest.fixture
def longest(stack: Stack) -> Stack:
    """A deployment with the longest prefix in the region with the longest name, as CloudFormation names its things."""
    prefix, here = "X" * 32, "ap-southeast-1:123456789012"
    outputs = {
        "InboxBucketName": "x" * 63,
        "ResultsBucketName": "x" * 63,
        "RunsTableName": f"{prefix}Storage-Runs8B620ECA-ABCDEFGHIJKLM",
        "ResultsTableName": f"{prefix}Storage-ResultsIndex8B620ECA-ABCDEFGHIJKLM",
        "GlueDatabaseName": prefix.lower(),
        "AthenaWorkGroupName": prefix,
        "ScheduleGroupName": prefix,
        "RunStateMachineArn": f"arn:aws-us-gov:states:{here}:stateMachine:{prefix}Run",
        "JobStateMachineArn": f"arn:aws-us-gov:states:{here}:stateMachine:{prefix}Job",
        "BearerTokenSecretArn": f"arn:aws-us-gov:secretsmanager:{here}:secret:BearerToken8B620ECA-abcdefghijkl-AbCdEf",
        "KeyArn": f"arn:aws-us-gov:kms:{here}:key/01234567-0123-0123-0123-0123456789ab",
    }
    return Stack(prefix, outputs, stack.session, stack.connection)


@pytest.mark.parametrize("role", Role)
def test_a_policy_fits_into_a_managed_one(longest: Stack, role: Role) -> None:
    assert len(json.dumps(policy(longest, role), separators=(",", ":"))) <= 6_144


def test_only_the_operator_sees_parts_and_their_urls(whole: Stack) -> None:
    for role in Role:
        tables = {resource for each in policy(whole, role)["Statement"] for resource in listed(each["Resource"])}
        assert ("arn:aws:dynamodb:us-east-1:123456789012:table/runs" in tables) == (role is Role.OPERATOR)


IN_WORDS = {
    "delete the message": {"sqs:DeleteMessage"},
    "The dashboard shows": {"cloudwatch:GetDashboard", "cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"},
    "The saved query": {"logs:DescribeQueryDefinitions", "logs:StartQuery", "logs:GetQueryResults"},
    "traced with X-Ray": {"xray:BatchGetTraces", "xray:GetServiceGraph", "xray:GetTraceSummaries"},
}
"""What the document tells to do without a command, and what that asks for."""


def test_an_operator_may_do_what_runbooks_and_readme_tell(whole: Stack) -> None:
    allowed = {each for role in Role for of in policy(whole, role)["Statement"] for each in listed(of["Action"])}
    told = [each for each in commands() if each.program == "aws" and each.document in ("README.md", OPERATIONS)]
    assert len({action(each.words) for each in told}) > 8
    assert {action(each.words) for each in told} - allowed == set()
    text = (ROOT / OPERATIONS).read_text()
    for words, needed in IN_WORDS.items():
        assert words in text
        assert needed <= allowed, words


def test_the_command_prints_it_as_json(whole: Stack, invoke: Invoke) -> None:
    assert json.loads(invoke("policy", "analyst").stdout) == policy(whole, Role.ANALYST)
    assert invoke("policy", "anybody").exit_code == 2


def test_each_file_is_somebodys(whole: Stack) -> None:
    assert {each.stem for each in FOLDER.glob("*.json")} == set(Role)
