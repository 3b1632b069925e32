"""The policies that the command prints: whole, narrow, and for the deployment that was asked about."""

import json
from typing import Any

import pytest

from tests.command.conftest import OUTPUTS, Invoke
from xcompliance.policy import FOLDER, Role, policy
from xcompliance.stack import Stack

WHOLE = OUTPUTS | {
    "JobStateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:XComplianceJob",
    "BearerTokenSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:BearerToken-1",
    "KeyArn": "arn:aws:kms:us-east-1:123456789012:key/1",
}
FORBIDDEN = {"secretsmanager:GetSecretValue", "s3:DeleteObject", "s3:DeleteObjectVersion", "dynamodb:Scan"}


@pytest.fixture
def whole(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    found = Stack(stack.name, WHOLE, stack.session, stack.connection)
    monkeypatch.setattr("xcompliance.target.stack_of", lambda prefix: found)
    return found


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("role", Role)
def test_a_policy_names_each_action_and_resources_of_this_deployment(whole: Stack, role: Role) -> None:
    document = policy(whole, role)
    assert document["Version"] == "2012-10-17"
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        assert not [action for action in listed(statement["Action"]) if "*" in action]
        assert not FORBIDDEN & set(listed(statement["Action"]))
        for resource in listed(statement["Resource"]):
            if statement["Action"] == "scheduler:ListSchedules":
                assert resource == "*", "IAM knows no resource for it"
                continue
            assert resource.startswith("arn:aws:")
            assert "$" not in resource
            own = any(name in resource for name in ("XCompliance", "xcompliance", "inbox", "results", "runs"))
            assert own or resource.endswith((":catalog", ":key/1", ":secret:BearerToken-1")), resource
    names = [statement["Sid"] for statement in document["Statement"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("role", Role)
def test_a_policy_fits_into_a_managed_one(whole: Stack, role: Role) -> None:
    assert len(json.dumps(policy(whole, role), separators=(",", ":"))) < 6_144


def test_only_the_operator_sees_parts_and_their_urls(whole: Stack) -> None:
    for role in Role:
        tables = {resource for each in policy(whole, role)["Statement"] for resource in listed(each["Resource"])}
        assert ("arn:aws:dynamodb:us-east-1:123456789012:table/runs" in tables) == (role is Role.OPERATOR)


def test_the_command_prints_it_as_json(whole: Stack, invoke: Invoke) -> None:
    assert json.loads(invoke("policy", "analyst").stdout) == policy(whole, Role.ANALYST)
    assert invoke("policy", "anybody").exit_code == 2


def test_each_file_is_somebodys(whole: Stack) -> None:
    assert {each.stem for each in FOLDER.glob("*.json")} == set(Role)
