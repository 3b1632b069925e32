"""Register Run: writes the run down once, whoever announces its object and however often."""

from typing import Any

from adapters import inbox_object, runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from compliance.clock import parse_time, time_text
from compliance.errors import UnsupportedInput
from compliance.runs import Run, job_type_of, run_id


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes ``source`` (the detail of S3's "Object Created" event), ``execution_arn`` and ``started_at``.

    A source without a version, such as one written by hand, means the object's latest. With ``retry`` it takes over
    a run that has failed.

    Returns ``run_id``, ``type``, whether the run is a ``duplicate``: one that another execution has registered, and
    whether the object is a mere ``folder``, which the S3 console writes as an empty object: there is no run of it.
    """
    return register(event["source"], event["execution_arn"], parse_time(event["started_at"]).timestamp())


def register(source: Event, execution_arn: str, started: float) -> dict[str, Any]:
    """Registers the run of an object, or finds it; ``started`` is in epoch seconds."""
    bucket, key, version_id = _object_version(source)
    job_type = job_type_of(key)
    answer = {"run_id": run_id(job_type, bucket, key, version_id), "type": job_type}
    if key.endswith("/") and source["object"].get("size") == 0:
        return {**answer, "duplicate": False, "folder": True}
    started_at = time_text(started)
    run = runs_table.register(
        Run(
            run_id=answer["run_id"],
            type=job_type,
            status="registered",
            bucket=bucket,
            key=key,
            version_id=version_id,
            execution_arn=execution_arn,
            started_at=started_at,
            checked_on=started_at[:10],
        ),
        retry=source.get("retry") is True,
    )
    is_duplicate = run["execution_arn"] != execution_arn
    return {**answer, "duplicate": is_duplicate, "folder": False}


def _object_version(source: Event) -> tuple[str, str, str]:
    try:
        bucket, key, about = source["bucket"]["name"], source["object"]["key"], source["object"]
    except (KeyError, TypeError):
        raise UnsupportedInput("The input names no object: it needs bucket.name and object.key.") from None
    return bucket, key, about.get("version-id") or inbox_object.latest_version(bucket, key, about.get("etag"))
