"""The AWS clients of a function, made once per execution environment."""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from adapters.meter import watch

if TYPE_CHECKING:
    from mypy_boto3_athena.client import AthenaClient
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_stepfunctions.client import SFNClient

_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10, read_timeout=60)

_S3_CONFIG = _CONFIG.merge(Config(s3={"payload_signing_enabled": False}, response_checksum_validation="when_required"))
"""Given a CRC32C, boto3 would take a SHA-256 of the same bytes besides, for the signature, also where it speaks TLS.
And it would hold a range of an object against the checksum of the whole, where that is told with a range."""


@cache
def s3() -> "S3Client":
    """S3."""
    client = boto3.client("s3", config=_S3_CONFIG)
    watch(client)
    return client


@cache
def dynamodb() -> "DynamoDBServiceResource":
    """DynamoDB, with Python values for its types."""
    resource = boto3.resource("dynamodb", config=_CONFIG)
    watch(resource.meta.client)
    return resource


@cache
def secrets_manager() -> "SecretsManagerClient":
    """Secrets Manager."""
    client = boto3.client("secretsmanager", config=_CONFIG)
    watch(client)
    return client


@cache
def step_functions() -> "SFNClient":
    """Step Functions."""
    return boto3.client("stepfunctions", config=_CONFIG)


@cache
def event_bridge() -> "EventBridgeClient":
    """EventBridge."""
    return boto3.client("events", config=_CONFIG)


@cache
def athena() -> "AthenaClient":
    """Athena."""
    client = boto3.client("athena", config=_CONFIG)
    watch(client)
    return client
