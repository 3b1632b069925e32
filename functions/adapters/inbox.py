"""What of the inbox a run reads: one object, or all that stand in a folder."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from adapters import inbox_object
from adapters.aws import s3
from adapters.inbox_object import source_errors
from adapters.object_word import ID_COLUMN, word_of
from adapters.settings import settings
from compliance.errors import ComplianceError, NothingToCheck, PartTooLarge, UnsupportedInput
from compliance.formats import HEAD_BYTES
from compliance.runs import Run, folder_of, is_hidden
from compliance.segments import Found, Segment, about, plan

MAX_OBJECTS = 50_000
"""Of one folder. Some 300 a second are looked at, so that an invocation is done with them in time."""

_ONLY_COLUMN = "1"
"""A query has one column, whatever its name."""

_SIDE_BY_SIDE = 10
"""As many connections as a client keeps."""


def segments_of(run: Run) -> list[Segment]:
    """All that the run reads, cut into ranges that fit into a part.

    Raises NothingToCheck for an empty object or folder, UnsupportedInput for what is no file of IDs, PartTooLarge for
    what is too large in one piece.
    """
    folder = folder_of(run)
    found = [(run["key"], run["version_id"])] if folder is None else list(_listed(run["bucket"], folder))
    if not found:
        raise NothingToCheck("The folder holds no file with something in it: there is nothing to check.")
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        each = pool.map(lambda version: _segments(run, *version), found)
        return [segment for segments in each for segment in segments]


def _segments(run: Run, key: str, version_id: str) -> list[Segment]:
    try:
        return _cut(run, key, version_id)
    except ComplianceError as error:
        raise about(error, key) from None


def _cut(run: Run, key: str, version_id: str) -> list[Segment]:
    place = run["bucket"], key, version_id
    head = inbox_object.source_head(*place, HEAD_BYTES)
    found = Found(*place, head.size, head.beginning)
    if "query" in run:
        return plan(found, run["type"], settings().part_bytes, lambda: _ONLY_COLUMN)
    ask = partial(word_of, ID_COLUMN, *place, head)
    reads_embedded = run.get("reads_embedded", settings().embedded)
    return plan(found, run["type"], settings().part_bytes, ask, settings().id_column, reads_embedded=reads_embedded)


def _listed(bucket: str, folder: str) -> Iterator[tuple[str, str]]:
    """Key and version of each object in a folder and those below it that has bytes, and is not hidden.

    Raises PartTooLarge for too many, UnsupportedInput where the bucket keeps no versions.
    """
    count, is_versioned = 0, False
    with source_errors():
        for page in s3().get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=folder):
            for version in page.get("Versions", []):
                key = version["Key"]
                if version["IsLatest"] and version["Size"] and not is_hidden(key.removeprefix(folder)):
                    count += 1
                    if count > MAX_OBJECTS:
                        raise PartTooLarge(f"The folder holds more than {MAX_OBJECTS:,} files: drop them in several.")
                    if version["VersionId"] == "null" and not is_versioned:
                        # It was written when the bucket kept no versions; it can be read safely if it does now.
                        _require_versions(bucket)
                        is_versioned = True
                    yield key, version["VersionId"]


def _require_versions(bucket: str) -> None:
    if s3().get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        raise UnsupportedInput("The bucket keeps no versions: only a versioned one can be read safely.")
