"""What a teardown keeps, and what docs/upgrading.md says to type about it."""

from dataclasses import dataclass
from typing import Any

from tests.documents.reading import Command, commands
from tests.end_to_end.command.documented import Reader
from xcompliance.sandbox.sandbox import BEARER_TOKEN

STORAGE = "XComplianceStorage"


def typed(*words: str) -> Command:
    """The command of the document that has these words."""
    (found,) = {
        each.words: each
        for each in commands()
        if each.document == "docs/upgrading.md" and set(words) <= set(each.words)
    }.values()
    return found


@dataclass(frozen=True)
class Kept:
    """What holds data, by its physical IDs."""

    buckets: tuple[str, ...]
    tables: tuple[str, ...]
    secret: str
    key: str

    @classmethod
    def of(cls, reader: Reader) -> "Kept":
        """What the stack has of it."""
        cloudformation = reader.client("cloudformation")
        listed = cloudformation.list_stack_resources(StackName=STORAGE)["StackResourceSummaries"]
        found: dict[str, list[str]] = {}
        for each in listed:
            found.setdefault(each["ResourceType"], []).append(each["PhysicalResourceId"])
        (secret,), (key,) = found["AWS::SecretsManager::Secret"], found["AWS::KMS::Key"]
        return cls(tuple(found["AWS::S3::Bucket"]), tuple(found["AWS::DynamoDB::Table"]), secret, key)

    def content(self, reader: Reader) -> dict[str, Any]:
        """What is in it: keys, numbers of items, the token; raises AWS's error where something is gone."""
        s3, tables = reader.client("s3"), reader.client("dynamodb")
        return {
            "objects": {
                name: [each["Key"] for each in s3.list_objects_v2(Bucket=name).get("Contents", [])]
                for name in self.buckets
            },
            "items": {name: tables.scan(TableName=name, Select="COUNT")["Count"] for name in self.tables},
            "token": reader.client("secretsmanager").get_secret_value(SecretId=self.secret)["SecretString"],
            "key": reader.client("kms").describe_key(KeyId=self.key)["KeyMetadata"]["KeyState"],
        }

    def check_deleted(self, reader: Reader) -> None:
        """Fails where something of it can still be used."""
        assert not {each["Name"] for each in reader.client("s3").list_buckets()["Buckets"]} & set(self.buckets)
        assert not set(reader.client("dynamodb").list_tables()["TableNames"]) & set(self.tables)
        assert self.secret not in [each["ARN"] for each in reader.client("secretsmanager").list_secrets()["SecretList"]]
        assert reader.client("kms").describe_key(KeyId=self.key)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def check_full(content: dict[str, Any]) -> None:
    """Fails where there is nothing to lose."""
    assert [len(keys) > 0 for name, keys in content["objects"].items() if "accesslogs" not in name] == [True, True]
    assert min(content["items"].values()) > 0
    assert content["token"] == BEARER_TOKEN


def check_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Fails where something is gone; a run that has just ended may have left more meanwhile."""
    for name, keys in before["objects"].items():
        assert set(keys) <= set(after["objects"][name])
    for name, items in before["items"].items():
        assert items <= after["items"][name]
    assert (before["token"], before["key"]) == (after["token"], after["key"])
