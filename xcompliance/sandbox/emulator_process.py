"""``python -m xcompliance.sandbox.emulator_process``: ministack, with what a deployment relies on and it has not.

Each function wraps one of ministack's own, of the pinned version: S3 sends ranges of an object's version and names the
version in its events, Athena knows UNLOAD, and EventBridge Scheduler fills in the scheduled time.
"""

import json
import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from ministack.app import main
from ministack.services import athena, eventbridge, s3

from compliance.clock import time_text
from compliance.datasets import SCHEDULED_TIME

_UNLOAD = re.compile(
    r"\s*UNLOAD\s*\((?P<query>.*)\)\s*TO\s*'s3://(?P<bucket>[^/']+)/(?P<folder>[^']*)'\s*WITH\s*"
    r"\(\s*format\s*=\s*'TEXTFILE'\s*,\s*compression\s*=\s*'NONE'\s*\)\s*",
    re.DOTALL | re.IGNORECASE,
)
_FILES = 3
"""Athena writes as many as it likes."""


def _with_ranges(get_object: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(get_object)
    def get(bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None) -> Any:
        status, answered, body = get_object(bucket, key, headers, query)
        asked = headers.get("range")
        if status != 200 or not asked or not (query or {}).get("versionId"):
            return status, answered, body
        found = s3._parse_range(asked, len(body))
        if found is None:
            error = s3._xml_body(s3._range_error_xml(bucket, key))
            return 416, {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"}, error
        start, end = found
        about = {"Content-Range": f"bytes {start}-{end}/{len(body)}", "Content-Length": str(end - start + 1)}
        return 206, answered | about, body[start : end + 1]

    return get


def _with_unload(run: Callable[..., Awaitable[dict[str, Any]]]) -> Callable[..., Awaitable[dict[str, Any]]]:
    @wraps(run)
    async def run_query(query: str, database: str, catalog: str | None = None) -> dict[str, Any]:
        match = _UNLOAD.fullmatch(query)
        if match is None:
            return await run(query, database, catalog)
        folder = match["folder"]
        if any(key.startswith(folder) for key in s3._buckets[match["bucket"]]["objects"]):
            raise ValueError("HIVE_PATH_ALREADY_EXISTS: Target directory already exists")
        rows = (await run(match["query"], database, catalog))["rows"]
        for number in range(_FILES):
            lines = ["\1".join("\\N" if value is None else str(value) for value in row) for row in rows[number::_FILES]]
            if lines:
                body = "".join(f"{line}\n" for line in lines).encode()
                s3._put_object(match["bucket"], f"{folder}{number:05}_unloaded", body, {})
        return {"columns": ["rows"], "column_types": ["bigint"], "rows": [[len(rows)]]}

    return run_query


def _with_time(invoke_target: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(invoke_target)
    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], *rest: Any) -> Any:
        if event.get("Source") == "aws.scheduler" and "Input" in target:
            target = target | {"Input": target["Input"].replace(SCHEDULED_TIME, time_text(int(event["Time"])))}
        return invoke_target(target, event, rule, *rest)

    return invoke


_version: ContextVar[str | None] = ContextVar("_version", default=None)
"""Version of the object whose event is being sent."""


def _remembering_version(fire_event: Callable[..., None]) -> Callable[..., None]:
    @wraps(fire_event)
    def fire(*args: Any, version_id: str | None = None, **kwargs: Any) -> None:
        token = _version.set(version_id)
        try:
            fire_event(*args, version_id=version_id, **kwargs)
        finally:
            _version.reset(token)

    return fire


def _with_version(dispatch_event: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(dispatch_event)
    def dispatch(event: dict[str, Any], *rest: Any, **options: Any) -> Any:
        version = _version.get()
        if version and event["Source"] == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event = event | {"Detail": json.dumps(detail)}
        return dispatch_event(event, *rest, **options)

    return dispatch


s3._get_object = _with_ranges(s3._get_object)
athena._run_duckdb = _with_unload(athena._run_duckdb)
s3._fire_s3_event = _remembering_version(s3._fire_s3_event)
eventbridge._dispatch_event = _with_version(eventbridge._dispatch_event)
eventbridge._invoke_target = _with_time(eventbridge._invoke_target)

if __name__ == "__main__":
    main()
