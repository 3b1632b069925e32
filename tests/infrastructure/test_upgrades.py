"""Upgrades lose nothing: today's templates beside the last release's, and what a loss would look like."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cdk.bundling import ROOT
from tests.infrastructure.deployment import Deployment, synthesize
from tests.infrastructure.released import STACKS, released, version, write
from xcompliance.preflight.stateful import STATEFUL, STATELESS, essence, losses

Template = dict[str, Any]


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """With other settings than the defaults, wherever that changes what there is."""
    return synthesize(
        tmp_path_factory.mktemp("changed"),
        customer_key="true",
        results_index="false",
        keep_data="false",
        alarm_email="on-call@example.com",
        tags="team=trust",
        recoverable_days="3",
    )


NEW_KINDS: frozenset[str] = frozenset()
"""Stateful kinds that the last release had none of; ``make release`` empties this."""


@pytest.mark.parametrize("stack", STACKS)
def test_an_upgrade_from_the_last_release_loses_nothing(full: Deployment, stack: str) -> None:
    lost = losses(released(stack), full.json(stack))
    assert not lost, "\n".join(["An upgrade would lose:", *lost, "docs/upgrading.md says what to do."])


@pytest.mark.parametrize("stack", STACKS)
def test_settings_and_datasets_may_be_changed_later_and_back_again(
    aws: Deployment, changed: Deployment, full: Deployment, stack: str
) -> None:
    for one in (changed, full):
        assert losses(aws.json(stack), one.json(stack)) == []
        assert losses(one.json(stack), aws.json(stack)) == []


def _kinds(*templates: Template) -> set[str]:
    return {each["Type"] for template in templates for each in template["Resources"].values()}


def test_the_last_release_has_each_kind_that_holds_something(full: Deployment) -> None:
    today = _kinds(*(full.json(stack) for stack in STACKS)) & STATEFUL.keys()
    assert today - _kinds(*map(released, STACKS)) == NEW_KINDS
    assert released("XComplianceStorage")["Outputs"]


def test_the_last_release_stands_in_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    (latest, *_) = re.findall(r"^## \[(\d\S*)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert latest == version()
    assert "\n## [Unreleased]\n" in changelog.partition(f"## [{latest}]")[0]


def test_each_kind_of_resource_is_known_to_hold_something_or_nothing(aws: Deployment, full: Deployment) -> None:
    """A kind that is new must be put into one of the two lists, with what replaces it."""
    for deployment in (aws, full):
        assert _kinds(*(deployment.json(stack) for stack in STACKS)) - STATELESS <= STATEFUL.keys()


def _resource(template: Template, kind: str) -> Template:
    found: Template = next(each for each in template["Resources"].values() if each["Type"] == kind)
    return found


def _change(kind: str, path: str, value: Any) -> Callable[[Template], None]:
    def change(template: Template) -> None:
        *outer, last = path.split(".")
        properties = _resource(template, kind)["Properties"]
        for each in outer:
            properties = properties[each]
        properties[last] = value

    return change


def _rename(kind: str) -> Callable[[Template], None]:
    def rename(template: Template) -> None:
        resources = template["Resources"]
        name = next(name for name, each in resources.items() if each["Type"] == kind)
        resources[f"{name}2"] = resources.pop(name)

    return rename


LOSSES: list[tuple[str, Callable[[Template], None], str]] = [
    ("Storage", _rename("AWS::S3::Bucket"), "is gone, and with it its objects"),
    ("Storage", _change("AWS::S3::Bucket", "BucketName", "other"), "begins without its objects: BucketName changes"),
    (
        "Storage",
        _change("AWS::DynamoDB::Table", "KeySchema", [{"AttributeName": "id", "KeyType": "HASH"}]),
        "its items",
    ),
    ("Storage", _change("AWS::DynamoDB::Table", "TableName", "Runs"), "its items: TableName changes from None"),
    (
        "Storage",
        _change("AWS::DynamoDB::Table", "AttributeDefinitions", [{"AttributeName": "pk", "AttributeType": "N"}]),
        "AttributeDefinitions",
    ),
    ("Storage", _change("AWS::SecretsManager::Secret", "GenerateSecretString", {"PasswordLength": 40}), "the token"),
    ("Storage", _change("AWS::KMS::Key", "MultiRegion", True), "what it alone can decrypt"),
    ("Storage", _rename("AWS::KMS::Key"), "is gone"),
    ("Pipeline", _change("AWS::StepFunctions::StateMachine", "StateMachineName", "Other"), "their history"),
    ("Pipeline", _change("AWS::Glue::Database", "DatabaseInput.Name", "other"), "DatabaseInput.Name changes from"),
    ("Pipeline", _change("AWS::Glue::Table", "TableInput.Name", "other"), "what queries name"),
    ("Pipeline", _change("AWS::Athena::WorkGroup", "Name", "other"), "the history of queries"),
    ("Pipeline", _change("AWS::Logs::LogGroup", "LogGroupName", "other"), "its logs"),
    ("Pipeline", _rename("AWS::SQS::Queue"), "its messages"),
    ("Pipeline", _change("AWS::SNS::Topic", "TopicName", "other"), "confirmed by hand"),
    ("Storage", lambda template: template["Outputs"].clear(), "which the other stack may import"),
]


@pytest.mark.parametrize(("stack", "change", "says"), LOSSES)
def test_a_loss_is_told(aws: Deployment, stack: str, change: Callable[[Template], None], says: str) -> None:
    before = aws.json(f"XCompliance{stack}")
    after = copy.deepcopy(before)
    change(after)
    lost = losses(essence(before), after)
    assert len(lost) >= 1
    assert says in lost[0]


def test_what_may_change_is_no_loss(aws: Deployment) -> None:
    after = aws.json("XComplianceStorage")
    table = _resource(after, "AWS::DynamoDB::Table")["Properties"]
    table["AttributeDefinitions"].append({"AttributeName": "new", "AttributeType": "S"})
    table["TimeToLiveSpecification"] = {"AttributeName": "other", "Enabled": True}
    _resource(after, "AWS::S3::Bucket")["Properties"].pop("LifecycleConfiguration", None)
    after["Resources"]["New"] = {"Type": "AWS::S3::Bucket"}
    assert losses(aws.json("XComplianceStorage"), after) == []


def test_a_release_is_written_down_whole(aws: Deployment, tmp_path: Path) -> None:
    write(aws, tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {"VERSION", *(f"{stack}.json" for stack in STACKS)}
    for stack in STACKS:
        written = json.loads((tmp_path / f"{stack}.json").read_text())
        stateful = [each for each in aws.json(stack)["Resources"].values() if each["Type"] in STATEFUL]
        assert len(losses(written, {"Resources": {}})) == len(stateful) + len(written["Outputs"])
        assert losses(aws.json(stack), written) == []


def _data(deployment: Deployment) -> dict[str, Template]:
    """What holds data or decrypts it."""
    kinds = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::KMS::Key")
    return {name: body for kind in kinds for name, body in deployment.resources(kind).items()}


def test_data_outlives_its_stack_and_whatever_replaces_it(aws: Deployment) -> None:
    assert len(_data(aws)) == 7
    for name, body in _data(aws).items():
        assert (body["DeletionPolicy"], body["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


def test_data_goes_with_its_stack_where_a_deployer_says_so(changed: Deployment) -> None:
    assert len(_data(changed)) == 7
    for name, body in _data(changed).items():
        assert (body["DeletionPolicy"], body["UpdateReplacePolicy"]) == ("Delete", "Delete"), name


def test_what_becomes_of_data_is_a_change_that_cloudformation_sees(aws: Deployment, changed: Deployment) -> None:
    """It may take another DeletionPolicy alone for no change."""
    for name, body in _data(changed).items():
        assert body["Metadata"] != _data(aws)[name]["Metadata"], name


def test_nothing_in_the_other_stack_is_left_behind_to_be_in_the_way_of_a_new_one(aws: Deployment) -> None:
    for name, body in aws.json("XCompliancePipeline")["Resources"].items():
        assert body.get("DeletionPolicy", "Delete") == "Delete", name


def test_only_a_bucket_with_a_name_of_ours_is_in_its_own_way_after_a_teardown(aws: Deployment) -> None:
    named = {path for kind in ("S3::Bucket", "DynamoDB::Table", "SecretsManager::Secret") for path in _names(aws, kind)}
    assert named == set()


def _names(deployment: Deployment, kind: str) -> set[str]:
    properties = [each["Properties"] for each in deployment.resources(f"AWS::{kind}").values()]
    return {each[key] for each in properties for key in ("BucketName", "TableName", "Name") if key in each}
