"""Policies of IAM for those who use a deployment and those who run it: what they need, and nothing else."""

import json
from enum import StrEnum
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from xcompliance.stack import Stack

FOLDER: Final = Path(__file__).parent / "policies"


class Role(StrEnum):
    """Who is to be allowed what they do."""

    UPLOADER = "uploader"
    ANALYST = "analyst"
    OPERATOR = "operator"


def policy(stack: "Stack", role: Role) -> dict[str, Any]:
    """The policy of a role, for the resources of one deployment; an operator's comes beside the other two.

    All in one would be longer than AWS takes, which is 6,144 characters [IAM, quotas of managed policies].
    """
    document: dict[str, Any] = json.loads(Template((FOLDER / f"{role}.json").read_text()).substitute(_names(stack)))
    return document


def _names(stack: "Stack") -> dict[str, str]:
    """What the policies name: the stack's outputs, and ARNs made of them."""
    _, partition, _, region, account, _, run = stack["RunStateMachineArn"].split(":")
    here = f"{region}:{account}"
    prefix = run.removesuffix("Run")
    tables = f"arn:{partition}:dynamodb:{here}:table"
    return {
        **stack.outputs,
        "Region": region,
        "Prefix": prefix,
        "StackArn": f"arn:{partition}:cloudformation:{here}:stack/{prefix}Pipeline",
        "InboxBucketArn": f"arn:{partition}:s3:::{stack['InboxBucketName']}",
        "ResultsBucketArn": f"arn:{partition}:s3:::{stack['ResultsBucketName']}",
        "RunsTableArn": f"{tables}/{stack['RunsTableName']}",
        "ResultsTableArn": f"{tables}/{stack['ResultsTableName']}",
        "CatalogArn": f"arn:{partition}:glue:{here}",
        "WorkGroupArn": f"arn:{partition}:athena:{here}:workgroup/{stack['AthenaWorkGroupName']}",
        "DataCatalogArn": f"arn:{partition}:athena:{here}:datacatalog/AwsDataCatalog",
        "LogGroupArn": f"arn:{partition}:logs:{here}:log-group",
        "ScheduleArn": f"arn:{partition}:scheduler:{here}:schedule/{stack['ScheduleGroupName']}",
        "QueueArn": f"arn:{partition}:sqs:{here}",
        "FunctionArn": f"arn:{partition}:lambda:{here}:function",
        "RuleArn": f"arn:{partition}:events:{here}:rule",
        "DashboardArn": f"arn:{partition}:cloudwatch::{account}:dashboard",
        "RunExecutionArn": stack["RunStateMachineArn"].replace(":stateMachine:", ":execution:"),
        "JobExecutionArn": stack["JobStateMachineArn"].replace(":stateMachine:", ":execution:"),
        "KeyArn": stack["KeyArn"],
    }
