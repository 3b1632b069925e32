"""Storage: nothing public, nothing lost, nothing readable without its key."""

from typing import Any

import pytest
from aws_cdk.assertions import Match

from tests.infrastructure.deployment import Deployment


def _bucket(deployment: Deployment, name: str) -> dict[str, Any]:
    buckets = deployment.resources("AWS::S3::Bucket")
    (found,) = (body for logical_id, body in buckets.items() if logical_id.startswith(name))
    return found


def test_no_bucket_is_public(aws: Deployment) -> None:
    for bucket in aws.resources("AWS::S3::Bucket").values():
        assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())
        assert len(bucket["Properties"]["PublicAccessBlockConfiguration"]) == 4


def test_each_bucket_refuses_requests_without_tls(aws: Deployment) -> None:
    policies = aws.resources("AWS::S3::BucketPolicy").values()
    refusing = {
        policy["Properties"]["Bucket"]["Ref"]
        for policy in policies
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Action"] == "s3:*"
        and statement["Principal"] == {"AWS": "*"}
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert refusing == aws.resources("AWS::S3::Bucket").keys()


@pytest.mark.parametrize("name", ["Inbox", "Results"])
def test_data_buckets_are_versioned_encrypted_and_logged(aws: Deployment, name: str) -> None:
    properties = _bucket(aws, name)["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert properties["LoggingConfiguration"]["LogFilePrefix"] == f"{name.lower()}/"


@pytest.mark.parametrize("name", ["Inbox", "Results"])
def test_what_nobody_can_see_does_not_cost_for_ever(aws: Deployment, name: str) -> None:
    rule = _bucket(aws, name)["Properties"]["LifecycleConfiguration"]["Rules"][0]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rule["ExpiredObjectDeleteMarker"] is True
    assert "Prefix" not in rule


def test_the_inbox_announces_its_objects_to_eventbridge(aws: Deployment) -> None:
    notification = _bucket(aws, "Inbox")["Properties"]["NotificationConfiguration"]
    assert notification == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_the_runs_table_is_encrypted_with_a_key_of_ours_that_rotates(aws: Deployment) -> None:
    (key,) = aws.resources("AWS::KMS::Key")
    aws.storage.has_resource_properties("AWS::KMS::Key", {"EnableKeyRotation": True})
    aws.storage.has_resource_properties(
        "AWS::DynamoDB::Table",
        {
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "SSESpecification": {
                "SSEEnabled": True,
                "SSEType": "KMS",
                "KMSMasterKeyId": {"Fn::GetAtt": [key, "Arn"]},
            },
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "RunsByStart",
                    "KeySchema": [
                        {"AttributeName": "listing", "KeyType": "HASH"},
                        {"AttributeName": "started_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        },
    )


def test_the_results_table_has_one_item_for_each_subject(aws: Deployment) -> None:
    aws.storage.has_resource_properties(
        "AWS::DynamoDB::Table",
        {
            "KeySchema": [{"AttributeName": "subject", "KeyType": "HASH"}],
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
        },
    )


def test_both_tables_cost_nothing_at_rest_and_go_back_to_any_moment(aws: Deployment) -> None:
    aws.storage.all_resources_properties(
        "AWS::DynamoDB::Table",
        {
            "BillingMode": "PAY_PER_REQUEST",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        },
    )
    aws.storage.resource_count_is("AWS::DynamoDB::Table", 2)


def test_the_secret_is_encrypted_with_the_same_key_and_holds_no_token_of_ours(aws: Deployment) -> None:
    (key,) = aws.resources("AWS::KMS::Key")
    aws.storage.has_resource_properties(
        "AWS::SecretsManager::Secret",
        {
            "KmsKeyId": {"Fn::GetAtt": [key, "Arn"]},
            "GenerateSecretString": {"ExcludePunctuation": True},
            "SecretString": Match.absent(),
        },
    )


def test_data_outlives_its_stack_but_not_the_sandbox(aws: Deployment, sandbox: Deployment) -> None:
    for type_ in (
        "AWS::S3::Bucket",
        "AWS::DynamoDB::Table",
        "AWS::KMS::Key",
        "AWS::SecretsManager::Secret",
    ):
        assert {body["DeletionPolicy"] for body in aws.resources(type_).values()} == {"Retain"}
        assert {body["DeletionPolicy"] for body in sandbox.resources(type_).values()} == {"Delete"}
