"""Permissions that CloudFormation's own resource schemas ask for, held against the policy that the docs hand out."""

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

REGION: Final = "us-east-1"

NOT_NEEDED: Final[Mapping[str, str]] = {
    "ec2:*": "No function is in a VPC.",
    "elasticfilesystem:*": "No function mounts a file system.",
    "s3files:*": "No function mounts a file system.",
    "firehose:*": "No log group delivers to Firehose.",
    "iam:AttachRolePolicy": "The roles have inline policies only.",
    "iam:DetachRolePolicy": "The roles have inline policies only.",
    "iam:ListRoles": "Only CloudFormation's resource scan lists all roles.",
    "iam:*GroupPolicy": "The policies belong to roles.",
    "iam:*UserPolicy": "The policies belong to roles.",
    "kinesis:*": "No table streams to Kinesis.",
    "kms:ListKeys": "Only CloudFormation's resource scan lists all keys.",
    "lakeformation:*": "The stacks register nothing with Lake Formation; doctor reports its defaults.",
    "s3tables:*": "No bucket keeps metadata tables.",
}
"""Patterns of permissions that the schemas list for features that the stacks do not use, each with the reason."""


def missing(schemas: Path, policy: Path, templates: Iterable[Path]) -> list[str]:
    """Return what the policy lacks, and what NOT_NEEDED names although no schema asks for it.

    Args:
        schemas: the folder of cfn-lint's data that holds ``providers`` and ``resources``.
        policy: the policy of CloudFormation's execution role.
        templates: the synthesized templates.
    """
    statements = json.loads(policy.read_text())["Statement"]
    allowed = [action for each in statements for action in each["Action"]]
    wanted = dict(_wanted(schemas, templates))
    lacking = {
        permission: types
        for permission, types in wanted.items()
        if not any(fnmatchcase(permission.lower(), each.lower()) for each in allowed)
    }
    used = {pattern for pattern in NOT_NEEDED for permission in lacking if fnmatchcase(permission, pattern)}
    wrong = [
        f"{policy.name} lacks {permission}, which {types} asks for"
        for permission, types in sorted(lacking.items())
        if not any(fnmatchcase(permission, pattern) for pattern in NOT_NEEDED)
    ]
    return wrong + [f"{each} is not needed, but no schema asks for it" for each in NOT_NEEDED if each not in used]


def _wanted(schemas: Path, templates: Iterable[Path]) -> Iterator[tuple[str, str]]:
    files: dict[str, Any] = json.loads((schemas / "providers" / f"{REGION}.json").read_text())
    resources = (body for each in templates for body in json.loads(each.read_text())["Resources"].values())
    for kind in sorted({body["Type"] for body in resources} - {"AWS::CDK::Metadata"}):
        schema = json.loads((schemas / "resources" / f"{files[kind]}.json").read_text())
        for handler in schema.get("handlers", {}).values():
            for permission in handler.get("permissions", []):
                yield permission, kind
