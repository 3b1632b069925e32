"""What a function may be granted: each grant is one policy statement on one resource."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.config import Settings
from cdk.datasets import Dataset, Location
from cdk.rules import acknowledge_wildcard
from cdk.storage_stack import StorageStack
from compliance.datasets import UNLOADED

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

    def read_datasets(self, datasets: Sequence[Dataset]) -> tuple[Grant, ...]:
        """Reading what Athena has unloaded, and what is in buckets of the deployer's, in pinned versions as ever."""
        unloaded = _below(self._storage.inbox_arn, UNLOADED.rstrip("/")) if any(each.query for each in datasets) else ()
        places = _places(each.location for each in datasets if each.location)
        found = (*unloaded, *_objects(places))
        return (
            *((Grant("ReadDatasets", ("s3:GetObjectVersion",), found),) if found else ()),
            *((Grant("MissDatasets", ("s3:ListBucket",), _buckets(places)),) if places else ()),
        )

    def ask_about_datasets(self, datasets: Iterable[Dataset]) -> tuple[Grant, ...]:
        """Listing their objects in the versions they have, whether there are versions, and reading their tags."""
        places = _places(each.location for each in datasets if each.location)
        if not places:
            return ()
        return (
            Grant("ListDatasets", ("s3:ListBucketVersions", "s3:GetBucketVersioning"), _buckets(places)),
            Grant("ReadDatasetTags", ("s3:GetObjectVersionTagging",), _objects(places)),
        )

    def ask_about_inbox(self) -> tuple[Grant, ...]:
        """Listing a folder's objects in the versions they have, and reading their tags."""
        return (
            Grant("ListVersions", ("s3:ListBucketVersions",), (self._storage.inbox_arn,)),
            *self.read_inbox_tags(),
        )

    def read_inbox_tags(self) -> tuple[Grant, ...]:
        """Reading the tags of an object that was dropped."""
        return (Grant("ReadTags", ("s3:GetObjectVersionTagging",), _below(self._storage.inbox_arn, *INBOX_FOLDERS)),)

    def _inbox(self, action: str) -> tuple[Grant, ...]:
        """Who may not list a bucket gets 403 for an object that is gone, and cannot tell that from a missing grant."""
        return (
            Grant("ReadInbox", (action,), _below(self._storage.inbox_arn, *INBOX_FOLDERS)),
            Grant("MissObjects", ("s3:ListBucket",), (self._storage.inbox_arn,)),
            *self._own_key("DecryptObjects", "s3", "kms:Decrypt"),
        )

    def read_results(self, *prefixes: str) -> tuple[Grant, ...]:
        """Reading objects of the results bucket below `prefixes`."""
        return (
            Grant("ReadObjects", ("s3:GetObject",), _below(self._storage.results_arn, *prefixes)),
            *self._own_key("DecryptObjects", "s3", "kms:Decrypt"),
        )

    def write_results(self, *prefixes: str) -> tuple[Grant, ...]:
        """Writing objects of the results bucket below `prefixes`."""
        return (
            Grant("WriteObjects", ("s3:PutObject",), _below(self._storage.results_arn, *prefixes)),
            *self.encrypt_objects(),
        )

    def encrypt_objects(self) -> tuple[Grant, ...]:
        """What writing an object takes where the key of ours encrypts it; of many pieces it is read on the way."""
        return self._own_key("EncryptObjects", "s3", "kms:GenerateDataKey", "kms:Decrypt")

    def leave_failures(self) -> tuple[Grant, ...]:
        """What it takes to put an event into a queue that a function failed on, where the key of ours encrypts it."""
        return self._own_key("EncryptMessages", "sqs", "kms:GenerateDataKey", "kms:Decrypt")

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
        return self._use_key(name, service, "kms:Decrypt")

    def _own_key(self, name: str, service: str, *actions: str) -> tuple[Grant, ...]:
        return (self._use_key(name, service, *actions),) if self._storage.encrypts_all else ()

    def _use_key(self, name: str, service: str, *actions: str) -> Grant:
        via = {"StringEquals": {"kms:ViaService": f"{service}.{self._storage.region}.amazonaws.com"}}
        return Grant(name, actions, (self._storage.key.key_arn,), via)


