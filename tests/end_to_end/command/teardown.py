"""What a teardown keeps, and what docs/upgrading.md says to type about it."""

import subprocess
import sys
from collections.abc import Mapping
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
    stack_id: str

    @classmethod
    def of(cls, reader: Reader) -> "Kept":
        """What the stack has of it, as the document says to list it before a teardown."""
        listed = reader.type_aws(typed("list-stack-resources", STORAGE))["StackResourceSummaries"]
        found: dict[str, list[str]] = {}
        for each in listed:
            found.setdefault(each["ResourceType"], []).append(each["PhysicalResourceId"])
        (secret,), (key,) = found["AWS::SecretsManager::Secret"], found["AWS::KMS::Key"]
        described = reader.client("cloudformation").describe_stacks(StackName=STORAGE)["Stacks"]
        return cls(
            tuple(found["AWS::S3::Bucket"]), tuple(found["AWS::DynamoDB::Table"]), secret, key, described[0]["StackId"]
        )

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

    def delete(self, reader: Reader, environment: Mapping[str, str]) -> None:
        """Types what empties the buckets, in an ``environment`` of AWS's, and what deletes it all for good."""
        names = dict(zip(("inbox-bucket", "results-bucket", "access-logs-bucket"), self.buckets, strict=True))
        _, *words = reader.filled(typed("-c"), **names)
        subprocess.run([sys.executable, *words], check=True, env=dict(environment))
        for name in self.buckets:
            reader.type_aws(typed("s3", "rb"), bucket=name)
        for name in self.tables:
            reader.type_aws(typed("delete-table"), table=name)
        reader.type_aws(typed("delete-secret"), secret=self.secret)
        reader.type_aws(typed("schedule-key-deletion"), key=self.key)

    def check_deleted(self, reader: Reader) -> None:
        """Fails where something of it can still be used."""
        assert not {each["Name"] for each in reader.client("s3").list_buckets()["Buckets"]} & set(self.buckets)
        assert not set(reader.client("dynamodb").list_tables()["TableNames"]) & set(self.tables)
        assert reader.client("secretsmanager").describe_secret(SecretId=self.secret)["DeletedDate"]
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
