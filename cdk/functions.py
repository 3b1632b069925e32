"""The functions, each with its size, its time, and its grants beside the reason for them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk.allocation import FOR_ARRAYS
from cdk.bundling import ROOT, Platform, function_code
from cdk.compliance_function import ComplianceFunction
from cdk.config import Settings
from cdk.grants import ExecutionGrants, Grant, QueryGrants, StorageGrants, answer_tasks
from cdk.storage_stack import StorageStack

SETTINGS_OF_FUNCTIONS: Final = (
    "x_transfer_hosts",
    "part_size_mb",
    "chunk_size_mb",
    "reject_limit_percent",
    "rounded_ids",
    "embedded",
    "resumable",
    "unverified",
    "first_poll_seconds",
    "min_poll_seconds",
    "max_poll_seconds",
    "poll_worth_percent",
    "job_deadline_hours",
    "conflict_deadline_hours",
    "results_index",
    "id_column",
    "deduplicate_across_parts",
    "working_copies_days",
    "results_days",
    "proof_days",
)

EVENT_BUS: Final = "default"

ONE_CPU: Final = 1769
STREAMING: Final = 1024
PARQUET_DISK: Final = 1800
"""Room for the IDs of a range of a Parquet file: 256 MB, and the rest of a group of rows of 1.5 GB."""


@dataclass(frozen=True)
class Spec:
    """What one function needs; times in seconds, memory in MB, disk in MiB.

    `runs` names what it does to the runs table.
    """

    memory: int = 256
    timeout: int = 55
    disk: int = 512
    runs: tuple[str, ...] = ()
    grants: Iterable[Grant] = ()
    requirements: str = "functions"
    environment: Mapping[str, str] = field(default_factory=dict)


CARRIED: Final = ("functions", "data")

RECORD: Final = ("GetItem", "UpdateItem")
QUEUE: Final = ("GetItem", "Query", "PutItem", "DeleteItem", "UpdateItem")


def specs(may: StorageGrants, queries: QueryGrants, executions: ExecutionGrants, settings: Settings) -> dict[str, Spec]:
    """The functions by the names of their files. Each that works for a run updates what the run has consumed.

    Args:
        may, queries, executions: the grants to choose from.
        settings: the size of a part, the time that an invocation may spend on moving bytes, and what is turned off.
    """
    transfer = settings.transfer_timeout_seconds
    return {
        # Puts the run, unless it is there already; asks for the version of an object that came without one.
        "register_run": Spec(runs=(*RECORD, "PutItem"), grants=may.find_in_inbox()),
        # Makes the dataset the run's, unless another run of it goes on.
        "claim_dataset": Spec(runs=RECORD, grants=executions.see_runs() if settings.datasets else ()),
        # Asks Athena for the IDs that the dataset's query finds.
        "unload_dataset": Spec(
            runs=RECORD,
            grants=(*queries.unload_datasets(settings.datasets), *may.encrypt_objects()) if settings.datasets else (),
        ),
        # Puts the parts; lists a folder; reads the length and the first bytes of each object, and what its owner says
        # of it; writes down which segments each part is made of.
        "plan_parts": Spec(
            memory=ONE_CPU,
            timeout=280,
            runs=(*RECORD, "PutItem"),
            grants=[
                *may.read_inbox(),
                *may.ask_about_inbox(),
                *may.read_datasets(settings.datasets),
                *may.ask_about_datasets(settings.datasets),
                *may.read_results("segments"),
                *may.write_results("segments"),
            ],
        ),
        # Reads the part's segments; writes the part, what was rejected from it, and further parts if there is more than
        # fits. Keeps the text, 12 bytes for each ID, and as much again to compare them. What is read of a Parquet file
        # goes by way of the disk.
        "prepare_part": Spec(
            memory=max(ONE_CPU, 512 + 4 * settings.part_size_mb),
            timeout=280,
            disk=512 + PARQUET_DISK,
            runs=(*RECORD, "PutItem"),
            grants=[
                *may.read_inbox(),
                *may.read_datasets(settings.datasets),
                *may.read_results("segments"),
                *may.write_results("parts", "rejects"),
            ],
            requirements="data",
            environment=FOR_ARRAYS,
        ),
        # Lists the run's parts; asks Athena.
        "find_duplicates": Spec(
            runs=("Query", "UpdateItem"),
            grants=(*queries.find_duplicates(), *may.encrypt_objects()) if settings.deduplicate_across_parts else (),
        ),
        # Reads Athena's answer and the part; writes what is left of it. Keeps that, and 8 bytes for each ID that is
        # taken out.
        "deduplicate_part": Spec(
            memory=max(ONE_CPU, 512 + 2 * settings.part_size_mb),
            timeout=280,
            runs=RECORD,
            grants=_deduplicate(may) if settings.deduplicate_across_parts else (),
            requirements="data",
            environment=FOR_ARRAYS,
        ),
        # Lists the run's parts, to add up their lines; reads what planning has warned of.
        "accept_input": Spec(runs=(*RECORD, "Query"), grants=[*may.read_inbox(), *may.read_inbox_tags()]),
        # Lists the run's parts, to add up their results; reads what the run has consumed.
        "summarize_run": Spec(runs=(*RECORD, "Query")),
        # Reads what the run has consumed.
        "record_failure": Spec(timeout=30, runs=RECORD),
        # Reads the run and its parts, what was read, and examples of what was rejected; writes the page.
        "write_report": Spec(runs=(*RECORD, "Query"), grants=_end(may, report=True)),
        # Writes the run's row for Athena, unless another execution has written it in between.
        "publish_run": Spec(runs=RECORD, grants=[*executions.publish(), *_end(may, row=True)]),
        # Raises what it is told.
        "report_failure": Spec(timeout=30),
        # Makes the part its execution's, puts a ticket, deletes stale ones; wakes the execution whose turn it is.
        "take_turn": Spec(runs=QUEUE, grants=[*executions.see_jobs(), *answer_tasks()]),
        # Calls X's API; puts down that X refuses resumable uploads.
        "create_job": Spec(runs=(*RECORD, "PutItem"), grants=may.read_bearer_token()),
        # Needs no token: the signed URL is the credential.
        "open_upload": Spec(runs=RECORD),
        # Streams the part; an upload that X hosts itself carries the token. Looks up what earlier jobs took.
        "upload_part": Spec(
            memory=STREAMING,
            timeout=transfer,
            runs=(*RECORD, "Query"),
            grants=[*may.read_results("parts", "deduplicated"), *may.read_bearer_token()],
        ),
        # Calls X's API; puts down that an answer is there, and what the job took.
        "get_job": Spec(runs=(*RECORD, "PutItem"), grants=may.read_bearer_token()),
        # Streams the results; a download that X hosts itself carries the token.
        "download_results": Spec(
            memory=STREAMING,
            timeout=transfer,
            runs=RECORD,
            grants=[*may.write_results("raw"), *may.read_bearer_token()],
        ),
        # Turns the raw results and the part into Parquet, with NumPy and DuckDB. Keeps 200 MB of the results, whatever
        # their length; then up to 25 bytes for each ID to sort them, in memory or else on disk, where the part is too.
        "write_results": Spec(
            memory=max(ONE_CPU, 512 + 2 * settings.part_size_mb),
            timeout=transfer,
            disk=512 + 3 * settings.part_size_mb,
            runs=RECORD,
            grants=[*may.read_results("raw", "parts", "deduplicated"), *may.write_results("results", "checked_ids")],
            requirements="data",
            environment=FOR_ARRAYS,
        ),
        # Looks for older answers that are not in the index yet; reads the raw results and writes items for a short one.
        "index_results": Spec(
            memory=ONE_CPU, timeout=transfer, runs=(*RECORD, "Query", "DeleteItem"), grants=_index(may, settings)
        ),
        # Reads a range of the raw results; writes an item for each affected ID in it.
        "index_range": Spec(memory=ONE_CPU, timeout=55, runs=RECORD, grants=_index(may, settings)),
        # Calls X's API; tells that a part has failed.
        "abandon_job": Spec(runs=RECORD, grants=[*may.read_bearer_token(), *executions.publish()]),
        # Deletes the holder and puts the next one; wakes its execution.
        "release_turn": Spec(timeout=30, runs=QUEUE, grants=[*executions.see_jobs(), *answer_tasks()]),
        # Does what is left to do of both machines: cancels X's job, releases the turn, tells how the run ended, writes
        # its report. Tells how things stand.
        "settle_execution": Spec(
            runs=QUEUE,
            grants=[
                *executions.settle(),
                *executions.list_runs(),
                *executions.publish(),
                *answer_tasks(),
                *may.read_bearer_token(),
                *may.leave_failures(),
                *_end(may, report=True, row=True),
            ],
        ),
        # Puts an item for an object that nobody reads, and deletes it with the object.
        "note_misplaced": Spec(timeout=30, runs=("PutItem", "DeleteItem"), grants=may.leave_failures()),
    }


def _deduplicate(may: StorageGrants) -> tuple[Grant, ...]:
    return (*may.read_results("athena", "parts"), *may.write_results("deduplicated"))


def _end(may: StorageGrants, *, report: bool = False, row: bool = False) -> tuple[Grant, ...]:
    """What a run's report is written from, and where to; and its row in the table of runs, which is replaced."""
    read = [*(("segments", "rejects") if report else ()), *(("runs",) if row else ())]
    write = [*(("reports",) if report else ()), *(("runs",) if row else ())]
    return (*may.read_results(*read), *may.write_results(*write))