LIST_BUCKET: Final = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
WRITE_ANSWER: Final = ("s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload")
ASKED_FOR: Final = ("results", "checked_ids", "runs", "rejects", "segments")
"""The folders of the deployment's own tables that a dataset's query may read."""


class QueryGrants:
    """The grants that queries take: Athena reads, and writes its answer, as whoever asks it."""

    def __init__(self, scope: Construct, storage: StorageStack, settings: Settings) -> None:
        self._stack, self._own_database = Stack.of(scope), settings.database_name
        self._inbox_arn, self._results_arn = storage.inbox_arn, storage.results_arn
        self._work_group = self._stack.format_arn(
            service="athena", resource="workgroup", resource_name=settings.work_group_name
        )
        # The emulator does not know which workgroup a query belongs to.
        self._query = "*" if settings.sandbox else self._work_group

    def find_duplicates(self) -> tuple[Grant, ...]:
        """Asking which prepared IDs stand in several parts, and what Athena does of it."""
        return (
            *self._ask(),
            self._read_catalog({self._own_database: "prepared_ids"}),
            Grant("ListResults", LIST_BUCKET, (self._results_arn,)),
            Grant("ReadTables", ("s3:GetObject",), _below(self._results_arn, "parts")),
        )

    def unload_datasets(self, datasets: Iterable[Dataset]) -> tuple[Grant, ...]:
        """Asking the queries of datasets, reading the tables they are over, and writing the IDs into the inbox."""
        asked = [each for each in datasets if each.query]
        if not asked:
            return ()
        databases = {each.database or self._own_database: "*" for each in asked}
        own = _below(self._results_arn, *ASKED_FOR) if self._own_database in databases else ()
        places = _places(Location.of(folder) for each in asked for folder in each.reads)
        return (
            *self._ask(),
            self._read_catalog(databases),
            Grant("ListTables", LIST_BUCKET, (self._results_arn, self._inbox_arn, *_buckets(places))),
            Grant("ReadTables", ("s3:GetObject",), (*own, *_objects(places))),
            Grant("WriteUnloaded", WRITE_ANSWER, _below(self._inbox_arn, UNLOADED.rstrip("/"))),
        )

    def _ask(self) -> tuple[Grant, ...]:
        return (
            Grant("AskAthena", ("athena:StartQueryExecution",), (self._work_group,)),
            Grant("FollowQuery", ("athena:GetQueryExecution",), (self._query,)),
            Grant("WriteAnswer", WRITE_ANSWER, _below(self._results_arn, "athena")),
        )

    def _read_catalog(self, tables: Mapping[str, str]) -> Grant:
        """Read the named table of each database, and Glue's `default` database, as Athena itself looks it up first.

        Source: Athena's guide, "Configure access to databases and tables in the Glue Data Catalog".
        """
        found = [
            self._stack.format_arn(service="glue", resource="catalog"),
            self._stack.format_arn(service="glue", resource="database", resource_name="default"),
        ]
        for database, table in tables.items():
            found += [
                self._stack.format_arn(service="glue", resource="database", resource_name=database),
                self._stack.format_arn(service="glue", resource="table", resource_name=f"{database}/{table}"),
            ]
        return Grant("ReadCatalog", ("glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"), tuple(found))


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

    def see_runs(self) -> tuple[Grant, ...]:
        """Asking whether a compliance run's execution has ended."""
        return (Grant("SeeRuns", ("states:DescribeExecution",), (self._runs,)),)

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


def _places(locations: Iterable[Location]) -> list[Location]:
    """Those that are not in the inbox, each once."""
    return sorted({each for each in locations if each.bucket}, key=str)


def _buckets(places: Iterable[Location]) -> tuple[str, ...]:
    return tuple(sorted({f"arn:{Aws.PARTITION}:s3:::{each.bucket}" for each in places}))


def _objects(places: Iterable[Location]) -> tuple[str, ...]:
    return tuple(f"arn:{Aws.PARTITION}:s3:::{each.bucket}/{each.folder}*" for each in places)
