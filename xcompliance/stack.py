"""Where a deployment's things are, and the clients to reach them: an AWS account or the sandbox alike."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from xcompliance.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_athena.client import AthenaClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource, Table
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_scheduler.client import EventBridgeSchedulerClient
    from mypy_boto3_stepfunctions.client import SFNClient

DEFAULT_PREFIX = "XCompliance"


@dataclass(frozen=True)
class Stack:
    """A deployment. ``connection`` is what its clients need besides the session."""

    name: str
    outputs: Mapping[str, str]
    session: boto3.Session
    connection: Mapping[str, Any]

    @classmethod
    def of_account(cls, prefix: str) -> "Stack":
        """The deployment of that prefix in the account and region of the caller's credentials."""
        found = cls.of_session(prefix)
        return replace(found, outputs=outputs_of(describe_stack(found, f"{prefix}Pipeline")))

    @classmethod
    def of_session(cls, prefix: str) -> "Stack":
        """The same, without a look at what is deployed: it has no outputs."""
        # boto3 itself reads AWS_DEFAULT_REGION alone, where the AWS CLI and CDK read this one.
        return cls(prefix, {}, boto3.Session(region_name=os.environ.get("AWS_REGION") or None), {})

    @classmethod
    def of_sandbox(cls, handle: Mapping[str, str]) -> "Stack":
        """The sandbox that a handle speaks of."""
        session = boto3.Session(
            handle["aws_access_key_id"], handle["aws_secret_access_key"], region_name=handle["region"]
        )
        connection = {
            "endpoint_url": handle["aws_endpoint_url"],
            "verify": handle["ca_bundle"],
            "config": Config(proxies={}),
        }
        return cls("sandbox", handle, session, connection)

    @property
    def is_sandbox(self) -> bool:
        """Whether AWS is played by the emulator."""
        return "endpoint_url" in self.connection

    def __getitem__(self, output: str) -> str:
        try:
            return self.outputs[output]
        except KeyError:
            raise CommandError(f"The stack {self.name}Pipeline has no output {output}: deploy it anew.") from None

    @cached_property
    def s3(self) -> "S3Client":
        """S3."""
        return self.session.client("s3", **self.connection)

    @cached_property
    def athena(self) -> "AthenaClient":
        """Athena."""
        return self.session.client("athena", **self.connection)

    @cached_property
    def glue(self) -> "GlueClient":
        """Glue's catalog, which is Athena's."""
        return self.session.client("glue", **self.connection)

    @cached_property
    def step_functions(self) -> "SFNClient":
        """Step Functions."""
        return self.session.client("stepfunctions", **self.connection)

    @cached_property
    def scheduler(self) -> "EventBridgeSchedulerClient":
        """EventBridge Scheduler."""
        return self.session.client("scheduler", **self.connection)

    @cached_property
    def runs_table(self) -> "Table":
        """Runs and their parts."""
        return self._dynamodb.Table(self["RunsTableName"])

    @cached_property
    def results_table(self) -> "Table":
        """One item per affected ID."""
        return self._dynamodb.Table(self["ResultsTableName"])

    @cached_property
    def _dynamodb(self) -> "DynamoDBServiceResource":
        return self.session.resource("dynamodb", **self.connection)


def describe_stack(account: Stack, name: str) -> "StackTypeDef":
    """A stack in CloudFormation's words; raises CommandError when there is none of that name."""
    region = account.session.region_name
    if region is None:
        raise CommandError("No AWS region is set: set AWS_REGION, or start a sandbox with: xcompliance sandbox up")
    try:
        (found,) = account.session.client("cloudformation", **account.connection).describe_stacks(StackName=name)[
            "Stacks"
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise CommandError(
            f"There is no stack {name} in {region}. Deploy it (make deploy), name another one with "
            "--prefix, or start a sandbox with: xcompliance sandbox up"
        ) from None
    return found


def outputs_of(stack: "StackTypeDef") -> dict[str, str]:
    """A stack's outputs by name."""
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
