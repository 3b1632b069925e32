"""A run and its parts: their names, where their objects lie, and what is written down about them."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict, get_args

from compliance.errors import UnsupportedInput

JobType = Literal["tweets", "users"]
JOB_TYPES: tuple[JobType, ...] = get_args(JobType)
Transport = Literal["gcs_resumable", "gcs_put", "x_hosted"]
Overlap = Literal["wait", "skip"]
Strictness = Literal["fail", "warn"]
Transfer = Literal["upload", "download"]
ENDED = ("complete", "failed", "skipped")
"""The statuses of a run that nothing more happens to."""


DATASETS = "datasets/"
MARKER = "_SUCCESS"
"""What Hadoop, Spark and their like write into a folder once it is complete. It starts the folder's run."""


class Counts(TypedDict):
    """Every input line is one of these, and every ID that stands within one is accepted, a duplicate or rejected:
    ``lines + embedded = blank + notice + accepted + duplicate + rejected``.

    A notice is what a recorded stream says besides posts, such as that one was deleted.
    """

    lines: int
    blank: int
    notice: int
    embedded: int
    accepted: int
    duplicate: int
    rejected: int


Endings = dict[str, list[int]]
"""Counts of IDs by magnitude, each named for how they end; ``rounding`` has the magnitudes."""


class Oddities(TypedDict):
    """Among the rejected lines the header, and among the accepted IDs those that are worth a word."""

    headers: int
    small_ids: int
    no_user_ids: int
    future_ids: int


class Findings(TypedDict):
    """What X's records say: how many, how many of them with an action, and of which kinds."""

    records: int
    affected: int
    result_errors: int
    by_action: dict[str, int]
    by_reason: dict[str, int]


class Run(TypedDict):
    """One dataset, checked once. Times are ISO 8601 in UTC.

    ``execution_arn``, ``claimed_at`` and ``step`` are of the attempt that wrote it last (``Attempt``).

    The key is that of an object, in the version that was dropped; of a run that a schedule started, it is the folder
    that is read, which has no version. Of a run of a ``query``, its answer is put there first.
    """

    run_id: str
    type: JobType
    status: Literal["registered", "preparing", "checking", "complete", "failed", "skipped"]
    bucket: str
    key: str
    version_id: NotRequired[str]
    execution_arn: str
    claimed_at: NotRequired[str]
    step: NotRequired[str]
    started_at: str
    checked_on: str
    dataset: NotRequired[str]
    scheduled_at: NotRequired[str]
    overlap: NotRequired[Overlap]
    rounded_ids: NotRequired[Strictness]
    reads_embedded: NotRequired[bool]
    query: NotRequired[str]
    database: NotRequired[str]
    unloaded_at: NotRequired[str]
    copies_expire_at: NotRequired[str]
    files: NotRequired[int]
    bytes: NotRequired[int]
    parts: NotRequired[int]
    lines: NotRequired[int]
    blank: NotRequired[int]
    notice: NotRequired[int]
    embedded: NotRequired[int]
    accepted: NotRequired[int]
    duplicate: NotRequired[int]
    duplicate_across_parts: NotRequired[int]
    rejected: NotRequired[int]
    warnings: NotRequired[list[str]]
    intact: NotRequired[str]
    prepared_at: NotRequired[str]
    ended_at: NotRequired[str]
    report: NotRequired[str]
    told_at: NotRequired[str]
    told_aws_usd: NotRequired[float]
    told_x_usd: NotRequired[float]
    records: NotRequired[int]
    affected: NotRequired[int]
    result_errors: NotRequired[int]
    by_action: NotRequired[dict[str, int]]
    by_reason: NotRequired[dict[str, int]]
    indexed: NotRequired[int]
    unchanged: NotRequired[int]
    outranked: NotRequired[int]
    parts_complete: NotRequired[int]
    parts_failed: NotRequired[int]
    parts_unverified: NotRequired[int]
    consumed: NotRequired[dict[str, float]]
    cost_aws_usd: NotRequired[float]
    cost_x_usd: NotRequired[float]
    prices_of: NotRequired[str]
    error: NotRequired[str]
    error_message: NotRequired[str]


class PartForecast(TypedDict):
    """What X was expected to take when the upload ended; the spread is that of the duration's logarithm."""

    median_seconds: int
    spread_percent: int


