"""What a function may be granted: each grant is one policy statement on one resource."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.config import Settings
from cdk.rules import acknowledge_wildcard
from cdk.storage_stack import StorageStack

INBOX_FOLDERS: Final = ("tweets", "users", "datasets")


@dataclass(frozen=True)
class Grant:
    """One statement of a role. The name becomes its Sid, so that a deployed policy explains itself."""

    name: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def give_to(self, role: iam.Role) -> None:
        """Adds the statement to the role's policy."""
        role.add_to_policy(
            iam.PolicyStatement(
                sid=self.name,
                actions=list(self.actions),
                resources=list(self.resources),
                conditions=self.conditions,
            )
        )
        for resource in self.resources:
            if resource.endswith(("/*", ":*")):
                acknowledge_wildcard(role, resource, f"{self.name}: what stands below one prefix has no other name.")


class StorageGrants:
    """The grants that the storage stack's resources allow."""

    def __init__(self, storage: StorageStack) -> None:
        self._storage = storage

    def runs_table(self, *actions: str) -> tuple[Grant, ...]:
        """Access to items of the runs table, and to the key that they are encrypted with."""
        return (
            Grant("RunsTable", _actions("dynamodb", actions), (self._storage.runs_table.table_arn,)),
            self._decrypt("DecryptRuns", "dynamodb"),
        )

    def write_index(self) -> tuple[Grant, ...]:
        """Reading what the results table says of affected IDs; writing new ones, 25 to a request, replacing others."""
        actions = ("dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:PutItem")
        return (Grant("WriteIndex", actions, (self._storage.results_table.table_arn,)),)

    def find_in_inbox(self) -> tuple[Grant, ...]:
        """Asking which version of an object is the latest."""
        return self._inbox("s3:GetObject")

    def read_inbox(self) -> tuple[Grant, ...]:
        """Reading an object that was dropped, in the version that the run is pinned to."""
        return self._inbox("s3:GetObjectVersion")

    def ask_about_inbox(self) -> tuple[Grant, ...]:
        """Listing a folder's objects in the versions they have, and reading their tags."""
        return (
            Grant("ListVersions", ("s3:ListBucketVersions",), (self._storage.inbox_arn,)),
            Grant("ReadTags", ("s3:GetObjectVersionTagging",), _below(self._storage.inbox_arn, *INBOX_FOLDERS)),
        )

    def _inbox(self, action: str) -> tuple[Grant, ...]:
        """Who may not list a bucket gets 403 for an object that is gone, and cannot tell that from a missing grant."""
        return (
            Grant("ReadInbox", (action,), _below(self._storage.inbox_arn, *INBOX_FOLDERS)),
            Grant("MissObjects", ("s3:ListBucket",), (self._storage.inbox_arn,)),
        )

    def read_results(self, *prefixes: str) -> tuple[Grant, ...]:
        """Reading objects of the results bucket below `prefixes`."""
        return (Grant("ReadObjects", ("s3:GetObject",), _below(self._storage.results_arn, *prefixes)),)

    def write_results(self, *prefixes: str) -> tuple[Grant, ...]:
        """Writing objects of the results bucket below `prefixes`."""
        return (Grant("WriteObjects", ("s3:PutObject",), _below(self._storage.results_arn, *prefixes)),)

    def read_bearer_token(self) -> tuple[Grant, ...]:
        """Reading X's bearer token, and using the key that it is encrypted with."""
        return (
            Grant(
                "ReadBearerToken",
                ("secretsmanager:GetSecretValue",),
                (self._storage.bearer_token_arn,),
            ),
            self._decrypt("DecryptBearerToken", "secretsmanager"),
        )

    def _decrypt(self, name: str, service: str) -> Grant:
        via = {"StringEquals": {"kms:ViaService": f"{service}.{self._storage.region}.amazonaws.com"}}
        return Grant(name, ("kms:Decrypt",), (self._storage.key.key_arn,), via)


class QueryGrants:
    """The grants that a query of prepared IDs takes: Athena reads, and writes its answer, as whoever asks it."""

    def __init__(self, scope: Construct, storage: StorageStack, settings: Settings) -> None:
        stack, database, work_group = Stack.of(scope), settings.database_name, settings.work_group_name
        self._results_arn = storage.results_arn
        self._work_group = stack.format_arn(service="athena", resource="workgroup", resource_name=work_group)
        # The emulator does not know which workgroup a query belongs to.
        self._query = "*" if settings.sandbox else self._work_group
        self._catalog = (
            stack.format_arn(service="glue", resource="catalog"),
            stack.format_arn(service="glue", resource="database", resource_name=database),
            stack.format_arn(service="glue", resource="table", resource_name=f"{database}/prepared_ids"),
        )

    def find_duplicates(self) -> tuple[Grant, ...]:
        """Starting a query, following it, and what Athena does of it."""
        list_bucket = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
        write_answer = ("s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload")
        return (
            Grant("AskAthena", ("athena:StartQueryExecution",), (self._work_group,)),
            Grant("FollowQuery", ("athena:GetQueryExecution",), (self._query,)),
            Grant("ReadCatalog", ("glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"), self._catalog),
            Grant("ListPrepared", list_bucket, (self._results_arn,)),
            Grant("ReadPrepared", ("s3:GetObject",), _below(self._results_arn, "parts")),
            Grant("WriteAnswer", write_answer, _below(self._results_arn, "athena")),
        )


class ExecutionGrants:
    """The grants on executions and on the bus that hears of them.

    Machines are named, not referred to: they are made after the functions.
    """

    def __init__(self, scope: Construct, prefix: str, event_bus: str) -> None:
        stack = Stack.of(scope)
        self._event_bus = stack.format_arn(service="events", resource="event-bus", resource_name=event_bus)
        self._jobs, self._runs = (
            stack.format_arn(
                service="states",
                resource="execution",
                resource_name=f"{prefix}{machine}:*",
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            for machine in ("Job", "Run")
        )
        self.run_machine_arn = stack.format_arn(
            service="states",
            resource="stateMachine",
            resource_name=f"{prefix}Run",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def see_jobs(self) -> tuple[Grant, ...]:
        """Asking whether a compliance job's execution has ended."""
        return (Grant("SeeJobs", ("states:DescribeExecution",), (self._jobs,)),)

    def settle(self) -> tuple[Grant, ...]:
        """Asking whether an execution has ended, and stopping a run's jobs."""
        return (
            Grant("SeeExecutions", ("states:DescribeExecution",), (self._jobs, self._runs)),
            Grant("StopJobs", ("states:StopExecution",), (self._jobs,)),
        )

    def list_runs(self) -> tuple[Grant, ...]:
        """Seeing which runs are under way."""
        return (Grant("ListRuns", ("states:ListExecutions",), (self.run_machine_arn,)),)

    def publish(self) -> tuple[Grant, ...]:
        """Telling how a run ended, or that a part failed."""
        return (Grant("PublishRun", ("events:PutEvents",), (self._event_bus,)),)


def answer_tasks() -> tuple[Grant, ...]:
    """Handing a waiting execution its task token back.

    IAM's reference names no resource for the action: the token itself says which task may be answered.
    """
    return (Grant("AnswerTasks", ("states:SendTaskSuccess",), ("*",)),)


def _actions(service: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names)


def _below(bucket_arn: str, *prefixes: str) -> tuple[str, ...]:
    return tuple(f"{bucket_arn}/{prefix}/*" for prefix in prefixes)
