"""Accounts with rules of their own: bounded roles, names by a scheme, tags; and nothing of it unless asked for."""

import json
from typing import Any

import pytest

from cdk.config import SettingError
from tests.infrastructure.deployment import Deployment, synthesize
from tests.infrastructure.test_config import settings

BOUNDARY = "arn:aws:iam::123456789012:policy/TeamBoundary"
STACKS = ("XComplianceStorage", "XCompliancePipeline")

UNTAGGED = {
    "AWS::Athena::NamedQuery",
    "AWS::CloudWatch::Dashboard",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    "AWS::IAM::Policy",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::Logs::QueryDefinition",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
}
"""What takes no tags, or none by CloudFormation."""


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return synthesize(
        tmp_path_factory.mktemp("strict"),
        permissions_boundary=BOUNDARY,
        role_path="/service/compliance/",
        bucket_prefix="acme-trust",
        tags="team=trust,cost-centre=4711",
    )


def _resources(deployment: Deployment) -> dict[str, dict[str, Any]]:
    return {name: body for stack in STACKS for name, body in deployment.json(stack)["Resources"].items()}


def test_every_role_is_bounded_and_has_the_path_whoever_made_it(strict: Deployment) -> None:
    roles = strict.resources("AWS::IAM::Role")
    assert len(roles) > len(strict.functions)
    for name, role in roles.items():
        assert role["Properties"]["PermissionsBoundary"] == BOUNDARY, name
        assert role["Properties"]["Path"] == "/service/compliance/", name
        assert "RoleName" not in role["Properties"], name


def test_a_boundary_may_be_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    named = synthesize(tmp_path_factory.mktemp("named"), permissions_boundary="path/TeamBoundary")
    for role in named.resources("AWS::IAM::Role").values():
        arn = role["Properties"]["PermissionsBoundary"]
        assert arn["Fn::Join"][1][-2:] == [{"Ref": "AWS::AccountId"}, ":policy/path/TeamBoundary"]


def test_no_user_and_no_group_is_made(strict: Deployment) -> None:
    kinds = {body["Type"] for body in _resources(strict).values() if body["Type"].startswith("AWS::IAM::")}
    assert kinds == {"AWS::IAM::Role", "AWS::IAM::Policy"}


def test_buckets_are_named_by_the_scheme(strict: Deployment) -> None:
    names = [body["Properties"]["BucketName"]["Fn::Join"] for body in strict.resources("AWS::S3::Bucket").values()]
    tail = [{"Ref": "AWS::AccountId"}, "-", {"Ref": "AWS::Region"}]
    assert sorted(parts[0] for _, parts in names) == [
        "acme-trust-access-logs-",
        "acme-trust-inbox-",
        "acme-trust-results-",
    ]
    assert all(separator == "" and parts[1:] == tail for separator, parts in names)


def test_the_longest_prefix_makes_a_name_that_s3_takes() -> None:
    prefix = settings(bucket_prefix="a" * 23).bucket_prefix
    assert len(f"{prefix}-access-logs-123456789012-ap-southeast-1") == 63


def test_whatever_takes_tags_is_tagged_and_so_are_the_stacks(strict: Deployment) -> None:
    wanted = {"team": "trust", "cost-centre": "4711"}
    for name, body in _resources(strict).items():
        tags = body["Properties"].get("Tags", body["Properties"].get("HostedZoneTags", []))
        found = tags if isinstance(tags, dict) else {each["Key"]: each["Value"] for each in tags}
        assert wanted.items() <= found.items() or body["Type"] in UNTAGGED, f"{name}: {body['Type']}"
    manifest = json.loads((strict.directory / "manifest.json").read_text())
    for stack in STACKS:
        assert manifest["artifacts"][stack]["properties"]["tags"] == wanted


def test_nothing_else_changes(aws: Deployment, strict: Deployment) -> None:
    """Least of all a logical ID: that would make the resource anew."""
    theirs, ours = _resources(strict), _resources(aws)
    assert theirs.keys() == ours.keys()
    asked_for = {"PermissionsBoundary", "Path", "BucketName", "Tags"}
    for name, body in theirs.items():
        changed = {
            key
            for key in body["Properties"].keys() | ours[name].get("Properties", {}).keys()
            if body["Properties"].get(key) != ours[name].get("Properties", {}).get(key)
        }
        assert changed <= asked_for, name


def test_nothing_of_it_is_there_unless_it_is_asked_for(aws: Deployment) -> None:
    for name, body in _resources(aws).items():
        assert not {"PermissionsBoundary", "BucketName", "Tags"} & body["Properties"].keys(), name


def test_tags_are_given_on_the_command_line_or_as_json() -> None:
    pairs = (("team", "trust"), ("note", "a=b"))
    assert settings(tags="team=trust,note=a=b").tags == settings(tags={"team": "trust", "note": "a=b"}).tags == pairs
    assert settings(tags="").tags == settings(tags={}).tags == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tags", "team"),
        ("tags", "aws:team=x"),
        ("tags", "team=<x>"),
        ("tags", ["team=x"]),
        ("tags", {str(number): "x" for number in range(41)}),
        ("permissions_boundary", "arn:aws:iam::123:policy/x"),
        ("permissions_boundary", "arn:aws:iam::123456789012:role/x"),
        ("role_path", "service/"),
        ("role_path", "/service"),
        ("bucket_prefix", "Acme"),
        ("bucket_prefix", "acme-"),
        ("bucket_prefix", "a" * 24),
    ],
)
def test_what_aws_would_refuse_is_refused_before(key: str, value: object) -> None:
    with pytest.raises(SettingError, match=f"CDK context {key} must be "):
        settings(**{key: value})
