"""What starts the checks of datasets: one schedule for each, in a group of the deployment's own.

The group and the queue of checks that could not be started are there without a dataset too, so that the last one can
be taken out without a loss.
"""

from typing import Any, Final

from aws_cdk import Duration, RemovalPolicy, TimeZone
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk.config import Settings
from cdk.datasets import Dataset
from cdk.dead_letters import dead_letter_queue
from cdk.grants import StorageGrants
from cdk.storage_stack import StorageStack

TRIED_FOR: Final = Duration.hours(24)
TRIES: Final = 185
"""As many as Scheduler makes in that time."""


class Schedules(Construct):
    """The schedules of all datasets; each hands its dataset and the time to the compliance run."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, storage: StorageStack, run: sfn.IStateMachine
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._inbox, self._run = settings, storage.inbox, run
        self.group_name = settings.prefix
        group = scheduler.ScheduleGroup(
            self, "Group", schedule_group_name=self.group_name, removal_policy=RemovalPolicy.DESTROY
        )
        queue = dead_letter_queue(self, "ChecksNotStarted")
        self.dead_letters = {"ChecksNotStarted": queue}
        if settings.datasets:
            role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
            for grant in StorageGrants(storage).leave_failures():
                grant.give_to(role)
            for dataset in settings.datasets:
                self._schedule(dataset, group, queue, role)

    def _schedule(self, dataset: Dataset, group: scheduler.ScheduleGroup, queue: sqs.Queue, role: iam.Role) -> None:
        said = _input(dataset, self._inbox.bucket_name, self._settings.database_name)
        scheduler.Schedule(
            self,
            f"Schedule-{dataset.name}",
            schedule_name=dataset.name,
            schedule_group=group,
            schedule=scheduler.ScheduleExpression.expression(dataset.schedule, TimeZone.of(dataset.timezone)),
            description=f"Checks the dataset {dataset.name} with X.",
            target=targets.StepFunctionsStartExecution(
                self._run,
                input=scheduler.ScheduleTargetInput.from_object(said),
                dead_letter_queue=queue,
                role=role,
                max_event_age=TRIED_FOR,
                retry_attempts=TRIES,
            ),
        )


def _input(dataset: Dataset, inbox: str, database: str) -> dict[str, Any]:
    """What the compliance run is told; the same time of the same dataset is the same run."""
    about: dict[str, Any] = {"name": dataset.name, "type": dataset.type, "overlap": dataset.overlap}
    if dataset.rounded_ids:
        about["rounded_ids"] = dataset.rounded_ids
    if dataset.embedded is not None:
        about["embedded"] = dataset.embedded
    when = {"scheduled_at": scheduler.ContextAttribute.scheduled_time}
    place = dataset.location
    if place is None:
        about |= {"query": dataset.query, "database": dataset.database or database}
        return {"dataset": about, "bucket": {"name": inbox}, **when}
    return {"dataset": about, "bucket": {"name": place.bucket or inbox}, "object": {"key": place.folder}, **when}
