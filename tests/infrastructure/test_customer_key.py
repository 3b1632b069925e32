"""With a key of our own for all: everything is encrypted with it, and whoever has to may use it, for that alone."""

from typing import Any

import pytest

from tests.iam import listed
from tests.infrastructure.deployment import Deployment, synthesize


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    directory = tmp_path_factory.mktemp("keyed")
    return synthesize(directory, customer_key=True, deduplicate_across_parts=True)


def _key(deployment: Deployment) -> tuple[dict[str, Any], dict[str, Any]]:
    """References to the key: of the stack that it is in, and of the other one."""
    (name,) = deployment.resources("AWS::KMS::Key")
    exported = [
        each["Export"]["Name"]
        for each in deployment.json("XComplianceStorage")["Outputs"].values()
        if each["Value"] == {"Fn::GetAtt": [name, "Arn"]} and "Export" in each
    ]
    return {"Fn::GetAtt": [name, "Arn"]}, {"Fn::ImportValue": exported[0]}


def _actions(deployment: Deployment, function: str, service: str) -> set[str]:
    """What a function may do with the key by way of a service."""
    _, key = _key(deployment)
    found: set[str] = set()
    for each in deployment.statements(deployment.functions[function]["Role"]):
        actions = listed(each["Action"])
        if any(action.startswith("kms:") for action in actions):
            assert each["Resource"] == key
            via = each["Condition"]["StringEquals"]["kms:ViaService"]["Fn::Join"][1]
            if via == [f"{service}.", {"Ref": "AWS::Region"}, ".amazonaws.com"]:
                found |= set(actions)
    return found


def test_the_buckets_use_it_and_ask_kms_seldom(keyed: Deployment) -> None:
    own, _ = _key(keyed)
    for name, body in keyed.resources("AWS::S3::Bucket").items():
        (rule,) = body["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        if name.startswith("AccessLogs"):
            assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        else:
            by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": own}
            assert rule == {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": by_key}


def test_both_tables_use_it(keyed: Deployment) -> None:
    own, _ = _key(keyed)
    for name, table in keyed.resources("AWS::DynamoDB::Table").items():
        assert table["Properties"]["SSESpecification"]["KMSMasterKeyId"] == own, name


def test_queues_and_logs_and_what_queries_find_use_it(keyed: Deployment) -> None:
    _, key = _key(keyed)
    for name, queue in keyed.resources("AWS::SQS::Queue").items():
        assert queue["Properties"]["KmsMasterKeyId"] == key, name
        assert "SqsManagedSseEnabled" not in queue["Properties"], name
    groups = keyed.resources("AWS::Logs::LogGroup")
    assert len(groups) >= len(keyed.functions) + 2
    for name, group in groups.items():
        assert group["Properties"]["KmsKeyId"] == key, name
    (work_group,) = keyed.resources("AWS::Athena::WorkGroup").values()
    result = work_group["Properties"]["WorkGroupConfiguration"]["ResultConfiguration"]
    assert result["EncryptionConfiguration"] == {"EncryptionOption": "SSE_KMS", "KmsKey": key}


def test_who_reads_objects_may_decrypt_and_who_writes_them_may_encrypt(keyed: Deployment) -> None:
    for name, function in keyed.functions.items():
        granted: set[str] = set()
        for each in keyed.statements(function["Role"]):
            granted |= set(listed(each["Action"]))
        expected: set[str] = set()
        if granted & {"s3:GetObject", "s3:GetObjectVersion"}:
            expected |= {"kms:Decrypt"}
        if "s3:PutObject" in granted:
            expected |= {"kms:Decrypt", "kms:GenerateDataKey"}
        assert _actions(keyed, name, "s3") == expected, name


def test_what_settling_fails_on_can_be_left_in_its_queue(keyed: Deployment) -> None:
    assert _actions(keyed, "settle_execution", "sqs") == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_services_of_this_account_may_use_it_for_what_is_ours(keyed: Deployment, aws: Deployment) -> None:
    (key,) = keyed.resources("AWS::KMS::Key").values()
    statements = key["Properties"]["KeyPolicy"]["Statement"]
    (logs,) = (each for each in statements if each.get("Sid") == "EncryptLogs")
    (messages,) = (each for each in statements if each.get("Sid") == "SendMessages")
    arn = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]["Fn::Join"][1]
    assert arn[-3:] == [":", {"Ref": "AWS::AccountId"}, ":log-group:*XCompliance*"]
    assert messages["Principal"] == {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]}
    assert messages["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    (plain,) = aws.resources("AWS::KMS::Key").values()
    others = [each for each in statements if each not in (logs, messages)]
    assert plain["Properties"]["KeyPolicy"]["Statement"] == others
    (alarms,) = (each for each in others if each.get("Sid") == "SendAlarms")
    assert alarms["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    owners = [each for each in others if each is not alarms]
    assert all(each["Principal"]["AWS"]["Fn::Join"][1][-1] == ":root" for each in owners)


def test_no_resource_is_made_anew_when_it_is_turned_on(keyed: Deployment, aws: Deployment) -> None:
    for type_ in ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::KMS::Key"):
        assert keyed.resources(type_).keys() == aws.resources(type_).keys()