class Part(TypedDict):
    """What one upload carries. ``upload_url``, ``session_uri`` and ``download_url`` are credentials.

    What it is made of, its segments, stands in the run's listing at bytes ``segments_start`` to ``segments_end``
    (exclusive). Of ``planned_parts``, each may turn out to be more than one: these take the numbers behind them.
    ``execution_arn``, ``claimed_at`` and ``step`` are of the attempt that claimed it (``Attempt``). ``unverified``
    names the transfers for which Google gave no CRC32C. ``last_chunk_session`` is the number of the upload session, as
    ``sessions`` counts them, whose last chunk was begun. Only a part has an ``object_etag`` whose object was written
    without its CRC32C in the metadata. ``job_error`` is X's own word on the last job of the part that failed, and
    outlasts that job.
    """

    run_id: str
    part: int
    type: JobType
    status: Literal["planned", "prepared", "created", "uploading", "in_progress", "downloaded", "complete", "failed"]
    segments_start: int
    segments_end: int
    planned_parts: int
    checked_on: str
    object_key: NotRequired[str]
    object_etag: NotRequired[str]
    bytes: NotRequired[int]
    crc32c: NotRequired[str]
    lines: NotRequired[int]
    blank: NotRequired[int]
    notice: NotRequired[int]
    embedded: NotRequired[int]
    accepted: NotRequired[int]
    duplicate: NotRequired[int]
    duplicate_across_parts: NotRequired[int]
    rejected: NotRequired[int]
    reject_causes: NotRequired[dict[str, int]]
    rows_read: NotRequired[int]
    rows_expected: NotRequired[int]
    headers: NotRequired[int]
    small_ids: NotRequired[int]
    no_user_ids: NotRequired[int]
    future_ids: NotRequired[int]
    endings: NotRequired[Endings]
    prepared_at: NotRequired[str]
    deduplicated_at: NotRequired[str]
    execution_arn: NotRequired[str]
    claimed_at: NotRequired[str]
    step: NotRequired[str]
    attempt: NotRequired[int]
    abandoned_jobs: NotRequired[int]
    unpaid_cancels: NotRequired[int]
    job_name: NotRequired[str]
    job_id: NotRequired[str]
    resumable: NotRequired[bool]
    transport: NotRequired[Transport]
    conflicts: NotRequired[int]
    conflict_since: NotRequired[str]
    conflict_with: NotRequired[str]
    created_at: NotRequired[str]
    upload_url: NotRequired[str]
    upload_expires_at: NotRequired[str]
    sessions: NotRequired[int]
    session_uri: NotRequired[str]
    session_opened_at: NotRequired[str]
    last_chunk_session: NotRequired[int]
    refused_at: NotRequired[str]
    uploaded_bytes: NotRequired[int]
    uploaded_at: NotRequired[str]
    forecast: NotRequired[PartForecast]
    polls: NotRequired[int]
    rate_limits: NotRequired[int]
    working_at: NotRequired[str]
    job_error: NotRequired[str]
    completed_at: NotRequired[str]
    download_url: NotRequired[str]
    download_expires_at: NotRequired[str]
    download: NotRequired[dict[str, Any]]
    unverified: NotRequired[list[Transfer]]
    result_bytes: NotRequired[int]
    records: NotRequired[int]
    affected: NotRequired[int]
    result_errors: NotRequired[int]
    by_action: NotRequired[dict[str, int]]
    by_reason: NotRequired[dict[str, int]]
    downloaded_at: NotRequired[str]
    indexed: NotRequired[int]
    unchanged: NotRequired[int]
    outranked: NotRequired[int]
    indexed_at: NotRequired[str]
    error: NotRequired[str]
    error_message: NotRequired[str]
    told_at: NotRequired[str]


NO_JOB: dict[str, None] = dict.fromkeys(
    (
        "job_name",
        "job_id",
        "resumable",
        "transport",
        "conflicts",
        "conflict_since",
        "conflict_with",
        "created_at",
        "upload_url",
        "upload_expires_at",
        "sessions",
        "session_uri",
        "session_opened_at",
        "last_chunk_session",
        "refused_at",
        "uploaded_bytes",
        "uploaded_at",
        "forecast",
        "polls",
        "rate_limits",
        "working_at",
        "completed_at",
        "download_url",
        "download_expires_at",
        "download",
        "downloaded_at",
        "unverified",
    )
)
"""What a part forgets together with its job."""


@dataclass(frozen=True)
class PartRef:
    """Names a part in what passes between the states of a job."""

    run_id: str
    type: JobType
    part: int

    @classmethod
    def of(cls, event: dict[str, Any]) -> "PartRef":
        """Reads a state's payload; raises KeyError when it is not one."""
        return cls(event["run_id"], event["type"], int(event["part"]))


def job_type_of(key: str) -> JobType:
    """The type that the first folder of an inbox key names, below ``datasets/`` the second one.

    Raises UnsupportedInput for any other.
    """
    folder, slash, _ = key.removeprefix(DATASETS).partition("/")
    if slash and folder in JOB_TYPES:
        return folder
    raise UnsupportedInput(
        "The object's key must begin with tweets/ or users/, or with datasets/tweets/ or datasets/users/, "
        "as that says what its IDs are."
    )


def folder_of(run: Run) -> str | None:
    """The folder that a run reads, as a marker of its completeness or a schedule says; None where it is one object."""
    if "dataset" in run:
        return run["key"]
    folder, slash, name = run["key"].rpartition("/")
    return folder + slash if run["key"].startswith(DATASETS) and name == MARKER else None


def dataset_of(run: Run) -> str:
    """What people call that which was checked: a dataset by its name, a file by its key.

    A folder below ``datasets/<type>/`` is the dataset of that name.
    """
    if "dataset" in run:
        return run["dataset"]
    _, _, name = (folder_of(run) or "").removeprefix(DATASETS).partition("/")
    return name.partition("/")[0] or run["key"]


def is_hidden(name: str) -> bool:
    """Return whether a file is none of the data, as Hadoop, Spark and their like see it.

    The name of the file, or of a folder in its path, begins with an underscore or a dot; or it is a checksum, or what
    EMR writes for a folder.
    """
    return any(part.startswith(("_", ".")) for part in name.split("/")) or name.endswith((".crc", "_$folder$"))


def run_id(job_type: str, bucket: str, key: str, version_id: str) -> str:
    """The same object version always gives the same run, so a second event for it is recognized."""
    digest = hashlib.sha256("\n".join([bucket, key, version_id]).encode()).hexdigest()
    return f"{job_type}-{digest[:16]}"


def job_name(run: str, part: int, attempt: int) -> str:
    """The name that X's job gets, at most 64 characters [X OpenAPI]; a retry finds the job by it."""
    return f"{run}-p{part}-a{attempt}"


def part_of_job(name: str) -> tuple[str, int] | None:
    """The run and the part that a job's name tells; None for a name that is none of ours."""
    match = _JOB_NAME.fullmatch(name)
    return (match[1], int(match[2])) if match else None


_JOB_NAME = re.compile(r"((?:tweets|users)-[0-9a-f]{16})-p([0-9]{1,9})-a[0-9]+", re.ASCII)


def parts_prefix(run: str) -> str:
    """What the keys of a run's prepared parts begin with."""
    return f"parts/run_id={run}/"


def part_key(run: str, part: int) -> str:
    """Where the prepared part lies in the results bucket: a partition of the ``prepared_ids`` table."""
    return f"{parts_prefix(run)}part={part}/ids.txt"


def deduplicated_prefix(run: str) -> str:
    """What the keys of those parts begin with that lower parts' IDs were taken out of."""
    return f"deduplicated/{run}/"


def deduplicated_key(run: str, part: int) -> str:
    """Where the part lies that lower parts' IDs were taken out of."""
    return f"{deduplicated_prefix(run)}{part:05}.txt"


def raw_prefix(run: str) -> str:
    """What the keys of X's answers to a run begin with."""
    return f"raw/{run}/"


def raw_key(run: str, part: int) -> str:
    """Where X's answer lies in the results bucket, byte for byte as it came."""
    return f"{raw_prefix(run)}{part:05}.ndjson"


def segments_key(of: Run | Part) -> str:
    """Where the listing of a run's segments lies: a partition of the ``segments`` table."""
    return f"{_partition('segments', of)}/{of['run_id']}.ndjson"


def rejects_prefix(of: Run | Part) -> str:
    """What the keys of a run's rejected lines begin with: a partition of the ``rejects`` table."""
    return f"{_partition('rejects', of)}/{of['run_id']}-"


def rejects_key(part: Part) -> str:
    """Where the rejected lines of a part lie."""
    return f"{rejects_prefix(part)}{part['part']:05}.ndjson"


def results_prefix(of: Run | Part) -> str:
    """What the keys of a run's records begin with: a partition of the ``results`` table."""
    return f"{_partition('results', of)}/{of['run_id']}-"


def results_key(part: Part, number: int) -> str:
    """Where file ``number`` of a part's records lies."""
    return f"{results_prefix(part)}{part['part']:05}-{number:03}.parquet"


def checked_ids_key(part: Part) -> str:
    """Where the IDs lie that X has answered for: a partition of the ``checked_ids`` table."""
    return f"{_partition('checked_ids', part)}/{part['run_id']}-{part['part']:05}.parquet"


def report_key(run: Run) -> str:
    """Where the report on a run lies, which people read."""
    return f"{_partition('reports', run)}/{run['run_id']}/report.html"


def runs_key(run: Run) -> str:
    """Where the run's row lies: a partition of the ``runs`` table."""
    return f"{_partition('runs', run)}/{run['run_id']}.json"


def _partition(table: str, of: Run | Part) -> str:
    return f"{table}/type={of['type']}/checked_on={of['checked_on']}"


def is_told(run: Run) -> bool:
    """Return whether the end of a run was told; a new end has not been."""
    return "told_at" in run


def summary(run: Run) -> dict[str, Any]:
    """What is told of a run when it ends."""
    return {name: value for name, value in run.items() if name not in _NOT_TOLD}


_NOT_TOLD = (
    *("execution_arn", "claimed_at", "step", "told_at", "told_aws_usd", "told_x_usd", "copies_expire_at"),
    *("overlap", "query", "database", "unloaded_at", "rounded_ids", "reads_embedded", "intact"),
)
