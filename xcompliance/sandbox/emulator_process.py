"""``python -m xcompliance.sandbox.emulator_process``: ministack, with what a deployment relies on and it has not.

Each function stands before one of ministack's own, of the version that is pinned: S3 sends ranges also of an object's
version, Athena knows UNLOAD, and EventBridge Scheduler puts the time into what it hands over.
"""

import re
from collections.abc import Awaitable, Callable
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


s3._get_object = _with_ranges(s3._get_object)
athena._run_duckdb = _with_unload(athena._run_duckdb)
eventbridge._invoke_target = _with_time(eventbridge._invoke_target)

if __name__ == "__main__":
    main()
