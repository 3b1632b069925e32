"""What SECURITY.md claims is held by tests that are there, and what it says of the deployment is so."""

import ast
import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.iam import listed
from tests.infrastructure.deployment import Deployment, everything, synthesize
from xcompliance.policy import Role

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]*test_\w+\.py)(?:::(\w+))?", TEXT)))
SERVICES = {
    "Athena": "Athena",
    "CloudWatch": "CloudWatch",
    "DynamoDB": "DynamoDB",
    "Events": "EventBridge",
    "Glue": "Glue",
    "IAM": "IAM",
    "KMS": "KMS",
    "Lambda": "Lambda",
    "Logs": "CloudWatch Logs",
    "S3": "S3",
    "SNS": "SNS",
    "SQS": "SQS",
    "Scheduler": "EventBridge Scheduler",
    "SecretsManager": "Secrets Manager",
    "StepFunctions": "Step Functions",
}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return synthesize(tmp_path_factory.mktemp("document"))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_test_behind_a_claim_is_there(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    tests = {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
    assert name in tests, f"{file} has no test of that name, or SECURITY.md names none"


def test_each_claim_has_its_test() -> None:
    threats = TEXT.partition("## Who could do what")[2].partition("## Policies")[0]
    claims = re.findall(r"^\* (?!\*Left)(.*(?:\n  .*)*)", threats, re.MULTILINE)
    assert len(claims) > 20
    without = [claim for claim in claims if "`tests/" not in claim]
    assert [claim[:40] for claim in without] == ["X gives them 15 minutes for an upload, a"], "X's own promise"


def test_the_deployer_is_told_each_service(deployment: Deployment) -> None:
    listed = re.sub(r"\s+", " ", TEXT.partition("the services that the stacks use:")[2].partition("```")[0])
    stacks = (deployment.json(name) for name in ("XComplianceStorage", "XCompliancePipeline"))
    kinds = {body["Type"].split("::")[1] for stack in stacks for body in stack["Resources"].values()}
    assert [kind for kind in sorted(kinds - {"CDK"}) if SERVICES[kind] not in listed] == []


STACKS = ("XComplianceStorage", "XCompliancePipeline")
PREFIXES = {"Logs": "logs", "StepFunctions": "states"}
"""Services whose actions have another name than their resource types."""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """With all kinds of resources that only some deployments have."""
    folder = tmp_path_factory.mktemp("full")
    return synthesize(folder / "out", **everything(folder), customer_key="true")


STATEMENTS = json.loads((ROOT / "docs" / "cloudformation-policy.json").read_text())["Statement"]
NAMES = {
    "AWS::Athena::WorkGroup": ("athena:r:a:workgroup/{}", "Name"),
    "AWS::CloudWatch::Alarm": ("cloudwatch:r:a:alarm:{}", "AlarmName"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch::a:dashboard/{}", "DashboardName"),
    "AWS::DynamoDB::Table": ("dynamodb:r:a:table/{}", ""),
    "AWS::Events::Rule": ("events:r:a:rule/{}", ""),
    "AWS::Glue::Database": ("glue:r:a:database/{}", "DatabaseInput"),
    "AWS::Glue::Table": ("glue:r:a:table/xcompliance/{}", "TableInput"),
    "AWS::IAM::Role": ("iam::a:role/service/{}", ""),
    "AWS::Lambda::Function": ("lambda:r:a:function:{}", "FunctionName"),
    "AWS::Logs::LogGroup": ("logs:r:a:log-group:{}", "LogGroupName"),
    "AWS::S3::Bucket": ("s3:::{}", ""),
    "AWS::SNS::Topic": ("sns:r:a:{}", "TopicName"),
    "AWS::SQS::Queue": ("sqs:r:a:{}", ""),
    "AWS::Scheduler::Schedule": ("scheduler:r:a:schedule/XCompliance/{}", "Name"),
    "AWS::Scheduler::ScheduleGroup": ("scheduler:r:a:schedule-group/{}", "Name"),
    "AWS::SecretsManager::Secret": ("secretsmanager:r:a:secret:{}", ""),
    "AWS::StepFunctions::StateMachine": ("states:r:a:stateMachine:{}", "StateMachineName"),
}
"""The ARN of whatever has a name, and the property that says it; without one it has a name by CloudFormation."""


def arn(stack: str, logical_id: str, resource: dict[str, Any]) -> str:
    """What a resource will be called; a secret alone has its stack's name not in its own, and a bucket no capitals."""
    form, named_by = NAMES[resource["Type"]]
    if named_by:
        said = resource["Properties"][named_by]
        return f"arn:aws:{form.format(said if isinstance(said, str) else said['Name'])}"
    name = f"{logical_id}-1AB" if resource["Type"] == "AWS::SecretsManager::Secret" else f"{stack}-{logical_id}-1AB"
    return f"arn:aws:{form.format(name.lower() if resource['Type'] == 'AWS::S3::Bucket' else name)}"


def test_the_policy_of_cloudformation_covers_each_type_of_the_templates(full: Deployment) -> None:
    allowed = {action.partition(":")[0] for each in STATEMENTS for action in each["Action"]}
    stacks = (full.json(name) for name in STACKS)
    types = {body["Type"] for stack in stacks for body in stack["Resources"].values()}
    assert {"AWS::Scheduler::Schedule", "AWS::SNS::Subscription", "AWS::Logs::QueryDefinition"} <= types
    used = {PREFIXES.get(service := each.split("::")[1], service.lower()) for each in types - {"AWS::CDK::Metadata"}}
    assert used - allowed == set()
    assert allowed - used == {"ssm"}, "and nothing that no type needs"


@pytest.mark.parametrize("stack", STACKS)
def test_the_policy_of_cloudformation_names_whatever_has_a_name(full: Deployment, stack: str) -> None:
    named = [resource for each in STATEMENTS for resource in listed(each["Resource"]) if resource != "*"]
    resources = {name: body for name, body in full.json(stack)["Resources"].items() if body["Type"] in NAMES}
    assert {body["Type"].split("::")[1] for body in resources.values()} & {"DynamoDB", "Lambda"}
    for name, body in resources.items():
        wanted = arn(stack, name, body)
        assert any(fnmatchcase(wanted, each) for each in named), wanted
        another = wanted.replace("XCompliance", "Another").replace("xcompliance", "another")
        assert body["Type"] == "AWS::SecretsManager::Secret" or not any(fnmatchcase(another, each) for each in named)


def test_the_policy_of_cloudformation_reads_no_secret_bucket_or_table_of_others() -> None:
    for each in STATEMENTS:
        if "*" not in listed(each["Resource"]):
            continue
        data = [action for action in each["Action"] if re.match("(s3|dynamodb|lambda|iam):", action) or "*" in action]
        assert data == []
        assert [action for action in each["Action"] if action.startswith("secretsmanager:")] in (
            [],
            ["secretsmanager:GetRandomPassword"],
        )
        decrypts = "kms:Decrypt" in each["Action"]
        assert decrypts == ("kms:ViaService" in each.get("Condition", {}).get("StringLike", {}))


def test_the_policy_of_cloudformation_makes_no_roles_but_the_stacks(full: Deployment) -> None:
    of_roles = {each["Sid"]: each for each in STATEMENTS if any(action.startswith("iam:") for action in each["Action"])}
    linked = of_roles.pop("MakeServiceLinkedRoles")
    assert linked["Action"] == ["iam:CreateServiceLinkedRole"]
    assert {name.split(".")[-3] for name in linked["Condition"]["StringLike"]["iam:AWSServiceName"]} == {
        "athena",
        "dynamodb",
    }
    for each in of_roles.values():
        assert each["Resource"] == "arn:*:iam::*:role/*XCompliancePipeline-*"
        assert not [action for action in each["Action"] if "*" in action]
    actions = {action for each in of_roles.values() for action in each["Action"]}
    assert not actions & {"iam:AttachRolePolicy", "iam:DetachRolePolicy"}
    roles = (each["Properties"]["AssumeRolePolicyDocument"] for each in full.resources("AWS::IAM::Role").values())
    assumed_by = {each["Principal"]["Service"] for role in roles for each in role["Statement"]}
    handed = of_roles["HandThemOver"]
    assert handed["Action"] == ["iam:PassRole"]
    assert set(handed["Condition"]["StringEquals"]["iam:PassedToService"]) == assumed_by


def test_the_policy_of_cloudformation_fits_into_a_managed_one_with_the_longest_prefix() -> None:
    text = json.dumps(STATEMENTS, separators=(",", ":")).replace("XCompliance", "X" * 32)
    assert len(text.replace("xcompliance", "x" * 32)) < 6_144 - len('{"Version":"2012-10-17","Statement":}')


ACTIONS = {"stepfunctions": "states", "service-quotas": "servicequotas"}
"""Services whose actions have another name than their clients."""


def test_the_policy_of_the_deployer_covers_what_is_looked_at_before() -> None:
    text = TEXT.partition("**Who deploys**")[2].partition("```json")[2].partition("```")[0]
    statements = json.loads(text)["Statement"]
    allowed = {action for each in statements for action in listed(each["Action"])}
    shared = ("account", "quotas", "lake_formation")
    files = [*(ROOT / "xcompliance" / "preflight").glob("*.py")]
    files += [ROOT / "xcompliance" / "doctor" / f"{name}.py" for name in shared]
    code = "".join(each.read_text() for each in files)
    calls = re.findall(r'client\("([\w-]+)"\)\.(?:get_paginator\(")?(\w+)', code)
    actions = {
        f"{ACTIONS.get(service, service)}:{re.sub('(^|_)(.)', lambda found: found[2].upper(), call)}"
        for service, call in calls
    }
    # HEAD is allowed by the action that lists, and anybody may ask who he is; doctor alone asks for grants.
    assert actions - {"sts:GetCallerIdentity", "s3:HeadBucket", "lakeformation:ListPermissions"} <= allowed
    after_a_failure = {"cloudformation:DescribeStackEvents", "cloudformation:ListStackResources"}
    assert allowed - actions == {"sts:AssumeRole", "s3:ListBucket"} | after_a_failure, "and nothing that is not asked"


OPERATIONS = {
    "DeleteObjects": {"DeleteObject", "DeleteObjectVersion"},
    "ListObjectVersions": {"ListBucketVersions"},
    "ListMultipartUploads": {"ListBucketMultipartUploads"},
}
"""Operations of S3 that its actions are not called by."""
WAITED_FOR = {"TableNotExists": "DescribeTable"}


def test_who_removes_a_deployment_may_call_what_the_command_calls_and_nothing_else() -> None:
    text = TEXT.partition("**Who removes a deployment for good**")[2].partition("```json")[2].partition("```")[0]
    allowed = {each for of in json.loads(text)["Statement"] for each in listed(of["Action"])}
    operations = {each.partition(":")[2] for each in allowed}
    code = "".join(each.read_text() for each in (ROOT / "xcompliance" / "removal").glob("*.py"))
    clients = r"(?:s3|dynamodb|secrets|kms|logs|cloudformation|step_functions)"
    named = re.findall(rf'\b{clients}\.(?:get_(?:paginator|waiter)\(")?(\w+)', code)
    camel = {re.sub("(^|_)(.)", lambda found: found[2].upper(), each) for each in named} - {"GetPaginator", "GetWaiter"}
    called = {WAITED_FOR.get(each, each) for each in camel}
    called = {action for each in called for action in OPERATIONS.get(each, {each})}
    assert called == operations


def test_it_counts_the_functions_that_read_the_token(deployment: Deployment) -> None:
    reading = [
        name
        for name, function in deployment.functions.items()
        if any("secretsmanager:GetSecretValue" in each["Action"] for each in deployment.statements(function["Role"]))
    ]
    words = {6: "six", 7: "seven", 8: "eight", 9: "nine"}
    assert f"the {words[len(reading)]} functions that speak to X" in re.sub(r"\s+", " ", TEXT)


def test_it_names_each_role() -> None:
    assert set(re.findall(r"xcompliance policy (\w+)", TEXT)) == set(Role)
