"""The functions, each with its size, its time, and its grants beside the reason for them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk.bundling import ROOT, Platform, function_code
from cdk.compliance_function import ComplianceFunction
from cdk.config import Settings
from cdk.grants import ExecutionGrants, Grant, StorageGrants, answer_tasks
from cdk.storage_stack import StorageStack

SETTINGS_OF_FUNCTIONS: Final = (
    "part_size_mb",
    "chunk_size_mb",
    "reject_limit_percent",
    "resumable",
    "first_poll_seconds",
    "max_poll_seconds",
    "poll_backoff",
    "job_deadline_hours",
    "conflict_deadline_hours",
    "id_column",
)

EVENT_BUS: Final = "default"

ONE_CPU: Final = 1769
STREAMING: Final = 1024


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


RECORD: Final = ("GetItem", "UpdateItem")
QUEUE: Final = ("GetItem", "Query", "PutItem", "DeleteItem")


def specs(may: StorageGrants, executions: ExecutionGrants, settings: Settings) -> dict[str, Spec]:
    """The functions by the names of their files.

    Args:
        may, executions: the grants to choose from.
        settings: the size of a part, and the time that an invocation may spend on moving bytes.
    """
    transfer = settings.transfer_timeout_seconds
    return {
        # Puts the run, unless it is there already; asks for the version of an object that came without one.
        "register_run": Spec(runs=(*RECORD, "PutItem"), grants=may.find_in_inbox()),
        # Puts the parts; reads the object's length and first bytes.
        "plan_parts": Spec(runs=(*RECORD, "PutItem"), grants=may.read_inbox()),
        # Reads one range of the source; writes the part and what was rejected from it, both by way of the disk.
        "prepare_part": Spec(
            memory=ONE_CPU,
            timeout=280,
            disk=512 + 2 * settings.part_size_mb,
            runs=RECORD,
            grants=[*may.read_inbox(), *may.write_results("parts", "rejects")],
        ),
        # Lists the run's parts, to add up their lines.
        "accept_input": Spec(runs=("Query", "UpdateItem")),
        # Lists the run's parts, to add up their results.
        "summarize_run": Spec(runs=("Query", "UpdateItem")),
        "record_failure": Spec(timeout=30, runs=("UpdateItem",)),
        "publish_run": Spec(runs=("UpdateItem",), grants=executions.publish()),
        # Raises what it is told.
        "report_failure": Spec(timeout=30),
        # Makes the part its execution's, puts a ticket, deletes stale ones; wakes the execution whose turn it is.
        "take_turn": Spec(runs=(*QUEUE, "UpdateItem"), grants=[*executions.see_jobs(), *answer_tasks()]),
        # Calls X's API; puts down that X refuses resumable uploads.
        "create_job": Spec(runs=(*RECORD, "PutItem"), grants=may.read_bearer_token()),
        # Needs no token: the signed URL is the credential.
        "open_upload": Spec(runs=RECORD),
        # Streams the part; an upload that X hosts itself carries the token.
        "upload_part": Spec(
            memory=STREAMING,
            timeout=transfer,
            runs=RECORD,
            grants=[*may.read_results("parts"), *may.read_bearer_token()],
        ),
        # Calls X's API.
        "get_job": Spec(runs=RECORD, grants=may.read_bearer_token()),
        # Streams the results; a download that X hosts itself carries the token.
        "download_results": Spec(
            memory=STREAMING,
            timeout=transfer,
            runs=RECORD,
            grants=[*may.write_results("raw"), *may.read_bearer_token()],
        ),
        # Turns the raw results into Parquet, with DuckDB.
        "write_results": Spec(
            memory=ONE_CPU,
            timeout=transfer,
            runs=RECORD,
            grants=[*may.read_results("raw"), *may.write_results("results")],
            requirements="analytics",
        ),
        # Reads the raw results; writes an item for each affected ID.
        "index_results": Spec(
            memory=STREAMING, timeout=transfer, runs=RECORD, grants=[*may.read_results("raw"), *may.write_index()]
        ),
        # Calls X's API.
        "abandon_job": Spec(runs=RECORD, grants=may.read_bearer_token()),
        # Deletes the holder and puts the next one; wakes its execution.
        "release_turn": Spec(timeout=30, runs=QUEUE, grants=[*executions.see_jobs(), *answer_tasks()]),
        # Does what is left to do of both machines: cancels X's job, releases the turn, tells how the run ended.
        "settle_execution": Spec(
            runs=(*QUEUE, "UpdateItem"),
            grants=[*executions.settle(), *executions.publish(), *answer_tasks(), *may.read_bearer_token()],
        ),
    }


class Functions(Construct):
    """All functions, by the names of their files."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, storage: StorageStack) -> None:
        super().__init__(scope, construct_id)
        platform = Platform.of(settings)
        code = {
            name: function_code(ROOT / "requirements" / f"{name}.txt", platform) for name in ("functions", "analytics")
        }
        may = StorageGrants(storage)
        executions = ExecutionGrants(self, settings.prefix, EVENT_BUS)
        environment = _environment(settings, storage)
        self.by_name: Mapping[str, lambda_.Function] = {
            name: ComplianceFunction(
                self,
                name,
                settings=settings,
                platform=platform,
                code=code[spec.requirements],
                environment=environment,
                memory=spec.memory,
                timeout=spec.timeout,
                disk=spec.disk,
                grants=(*(may.runs_table(*spec.runs) if spec.runs else ()), *spec.grants),
            ).function
            for name, spec in specs(may, executions, settings).items()
        }


def _environment(settings: Settings, storage: StorageStack) -> dict[str, str]:
    chosen = asdict(settings)
    return {
        "RUNS_TABLE": storage.runs_table.table_name,
        "RESULTS_TABLE": storage.results_table.table_name,
        "RESULTS_BUCKET": storage.results.bucket_name,
        "BEARER_TOKEN_SECRET_ARN": storage.bearer_token_arn,
        "X_API_URL": settings.x_api_url,
        "GCS_URL": settings.gcs_url,
        "EVENT_BUS": EVENT_BUS,
        "SETTINGS": json.dumps({name: chosen[name] for name in SETTINGS_OF_FUNCTIONS}),
        "POWERTOOLS_SERVICE_NAME": "xcompliance",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