def _index(may: StorageGrants, settings: Settings) -> tuple[Grant, ...]:
    """What an index that is turned off needs none of."""
    return (*may.read_results("raw"), *may.write_index()) if settings.results_index else ()


class Functions(Construct):
    """All functions, by the names of their files."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, storage: StorageStack) -> None:
        super().__init__(scope, construct_id)
        platform = Platform.of(settings)
        code = {name: function_code(ROOT / "requirements" / f"{name}.txt", platform) for name in CARRIED}
        may = StorageGrants(storage)
        executions = ExecutionGrants(self, settings.prefix, EVENT_BUS)
        queries = QueryGrants(self, storage, settings)
        environment = _environment(settings, storage, executions)
        self.by_name: Mapping[str, lambda_.Function] = {
            name: ComplianceFunction(
                self,
                name,
                settings=settings,
                platform=platform,
                code=code[spec.requirements],
                environment={**environment, **spec.environment},
                memory=spec.memory,
                timeout=spec.timeout,
                disk=spec.disk,
                grants=(*(may.runs_table(*spec.runs) if spec.runs else ()), *spec.grants),
            ).function
            for name, spec in specs(may, queries, executions, settings).items()
        }


def _environment(settings: Settings, storage: StorageStack, executions: ExecutionGrants) -> dict[str, str]:
    chosen = asdict(settings)
    return {
        "RUNS_TABLE": storage.runs_table.table_name,
        "RESULTS_TABLE": storage.results_table.table_name,
        "RESULTS_BUCKET": storage.results.bucket_name,
        "BEARER_TOKEN_SECRET_ARN": storage.bearer_token_arn,
        "X_API_URL": settings.x_api_url,
        "GCS_URL": settings.gcs_url,
        "EVENT_BUS": EVENT_BUS,
        "GLUE_DATABASE": settings.database_name,
        "ATHENA_WORK_GROUP": settings.work_group_name,
        "DATASETS": " ".join(dataset.name for dataset in settings.datasets),
        "RUN_STATE_MACHINE_ARN": executions.run_machine_arn,
        "SETTINGS": json.dumps({name: chosen[name] for name in SETTINGS_OF_FUNCTIONS}),
        "POWERTOOLS_SERVICE_NAME": settings.prefix,
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
