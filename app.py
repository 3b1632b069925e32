"""The CDK app: what is deployed, and the security rules that it must pass to be synthesized."""

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from cdk.config import Settings
from cdk.pipeline_stack import PipelineStack
from cdk.storage_stack import StorageStack
from cdk.strict_account import comply


def build(app: App) -> App:
    """Adds both stacks, as the app's context says."""
    settings = Settings.from_context(app.node)
    storage = StorageStack(app, f"{settings.prefix}Storage", settings=settings)
    PipelineStack(app, f"{settings.prefix}Pipeline", settings=settings, storage=storage)
    comply(app, settings)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


if __name__ == "__main__":
    build(App()).synth()
