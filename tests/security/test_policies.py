"""A policy is linted with ARNs in place of references, and a finding passes where it is accepted and nowhere else."""

import json
from pathlib import Path

import pytest

from tests.security.policies import ACCEPTED, Finding, complaints, of_documents, of_templates


def mismatch(action: str, wanted: str) -> str:
    return json.dumps([{"action": action, "required_format": wanted}])


FOUND = [
    Finding(
        "RESOURCE_MISMATCH", "operator", '[{"action": "states:DescribeExecution", "required_format": "arn:express:*"}]'
    ),
    Finding(
        "RESOURCE_MISMATCH", "cloudformation-policy.json.0", '[{"action": "s3:GetObject", "required_format": "arn"}]'
    ),
    Finding("RESOURCE_STAR", "cloudformation-policy.json.0", "[]"),
    Finding("RESOURCE_STAR", "AWS-KMS-Key.Key1.KeyPolicy", "[]"),
    Finding(
        "UNKNOWN_CONDITION_FOR_ACTION",
        "AWS-KMS-Key.Key1.KeyPolicy",
        '"Unknown condition kms:EncryptionContext:aws:logs:arn for action kms:DescribeKey"',
    ),
    Finding("MISMATCHED_TYPE", "AWS-KMS-Key.Key1.KeyPolicy", '"Type mismatch: ArnLike requires a value of type Arn"'),
    Finding("RESOURCE_STAR", "SECURITY.md.0", "[]"),
    Finding("RESOURCE_STAR", "operator", '["cloudwatch:DescribeAlarms", "logs:GetQueryResults"]'),
]


def test_what_is_accepted_is_no_complaint() -> None:
    assert complaints(FOUND) == []


@pytest.mark.parametrize(
    "finding",
    [
        Finding("UNKNOWN_ACTION", "analyst", '"Unknown action s3:GetObjects"'),
        Finding("RESOURCE_STAR", "analyst", '["dynamodb:GetItem"]'),
        Finding("RESOURCE_MISMATCH", "cloudformation-policy.json.0", mismatch("iam:PassRole", "arn:*:iam::*:role/*")),
    ],
)
def test_anything_else_is(finding: Finding) -> None:
    assert complaints([*FOUND, finding]) == [f"{finding.issue} in {finding.place}: {finding.words}"]


def test_nothing_is_accepted_that_is_not_there() -> None:
    (complaint,) = complaints(FOUND[:-1])
    assert complaint == "RESOURCE_STAR is accepted in operator, and found nowhere"


def test_each_has_a_reason() -> None:
    assert all(len(each.reason.split()) >= 7 for each in ACCEPTED)


def test_references_within_a_stack_and_between_stacks_become_arns(tmp_path: Path) -> None:
    arn = {"Fn::GetAtt": ["Bucket", "Arn"]}
    bucket = {"Type": "AWS::S3::Bucket"}
    resource = {"Fn::Join": ["", [{"Fn::ImportValue": "Exported"}, "/*"]]}
    policy = {"Properties": {"PolicyDocument": {"Statement": [{"Resource": [resource, {"Ref": "AWS::Region"}]}]}}}
    stacks = {
        "one": {"Resources": {"Bucket": bucket}, "Outputs": {"Out": {"Value": arn, "Export": {"Name": "Exported"}}}},
        "two": {"Resources": {"Policy": {"Type": "AWS::IAM::Policy", **policy}}},
    }
    for name, stack in stacks.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(stack))
    ((place, document),) = of_templates(sorted(tmp_path.iterdir()))
    assert place == "AWS::IAM::Policy.Policy.PolicyDocument"
    assert document == {"Statement": [{"Resource": ["arn:aws:s3:::bucket/*", "us-east-1"]}]}


def test_policies_are_read_out_of_documents(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text('```json\n{"Statement": ["<account>"]}\n```\n```json\n{"Rules": []}\n```\n')
    assert [each.document for each in of_documents([document])] == [{"Statement": ["123456789012"]}]
