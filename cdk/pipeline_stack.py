"""What can be deployed anew at any time: functions, machines, triggers, analytics, monitoring."""

import json
from typing import Final

from aws_cdk import Stack
from constructs import Construct

from cdk.analytics import Analytics
from cdk.config import Settings
from cdk.customer_key import encrypt_with
from cdk.functions import Functions
from cdk.machines import Machines
from cdk.monitoring import Monitoring
from cdk.outputs import publish
from cdk.schedules import Schedules
from cdk.storage_stack import StorageStack
from cdk.triggers import Triggers

SETTINGS_OF_INPUT: Final = ("part_size_mb", "reject_limit_percent", "id_column", "rounded_ids", "embedded")
"""The settings that `xcompliance inspect` needs."""


class PipelineStack(Stack):
    """The stateless half of a deployment; its outputs name everything that an operator needs."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, storage: StorageStack) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Compliance checks with X: functions, machines, SQL.",
            tags=dict(settings.tags),
        )
        self.add_stack_dependency(storage)
        if storage.encrypts_all:
            encrypt_with(storage.key, self)
        functions = Functions(self, "Functions", settings=settings, storage=storage).by_name
        machines = Machines(self, "Machines", settings=settings, functions=functions)
        triggers = Triggers(
            self,
            "Triggers",
            inbox=storage.inbox,
            run=machines.run,
            job=machines.job,
            settle_execution=functions["settle_execution"],
            note_misplaced=functions["note_misplaced"],
        )
        schedules = Schedules(self, "Schedules", settings=settings, storage=storage, run=machines.run)
        analytics = Analytics(self, "Analytics", settings=settings, storage=storage)
        monitoring = Monitoring(
            self,
            "Monitoring",
            settings=settings,
            key=storage.key,
            functions=functions,
            dead_letters={**triggers.dead_letters, **schedules.dead_letters},
        )
        publish(
            self,
            InboxBucketName=storage.inbox.bucket_name,
            ResultsBucketName=storage.results.bucket_name,
            RunsTableName=storage.runs_table.table_name,
            ResultsTableName=storage.results_table.table_name,
            RunStateMachineArn=machines.run.state_machine_arn,
            JobStateMachineArn=machines.job.state_machine_arn,
            BearerTokenSecretArn=storage.bearer_token_arn,
            KeyArn=storage.key.key_arn,
            GlueDatabaseName=analytics.database_name,
            AthenaWorkGroupName=analytics.work_group_name,
            ScheduleGroupName=schedules.group_name,
            XApiUrl=settings.x_api_url,
            AlarmTopicArn=monitoring.topic.topic.topic_arn,
            InputSettings=json.dumps({name: getattr(settings, name) for name in SETTINGS_OF_INPUT}),
        )
