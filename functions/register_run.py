"""Register Run: writes the run down once, whoever announces it and however often."""

from typing import Any

from adapters import inbox_object, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.settings import settings
from compliance.attempts import Attempt
from compliance.clock import parse_time, time_text
from compliance.datasets import scheduled_run
from compliance.errors import UnsupportedInput
from compliance.inbox_keys import is_ignored
from compliance.retention import copies_expire_at, is_past_retry, refuse_retry
from compliance.runs import Run, job_type_of, run_id


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``source``, an ``Attempt`` and ``started_at``.

    The source is the detail of S3's "Object Created" event; without a version, as when it is written by hand, it means
    the object's latest. Or it is what a schedule says of its ``dataset``. With ``retry`` it takes over a run that has
    failed.

    Returns ``run_id``, ``type``, whether the run is a ``duplicate``: one that another execution has registered, whether
    it is ``scheduled``, and whether the object is a mere ``folder``, or a temporary or marker file: there is no run of
    it.

    Raises SourceChanged when ``retry`` is asked for and what the run had prepared is not kept any more.
    """
    started = parse_time(event["started_at"]).timestamp()
    answer = register(event["source"], Attempt.of(event), started)
    if answer["duplicate"] and event["source"].get("retry") is True:
        run = runs_table.get_run(answer["run_id"])
        if is_past_retry(run, time_text(started)):
            raise refuse_retry(run)
    return answer


def register(source: Event, attempt: Attempt, started: float) -> dict[str, Any]:
    """Registers the run of an object or of a dataset, or finds it; ``started`` is in epoch seconds."""
    is_scheduled = "dataset" in source
    if not is_scheduled and _is_ignored(source):
        return _no_run(source)
    make = scheduled_run if is_scheduled else _run_of_object
    run = make(source, attempt.execution_arn, time_text(started))
    if until := copies_expire_at(started, settings().working_copies_days):
        run["copies_expire_at"] = until
    known = runs_table.register(run, attempt, retry=source.get("retry") is True)
    return {
        "run_id": run["run_id"],
        "type": run["type"],
        "scheduled": is_scheduled,
        "duplicate": known["execution_arn"] != attempt.execution_arn,
        "folder": False,
    }


def _is_ignored(source: Event) -> bool:
    """Whether there is no run of an object; one that failed before such files were ignored may be started again."""
    _, key, about = _object(source)
    return is_ignored(key, about.get("size")) and source.get("retry") is not True


def _no_run(source: Event) -> dict[str, Any]:
    """The object is not looked for: a temporary file may be gone already."""
    bucket, key, about = _object(source)
    job_type = job_type_of(key)
    return {
        "run_id": run_id(job_type, bucket, key, about.get("version-id", "")),
        "type": job_type,
        "scheduled": False,
        "duplicate": False,
        "folder": True,
    }


def _run_of_object(source: Event, execution_arn: str, started_at: str) -> Run:
    bucket, key, version_id = _object_version(source)
    job_type = job_type_of(key)
    return Run(
        run_id=run_id(job_type, bucket, key, version_id),
        type=job_type,
        status="registered",
        bucket=bucket,
        key=key,
        version_id=version_id,
        execution_arn=execution_arn,
        started_at=started_at,
        checked_on=started_at[:10],
    )


def _object_version(source: Event) -> tuple[str, str, str]:
    bucket, key, about = _object(source)
    return bucket, key, about.get("version-id") or inbox_object.latest_version(bucket, key, about.get("etag"))


def _object(source: Event) -> tuple[str, str, dict[str, Any]]:
    try:
        return source["bucket"]["name"], source["object"]["key"], source["object"]
    except (KeyError, TypeError):
        raise UnsupportedInput("The input names no object: it needs bucket.name and object.key.") from None
