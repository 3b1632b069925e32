"""Acknowledged findings of the security rules, each on one resource and with its reason."""

from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accepts one finding of the AwsSolutions pack on `construct`, such as `SMG4`."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason))


def acknowledge_wildcard(construct: IConstruct, resource: str, reason: str) -> None:
    """Accepts one resource pattern in the policies of `construct`, and no other."""
    finding = flat(Stack.of(construct).resolve(resource))
    acknowledge(construct, f"IAM5[Resource::{finding}]", reason)


def flat(value: Any) -> str:
    """A CloudFormation value as the rule pack writes it into the name of a finding."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(flat(part) for part in parts)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Fn::ImportValue": name}:
            return flat(name)
        case {"Ref": name}:
            return f"<{name}>"
        case _:
            return str(value)
