"""What SECURITY.md claims is held by tests that are there, and what it says of the deployment is so."""

import ast
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
