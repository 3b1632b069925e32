"""What starts the machines and what cleans up behind them, with a dead-letter queue for each target."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk.rules import acknowledge

TYPES: Final = ("tweets", "users")


class Triggers(Construct):
    """Dropped objects start runs; jobs that end without a word of their own give their turn back."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        inbox: s3.IBucket,
        run: sfn.IStateMachine,
        job: sfn.IStateMachine,
        release_turn: lambda_.Function,
    ) -> None:
        super().__init__(scope, construct_id)
        self._start_run(inbox, run)
        self._release_turn(job, release_turn)

    def _start_run(self, inbox: s3.IBucket, run: sfn.IStateMachine) -> None:
        events.Rule(
            self,
            "ObjectCreated",
            description="Starts a compliance run for each object that is dropped into the inbox.",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [inbox.bucket_name]},
                    "object": {"key": [{"prefix": f"{type_}/"} for type_ in TYPES]},
                },
            ),
            targets=[
                targets.SfnStateMachine(
                    run,
                    input=events.RuleTargetInput.from_event_path("$.detail"),
                    dead_letter_queue=self._dead_letters("RunsNotStarted"),
                    max_event_age=Duration.hours(24),
                    retry_attempts=185,
                )
            ],
        )

    def _release_turn(self, job: sfn.IStateMachine, release_turn: lambda_.Function) -> None:
        dead_letters = self._dead_letters("TurnsNotReleased")
        events.Rule(
            self,
            "JobEnded",
            description="Releases the turn of a compliance job that failed, was aborted, or timed out.",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [job.state_machine_arn],
                    "status": ["FAILED", "ABORTED", "TIMED_OUT"],
                },
            ),
            targets=[
                targets.LambdaFunction(
                    release_turn,
                    dead_letter_queue=dead_letters,
                    max_event_age=Duration.hours(24),
                    retry_attempts=185,
                )
            ],
        )
        # The rule's queue holds events that could not be handed over; this, those that the function failed on.
        release_turn.configure_async_invoke(on_failure=destinations.SqsDestination(dead_letters))

    def _dead_letters(self, name: str) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        acknowledge(queue, "SQS3", "The queue is itself where undelivered events end.")
        return queue
