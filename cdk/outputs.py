"""Stack outputs, by the names that the operator's command reads."""

from aws_cdk import CfnOutput, Stack


def publish(stack: Stack, **outputs: str) -> None:
    """Publishes each value under exactly its name."""
    for name, value in outputs.items():
        CfnOutput(stack, name, value=value)
