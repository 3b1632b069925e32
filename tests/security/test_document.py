"""What SECURITY.md claims is held by tests that are there, and what it says of the deployment is so."""

import ast
import json
import re
from pathlib import Path

import pytest

from tests.infrastructure.deployment import Deployment, synthesize
from xcompliance.policy import Role

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))
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
    assert name in tests or not name


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


PREFIXES = {"Logs": "logs", "StepFunctions": "states"}
"""Services whose actions have another name than their resource types."""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """With all kinds of resources that only some deployments have."""
    folder = tmp_path_factory.mktemp("full")
    datasets = folder / "datasets.yaml"
    datasets.write_text("datasets: [{name: one, type: tweets, schedule: rate(1 day)}]")
    return synthesize(
        folder / "out", datasets_file=str(datasets), alarm_email="on-call@example.com", customer_key="true"
    )


def test_the_policy_of_cloudformation_covers_each_type_of_the_templates(full: Deployment) -> None:
    statements = json.loads((ROOT / "docs" / "cloudformation-policy.json").read_text())["Statement"]
    allowed = {action.partition(":")[0] for each in statements for action in each["Action"]}
    stacks = (full.json(name) for name in ("XComplianceStorage", "XCompliancePipeline"))
    types = {body["Type"] for stack in stacks for body in stack["Resources"].values()}
    assert {"AWS::Scheduler::Schedule", "AWS::SNS::Subscription", "AWS::Logs::QueryDefinition"} <= types
    used = {PREFIXES.get(service := each.split("::")[1], service.lower()) for each in types - {"AWS::CDK::Metadata"}}
    assert used - allowed == set()
    assert allowed - used == {"ssm"}, "and nothing that no type needs"


def test_the_policy_of_cloudformation_makes_no_roles_but_the_stacks(full: Deployment) -> None:
    statements = json.loads((ROOT / "docs" / "cloudformation-policy.json").read_text())["Statement"]
    (roles,) = (each for each in statements if any(action.startswith("iam:") for action in each["Action"]))
    assert not [action for action in roles["Action"] if "*" in action]
    for stack in ("XComplianceStorage", "XCompliancePipeline"):
        assert f"arn:*:iam::*:role/*{stack}-*" in roles["Resource"]
    assert {each["Type"] for each in full.resources("AWS::IAM::Role").values()}


ACTIONS = {"stepfunctions": "states"}
"""Services whose actions have another name than their clients."""


def test_the_policy_of_the_deployer_covers_what_is_looked_at_before() -> None:
    text = TEXT.partition("**Who deploys**")[2].partition("```json")[2].partition("```")[0]
    statements = json.loads(text)["Statement"]
    allowed = {
        action
        for each in statements
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }
    files = [*(ROOT / "xcompliance" / "preflight").glob("*.py"), ROOT / "xcompliance" / "doctor" / "account.py"]
    code = "".join(each.read_text() for each in files)
    calls = re.findall(r'client\("(\w+)"\)\.(?:get_paginator\(")?(\w+)', code)
    actions = {
        f"{ACTIONS.get(service, service)}:{re.sub('(^|_)(.)', lambda found: found[2].upper(), call)}"
        for service, call in calls
    }
    # HEAD is allowed by the action that lists, and anybody may ask who he is.
    assert actions - {"sts:GetCallerIdentity", "s3:HeadBucket"} <= allowed
    assert allowed - actions == {"sts:AssumeRole", "s3:ListBucket"}, "and nothing that is not asked"


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
