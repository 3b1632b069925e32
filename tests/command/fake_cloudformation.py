"""CloudFormation with stacks of moto's resources; it keeps what it is to keep, and fails at a bucket with objects."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError

DELETE: dict[str, Callable[[str], object]] = {
    "AWS::S3::Bucket": lambda name: boto3.client("s3").delete_bucket(Bucket=name),
    "AWS::DynamoDB::Table": lambda name: boto3.client("dynamodb").delete_table(TableName=name),
    "AWS::SecretsManager::Secret": lambda name: boto3.client("secretsmanager").delete_secret(SecretId=name),
    "AWS::KMS::Key": lambda name: boto3.client("kms").schedule_key_deletion(KeyId=name, PendingWindowInDays=30),
    "AWS::Logs::LogGroup": lambda name: boto3.client("logs").delete_log_group(logGroupName=name),
    "AWS::StepFunctions::StateMachine": lambda arn: boto3.client("stepfunctions").delete_state_machine(
        stateMachineArn=arn
    ),
}


@dataclass
class Resource:
    """A resource, whether a teardown keeps it, and how it stands."""

    kind: str
    name: str
    is_kept: bool = False
    status: str = "CREATE_COMPLETE"


@dataclass
class DeployedStack:
    """A stack; a deleted one is known by its ID alone."""

    name: str
    stack_id: str
    description: str
    resources: list[Resource]
    status: str = "CREATE_COMPLETE"
    events: list[dict[str, str]] = field(default_factory=list)

    def described(self) -> dict[str, str]:
        return {
            "StackName": self.name,
            "StackId": self.stack_id,
            "StackStatus": self.status,
            "Description": self.description,
        }


class CloudFormation:
    """The stacks of an account, deleted ones too."""

    def __init__(self) -> None:
        self.stacks: list[DeployedStack] = []

    def create(self, name: str, description: str, *resources: Resource) -> None:
        self.stacks.append(DeployedStack(name, f"arn:{name}/{len(self.stacks)}", description, list(resources)))

    def _find(self, name_or_id: str) -> DeployedStack:
        for each in self.stacks:
            if name_or_id == each.stack_id or (name_or_id == each.name and each.status != "DELETE_COMPLETE"):
                return each
        raise ClientError({"Error": {"Code": "ValidationError", "Message": "No such stack."}}, "DescribeStacks")

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
        return {"Stacks": [self._find(StackName).described()]}

    def delete_stack(self, StackName: str) -> None:  # noqa: N803 -- as boto3 names it
        stack = self._find(StackName)
        for each in stack.resources:
            if each.status == "DELETE_COMPLETE":
                continue
            each.status = "DELETE_SKIPPED" if each.is_kept else _delete(each)
            event = {"ResourceType": each.kind, "PhysicalResourceId": each.name, "ResourceStatus": each.status}
            stack.events.append(event)
        failed = any(each.status == "DELETE_FAILED" for each in stack.resources)
        stack.status = "DELETE_FAILED" if failed else "DELETE_COMPLETE"

    def get_paginator(self, operation: str) -> Any:
        class Paginator:
            paginate = staticmethod(getattr(self, f"_{operation}"))

        return Paginator

    def _list_stack_resources(self, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803 -- as boto3 names it
        for each in self._find(StackName).resources:
            listed = {"ResourceType": each.kind, "PhysicalResourceId": each.name, "ResourceStatus": each.status}
            yield {"StackResourceSummaries": [listed]}

    def _list_stacks(self, StackStatusFilter: list[str]) -> Iterator[dict[str, Any]]:  # noqa: N803 -- as boto3 names it
        for each in self.stacks:
            if each.status in StackStatusFilter:
                yield {"StackSummaries": [each.described()]}

    def _describe_stack_events(self, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803 -- as boto3 names it
        yield {"StackEvents": self._find(StackName).events}


def _delete(resource: Resource) -> str:
    try:
        DELETE[resource.kind](resource.name)
    except ClientError:
        return "DELETE_FAILED"
    return "DELETE_COMPLETE"
