"""Where events end that could not be handed over."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.rules import acknowledge


def dead_letter_queue(scope: Construct, name: str) -> sqs.Queue:
    """A queue for what a target did not take, kept for two weeks."""
    queue = sqs.Queue(
        scope,
        name,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    acknowledge(queue, "SQS3", "The queue is itself where undelivered events end.")
    return queue
