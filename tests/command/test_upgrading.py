"""What docs/upgrading.md tells people to type."""

import re
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "upgrading.md").read_text()


def test_a_bucket_is_emptied_with_all_its_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r'\.venv/bin/python -c "([^"]+)"', TEXT)
    s3 = boto3.client("s3")
    for bucket in ("inbox", "results"):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for content in (b"1", b"2"):
            s3.put_object(Bucket=bucket, Key="tweets/ids.txt", Body=content)
        s3.delete_object(Bucket=bucket, Key="tweets/ids.txt")
    monkeypatch.setattr(sys, "argv", ["-c", "inbox", "results"])
    exec(code, {})
    for bucket in ("inbox", "results"):
        s3.delete_bucket(Bucket=bucket)
    assert s3.list_buckets()["Buckets"] == []


def test_what_it_makes_can_be_made() -> None:
    targets = set(re.findall(r"^make (\w+)", TEXT, re.MULTILINE))
    assert targets >= {"deploy", "release", "destroy", "security"}
    for target in sorted(targets):
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)
