"""What holds data and outlives its stack: how each kind is looked at, deleted, and known to be gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from botocore.exceptions import ClientError

from xcompliance.stack import Stack
from xcompliance.text import count

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_GONE: Final = frozenset({"404", "NoSuchBucket", "NotFoundException", "ResourceNotFoundException"})
KEY_WAITS_DAYS: Final = 7
"""The least that KMS waits before it deletes a key."""


@dataclass(frozen=True)
class Kept:
    """Something that holds data: its type in CloudFormation, its physical ID, and what is in it, in words."""

    kind: str
    name: str
    holds: str


class Kind(Protocol):
    """How to deal with one type of resource."""

    def look(self, account: Stack, name: str) -> Kept | None:
        """Return what it holds; None if it is gone or AWS is about to delete it."""

    def delete(self, account: Stack, name: str) -> None:
        """Delete it with all it holds; do nothing if it is gone."""


class _Bucket:
    def look(self, account: Stack, name: str) -> Kept | None:
        objects, size = 0, 0
        try:
            for page in account.s3.get_paginator("list_object_versions").paginate(Bucket=name):
                versions = page.get("Versions", [])
                objects += len(versions) + len(page.get("DeleteMarkers", []))
                size += sum(each["Size"] for each in versions)
        except ClientError as error:
            _pass_if_gone(error)
            return None
        return Kept("AWS::S3::Bucket", name, f"{count(objects)} object versions, {_bytes(size)}")

    def empty(self, account: Stack, name: str) -> None:
        """Delete all versions and unfinished uploads, and have S3 log no more about the bucket."""
        try:
            account.s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={})
            _empty(account.s3, name)
        except ClientError as error:
            _pass_if_gone(error)

    def delete(self, account: Stack, name: str) -> None:
        self.empty(account, name)
        try:
            account.s3.delete_bucket(Bucket=name)
        except ClientError as error:
            # S3 delivers access logs late: the next look finds the bucket, and the command is typed again.
            if error.response["Error"]["Code"] != "BucketNotEmpty":
                _pass_if_gone(error)


def _empty(s3: "S3Client", name: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found: list[ObjectIdentifierTypeDef] = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        ]
        if found:
            s3.delete_objects(Bucket=name, Delete={"Objects": found, "Quiet": True})
    for uploads in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name):
        for upload in uploads.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])


class _Table:
    def look(self, account: Stack, name: str) -> Kept | None:
        dynamodb = account.session.client("dynamodb", **account.connection)
        try:
            table = dynamodb.describe_table(TableName=name)["Table"]
        except ClientError as error:
            _pass_if_gone(error)
            return None
        # DynamoDB counts every six hours.
        holds = f"about {count(table.get('ItemCount', 0))} items, {_bytes(table.get('TableSizeBytes', 0))}"
        return Kept("AWS::DynamoDB::Table", name, holds)

    def delete(self, account: Stack, name: str) -> None:
        dynamodb = account.session.client("dynamodb", **account.connection)
        try:
            dynamodb.delete_table(TableName=name)
        except ClientError as error:
            _pass_if_gone(error)
        dynamodb.get_waiter("table_not_exists").wait(TableName=name)


class _Secret:
    def look(self, account: Stack, name: str) -> Kept | None:
        secrets = account.session.client("secretsmanager", **account.connection)
        try:
            found = secrets.describe_secret(SecretId=name)
        except ClientError as error:
            _pass_if_gone(error)
            return None
        return None if "DeletedDate" in found else Kept("AWS::SecretsManager::Secret", name, "the bearer token")

    def delete(self, account: Stack, name: str) -> None:
        secrets = account.session.client("secretsmanager", **account.connection)
        try:
            secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        except ClientError as error:
            _pass_if_gone(error)


class _Key:
    def look(self, account: Stack, name: str) -> Kept | None:
        kms = account.session.client("kms", **account.connection)
        try:
            state = kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"]
        except ClientError as error:
            _pass_if_gone(error)
            return None
        return None if state == "PendingDeletion" else Kept("AWS::KMS::Key", name, "what it alone decrypts")

    def delete(self, account: Stack, name: str) -> None:
        if self.look(account, name) is not None:
            kms = account.session.client("kms", **account.connection)
            kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=KEY_WAITS_DAYS)


BUCKET: Final = _Bucket()
KINDS: Final[Mapping[str, Kind]] = {
    "AWS::S3::Bucket": BUCKET,
    "AWS::DynamoDB::Table": _Table(),
    "AWS::SecretsManager::Secret": _Secret(),
    "AWS::KMS::Key": _Key(),
}
"""In the order of their deletion: nothing that the key encrypts can be read without it."""


def _pass_if_gone(error: ClientError) -> None:
    """Pass over a thing that is gone; raises any other error."""
    if error.response["Error"]["Code"] not in _GONE:
        raise error


def _bytes(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1_000:
            return f"{size:.0f} {unit}"
        size /= 1_000
    return f"{size:,.1f} TB"
