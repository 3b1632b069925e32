"""What accounts with rules of their own ask of everything that is made in them."""

import jsii
from aws_cdk import App, Aspects, Aws, IAspect, Tags
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from cdk.config import Settings


def comply(app: App, settings: Settings) -> None:
    """Bounds every role, the CDK's own too, gives it its path, and tags whatever takes tags."""
    for key, value in settings.tags:
        Tags.of(app).add(key, value)
    if settings.permissions_boundary:
        iam.PermissionsBoundary.of(app).apply(_policy(app, settings.permissions_boundary))
    if settings.role_path != "/":
        Aspects.of(app).add(_RolePath(settings.role_path))


def _policy(app: App, name_or_arn: str) -> iam.IManagedPolicy:
    named = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:policy/{name_or_arn}"
    arn = name_or_arn if name_or_arn.startswith("arn:") else named
    return iam.ManagedPolicy.from_managed_policy_arn(app, "Boundary", arn)


@jsii.implements(IAspect)
class _RolePath:
    def __init__(self, path: str) -> None:
        self._path = path

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, iam.CfnRole):
            node.path = self._path
