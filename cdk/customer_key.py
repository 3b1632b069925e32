"""The deployment's own key for all that it can encrypt: who may use it for that, and what is told to."""

from typing import Final

import jsii
from aws_cdk import ArnFormat, Aspects, IAspect, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import IConstruct

SENDERS: Final = ("events.amazonaws.com", "cloudwatch.amazonaws.com")
"""What AWS itself puts into queues and topics: events that could not be delivered, alarms."""


def serve(key: kms.Key, prefix: str) -> None:
    """Allows the services of this account to use the key, for what belongs to the deployment.

    A key's policy names no resource but the key: `*` is this key and no other.
    """
    stack = Stack.of(key)
    groups = stack.format_arn(
        service="logs", resource="log-group", resource_name=f"*{prefix}*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="EncryptLogs",
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
            actions=["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
            resources=["*"],
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
    )
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="SendMessages",
            principals=[iam.ServicePrincipal(each) for each in SENDERS],
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],
            conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
        )
    )


def encrypt_with(key: kms.IKey, stack: Stack) -> None:
    """Has every log group, queue and topic of a stack encrypted with the key."""
    Aspects.of(stack).add(_Encryption(key))


@jsii.implements(IAspect)
class _Encryption:
    def __init__(self, key: kms.IKey) -> None:
        self._key = key

    def visit(self, node: IConstruct) -> None:
        match node:
            case logs.CfnLogGroup():
                node.kms_key_id = self._key.key_arn
            case sqs.CfnQueue():
                node.kms_master_key_id = self._key.key_arn
                node.sqs_managed_sse_enabled = None
            case sns.CfnTopic():
                node.kms_master_key_id = self._key.key_arn
