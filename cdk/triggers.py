"""What starts the machines and what cleans up behind them, with a dead-letter queue for each target."""

from collections.abc import Iterable, Mapping
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

from cdk.dead_letters import dead_letter_queue
from compliance.inbox_keys import READ

TYPES: Final = ("tweets", "users")
LOOK_AFTER_TURNS: Final = Duration.minutes(15)


def _objects() -> list[Mapping[str, str]]:
    return [{"prefix": f"{type_}/"} for type_ in TYPES]


def _markers() -> list[Mapping[str, str]]:
    return [{"wildcard": f"datasets/{type_}/*/_SUCCESS"} for type_ in TYPES]


class Triggers(Construct):
    """Dropped objects start runs; executions that end without a word of their own are settled."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        inbox: s3.IBucket,
        run: sfn.IStateMachine,
        job: sfn.IStateMachine,
        settle_execution: lambda_.Function,
        note_misplaced: lambda_.Function,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters: dict[str, sqs.Queue] = {}
        self._start_run(inbox, run)
        self._note_misplaced(inbox, note_misplaced)
        self._settle_executions([run, job], settle_execution)

    def _start_run(self, inbox: s3.IBucket, run: sfn.IStateMachine) -> None:
        events.Rule(
            self,
            "ObjectCreated",
            description="Starts a compliance run for each object that is dropped, and each folder that is complete.",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [inbox.bucket_name]},
                    "object": {"key": [*_objects(), *_markers()]},
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

    def _note_misplaced(self, inbox: s3.IBucket, note_misplaced: lambda_.Function) -> None:
        target = self._call(note_misplaced, self._dead_letters("MisplacedNotNoted"))
        events.Rule(
            self,
            "ObjectMisplaced",
            description="Notes objects of the inbox that nobody reads, and that they are gone.",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created", "Object Deleted"],
                detail={
                    "bucket": {"name": [inbox.bucket_name]},
                    "object": {"key": [{"anything-but": {"wildcard": list(READ)}}]},
                },
            ),
            targets=[target],
        )

    def _settle_executions(self, machines: Iterable[sfn.IStateMachine], settle_execution: lambda_.Function) -> None:
        target = self._call(settle_execution, self._dead_letters("ExecutionsNotSettled"))
        events.Rule(
            self,
            "ExecutionEnded",
            description="Settles what an execution leaves behind that failed, was aborted, or timed out.",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [machine.state_machine_arn for machine in machines],
                    "status": ["FAILED", "ABORTED", "TIMED_OUT"],
                },
            ),
            targets=[target],
        )
        events.Rule(
            self,
            "LookAfterTurns",
            description="Frees a turn whose execution has ended unheard.",
            schedule=events.Schedule.rate(LOOK_AFTER_TURNS),
            targets=[target],
        )

    @staticmethod
    def _call(function: lambda_.Function, dead_letters: sqs.Queue) -> targets.LambdaFunction:
        """The function as a target; the queue gets events that can't be handed over, and those that it fails on."""
        function.configure_async_invoke(on_failure=destinations.SqsDestination(dead_letters))
        return targets.LambdaFunction(
            function, dead_letter_queue=dead_letters, max_event_age=Duration.hours(24), retry_attempts=185
        )

    def _dead_letters(self, name: str) -> sqs.Queue:
        self.dead_letters[name] = dead_letter_queue(self, name)
        return self.dead_letters[name]
