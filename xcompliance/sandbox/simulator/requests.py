"""What X accepts: reads queries and bodies, or refuses them as X's description says."""

import json
import re
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote

from xcompliance.sandbox.simulator.problems import RefusedError, invalid_request
from xcompliance.sandbox.simulator.settings import JOB_TYPES, JobType
from xcompliance.sandbox.simulator.wire import Request

FIELDS = (
    "created_at",
    "download_expires_at",
    "download_url",
    "error",
    "id",
    "name",
    "resumable",
    "status",
    "type",
    "upload_expires_at",
    "upload_url",
)
DEFAULT_FIELDS = ("id", "name", "status", "type")
"""What is told without being asked for; X's description leaves it open, so nothing else may be relied on."""
STATUSES = ("created", "in_progress", "failed", "complete")
MAX_NAME = 64
MAX_BODY = 65_536

_FIELDS_PARAMETER = "compliance_job.fields"
_JOB_ID = re.compile(r"[0-9]{1,19}", re.ASCII)


@dataclass(frozen=True)
class NewJob:
    """The body of a create."""

    type: JobType
    name: str | None
    resumable: bool | None


def query_of(request: Request, *allowed: str) -> dict[str, str]:
    """The query's parameters, of which ``compliance_job.fields`` is always allowed. Raises RefusedError."""
    query = dict(request.query)
    for name in query:
        if name not in (_FIELDS_PARAMETER, *allowed):
            raise RefusedError(invalid_request(f"The query parameter [{name}] is not known."))
    if len(query) < len(request.query):
        raise RefusedError(invalid_request("A query parameter was given twice."))
    return query


def fields_of(query: dict[str, str]) -> tuple[str, ...]:
    """The fields that are asked for. Raises RefusedError for unknown or repeated ones."""
    if _FIELDS_PARAMETER not in query:
        return DEFAULT_FIELDS
    asked = tuple(query[_FIELDS_PARAMETER].split(","))
    if not set(asked) <= set(FIELDS) or len(set(asked)) < len(asked):
        raise RefusedError(invalid_request(f"The query parameter [{_FIELDS_PARAMETER}] must list known fields."))
    return asked


def filters_of(query: dict[str, str]) -> tuple[JobType, str | None]:
    """The type and the status that a list is asked for. Raises RefusedError."""
    status = query.get("status")
    if status not in (None, *STATUSES):
        raise RefusedError(invalid_request(f"The query parameter [status] must be one of {', '.join(STATUSES)}."))
    return _type(query.get("type")), status


def job_id_of(text: str) -> str:
    """A job's ID from a path. Raises RefusedError for anything but 1 to 19 digits."""
    if not _JOB_ID.fullmatch(text):
        raise RefusedError(invalid_request(f"The id [{unquote(text)}] must be 1 to 19 digits."))
    return text


def new_job_of(request: Request) -> NewJob:
    """The body of a create. Raises RefusedError when it is not what the description says."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise RefusedError(invalid_request("Requests with bodies must have content-type of application/json."))
    try:
        body: Any = json.loads(request.body.read(MAX_BODY))
    except ValueError:
        raise RefusedError(invalid_request("The body is not JSON.")) from None
    if not isinstance(body, dict):
        raise RefusedError(invalid_request("The body is not an object."))
    for name, value in body.items():
        expected = {"type": str, "name": str, "resumable": bool}.get(name)
        if expected is None or not isinstance(value, expected):
            raise RefusedError(invalid_request(f"The property [{name}] is not allowed, or not with such a value."))
    name = body.get("name")
    if name is not None and len(name) > MAX_NAME:
        raise RefusedError(invalid_request(f"The property [name] is longer than {MAX_NAME} characters."))
    return NewJob(_type(body.get("type")), name, body.get("resumable"))


def _type(text: Any) -> JobType:
    if text not in JOB_TYPES:
        raise RefusedError(invalid_request(f"The [type] must be one of {', '.join(JOB_TYPES)}."))
    return cast("JobType", text)
