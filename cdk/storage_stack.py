"""What must outlive every other change: the buckets, the tables, the bearer token and their key."""

from typing import cast

from aws_cdk import CfnResource, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from cdk.config import Settings
from cdk.customer_key import serve
from cdk.outputs import publish
from cdk.retention import MOST_RECOVERABLE_DAYS, inbox_rules, results_rules
from cdk.rules import acknowledge


class StorageStack(Stack):
    """The stateful half of a deployment.

    The bucket ARNs are exported under names of their own, so that a policy of the other stack says which bucket it
    means.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Compliance checks with X: buckets, tables, secret.",
            tags=dict(settings.tags),
        )
        self._settings = settings
        self.encrypts_all = settings.customer_key
        self.key = kms.Key(
            self,
            "Key",
            description=(
                "Encrypts what is stored of compliance checks, and what lets its holder act for this account at X."
                if settings.customer_key
                else "Encrypts what lets its holder act for this account at X: the token and signed URLs."
            ),
            enable_key_rotation=True,
            removal_policy=settings.removal_policy,
        )
        if settings.customer_key:
            serve(self.key, settings.prefix)
        self._access_logs = self._log_bucket()
        self.inbox = self._bucket("Inbox", *inbox_rules(settings))
        self.results = self._bucket("Results", *results_rules(settings))
        self.inbox_arn = self.export_value(self.inbox.bucket_arn, name=f"{settings.prefix}InboxBucketArn")
        self.results_arn = self.export_value(self.results.bucket_arn, name=f"{settings.prefix}ResultsBucketArn")
        _announce_objects(self.inbox)
        self.runs_table = self._runs_table()
        self.results_table = self._results_table()
        # Also where nothing imports it: what the other stack imports as it is deployed can't be taken away before it.
        self.export_value(self.results_table.table_arn)
        self.bearer_token_arn = self._bearer_token()
        self._show_what_becomes_of_data()
        publish(
            self,
            InboxBucketName=self.inbox.bucket_name,
            ResultsBucketName=self.results.bucket_name,
            RunsTableName=self.runs_table.table_name,
            ResultsTableName=self.results_table.table_name,
            BearerTokenSecretArn=self.bearer_token_arn,
            KeyArn=self.key.key_arn,
        )

    def _show_what_becomes_of_data(self) -> None:
        """CloudFormation may take another DeletionPolicy alone for no change, and keep the old; this is a change."""
        for each in self.node.find_all():
            if isinstance(each, CfnResource) and each.cfn_options.deletion_policy:
                each.add_metadata("KeepData", self._settings.keep_data)

    def _bucket_name(self, purpose: str) -> str | None:
        """Other accounts have buckets too, and their names are one space."""
        prefix = self._settings.bucket_prefix
        return f"{prefix}-{purpose}-{self.account}-{self.region}" if prefix else None

    def _log_bucket(self) -> s3.Bucket:
        return s3.Bucket(
            self,
            "AccessLogs",
            bucket_name=self._bucket_name("access-logs"),
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(id="ForgetOldLogs", expiration=Duration.days(self._settings.log_retention_days))
            ],
            removal_policy=self._settings.removal_policy,
        )

    def _bucket(self, name: str, *rules: s3.LifecycleRule) -> s3.Bucket:
        own_key = self.key if self._settings.customer_key else None
        return s3.Bucket(
            self,
            name,
            bucket_name=self._bucket_name(name.lower()),
            versioned=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.KMS if own_key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=own_key,
            bucket_key_enabled=True if own_key else None,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            server_access_logs_bucket=self._access_logs,
            server_access_logs_prefix=f"{name.lower()}/",
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="ForgetWhatNobodySees",
                    noncurrent_version_expiration=Duration.days(self._settings.recoverable_days),
                    expired_object_delete_marker=True,
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                ),
                *rules,
            ],
            removal_policy=self._settings.removal_policy,
        )

    def _runs_table(self) -> dynamodb.Table:
        table = dynamodb.Table(
            self,
            "Runs",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="ttl",
            removal_policy=self._settings.removal_policy,
        )
        table.add_global_secondary_index(
            index_name="RunsByStart",
            partition_key=dynamodb.Attribute(name="listing", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="started_at", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        return table

    def _results_table(self) -> dynamodb.Table:
        own_key = self.key if self._settings.customer_key else None
        return dynamodb.Table(
            self,
            "ResultsIndex",
            partition_key=dynamodb.Attribute(name="subject", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if own_key else None,
            encryption_key=own_key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True,
                recovery_period_in_days=min(self._settings.recoverable_days, MOST_RECOVERABLE_DAYS),
            ),
            time_to_live_attribute="ttl",
            removal_policy=self._settings.removal_policy,
        )

    def _bearer_token(self) -> str:
        """Creates the secret and returns its ARN."""
        secret = secretsmanager.Secret(
            self,
            "BearerToken",
            description="X's app-only bearer token, as plain text. Holds a random placeholder until it is set.",
            encryption_key=self.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(exclude_punctuation=True),
            removal_policy=self._settings.removal_policy,
        )
        acknowledge(secret, "SMG4", "X issues the token in its developer portal and offers no API to rotate it.")
        # Not `Ref`, which is the ARN on AWS, but a name in the emulator.
        return cast(secretsmanager.CfnSecret, secret.node.default_child).attr_id


def _announce_objects(bucket: s3.Bucket) -> None:
    """Has S3 send the bucket's events to EventBridge.

    Set on the L1 resource: the L2 property deploys a Lambda function for what is one line of the template.
    """
    resource = cast(s3.CfnBucket, bucket.node.default_child)
    resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )
