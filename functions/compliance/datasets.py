"""A dataset that is checked again and again: what its schedule says of a run, and which of its runs may go on. Pure."""

from collections.abc import Callable
from typing import Any, Literal, NotRequired, TypedDict, get_args

from compliance.clock import parse_time, time_text
from compliance.errors import UnsupportedInput
from compliance.runs import JOB_TYPES, Overlap, Run, Strictness, run_id

UNLOADED = "unloaded/"
"""The folder of the inbox that Athena's answers to datasets' queries are put into, one folder for each run."""

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
"""What EventBridge Scheduler replaces by the time that it was to start a run at."""

Standing = Literal["claimed", "waits", "skipped"]


class Claims(TypedDict):
    """A dataset's runs: the one that checks it, or was the last to do so, and the one that waits for its end."""

    checking: NotRequired[str]
    waiting: NotRequired[str]


def scheduled_run(source: dict[str, Any], execution_arn: str, started_at: str) -> Run:
    """The run that a schedule asks for: the same time of the same dataset is always the same run.

    ``source`` has the ``dataset``: its ``name``, ``type`` and ``overlap``, for one that Athena is asked for the
    ``query`` and its ``database``, and ``rounded_ids`` and ``embedded`` if they override the settings; the
    ``bucket.name``, and the ``object.key`` of the folder that is read; and the time ``scheduled_at``, ISO 8601. Raises
    UnsupportedInput where any of it is missing or wrong.
    """
    try:
        dataset, bucket = source["dataset"], source["bucket"]["name"]
        name, job_type, overlap = dataset["name"], dataset["type"], dataset["overlap"]
        asked = {"query": str(dataset["query"]), "database": str(dataset["database"])} if "query" in dataset else {}
        folder = UNLOADED if asked else source["object"]["key"]
        scheduled_at = time_text(parse_time(source["scheduled_at"]).timestamp())
    except (KeyError, TypeError, ValueError):
        raise UnsupportedInput(
            "The input names no dataset as a schedule does: it needs dataset.name, .type and .overlap, bucket.name, "
            "object.key or dataset.query and .database, and scheduled_at, a time such as 2026-11-23T03:00:00Z."
        ) from None
    if job_type not in JOB_TYPES or overlap not in get_args(Overlap) or not folder.endswith("/"):
        raise UnsupportedInput(
            "The dataset's type must be tweets or users, its overlap wait or skip, and its object.key end with a slash."
        )
    if dataset.get("rounded_ids", "fail") not in get_args(Strictness):
        raise UnsupportedInput("The dataset's rounded_ids must be fail or warn.")
    if not isinstance(dataset.get("embedded", True), bool):
        raise UnsupportedInput("The dataset's embedded must be true or false.")
    run = Run(
        run_id=run_id(job_type, bucket, folder, f"{name}\n{scheduled_at}"),
        type=job_type,
        status="registered",
        bucket=bucket,
        key=folder,
        execution_arn=execution_arn,
        started_at=started_at,
        checked_on=started_at[:10],
        dataset=name,
        scheduled_at=scheduled_at,
        overlap=overlap,
    )
    if "rounded_ids" in dataset:
        run["rounded_ids"] = dataset["rounded_ids"]
    if "embedded" in dataset:
        run["reads_embedded"] = dataset["embedded"]
    if asked:
        run |= {"key": f"{UNLOADED}{run['run_id']}/", "query": asked["query"], "database": asked["database"]}
    return run


def standing(claims: Claims, run_id: str, overlap: Overlap, is_over: Callable[[str], bool]) -> Standing:
    """What becomes of a run that wants to check a dataset.

    While another one does so it waits, or is skipped if the dataset's ``overlap`` says so. One waits at most: what
    a second one would check is checked by the first.
    """

    def is_another(role: Literal["checking", "waiting"]) -> bool:
        known = claims.get(role)
        return known is not None and known != run_id and not is_over(known)

    if not is_another("checking"):
        return "claimed"
    return "skipped" if overlap == "skip" or is_another("waiting") else "waits"


def wait_seconds(waited: float) -> int:
    """How long until the next look at who checks the dataset, after ``waited`` seconds: a sixteenth, or a minute.

    However long a run waits, its looks find room in an execution's history.
    """
    return int(max(60, waited / 16))


def unloading(query: str, location: str) -> str:
    """SQL of Athena's that writes what a query finds, one ID a line, to files below ``location``, an S3 URL.

    The query must have one column. Its answer is written side by side, in as many files as Athena likes.
    """
    # The query is the deployer's, who may ask for what they like. It may end with a comment.
    return (
        f"UNLOAD (SELECT CAST(id AS varchar) AS id FROM (\n{query}\n) AS dataset (id)) "  # noqa: S608
        f"TO '{location}' WITH (format = 'TEXTFILE', compression = 'NONE')"
    )
