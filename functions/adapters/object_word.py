"""Instructions of an object's owner, in its metadata or in a tag."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from adapters.aws import s3
from adapters.inbox_object import Head, source_errors

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import TagTypeDef

ID_COLUMN = "id-column"
"""Names the column or field of IDs: metadata ``x-amz-meta-id-column``, or a tag of this name."""

ROUNDED_IDS = "rounded-ids"
"""``warn`` accepts rounded IDs, on the object that starts the run: metadata ``x-amz-meta-rounded-ids``, or a tag."""


def word_of(name: str, bucket: str, key: str, version_id: str, head: Head) -> str | None:
    """Return what the metadata ``name`` (``x-amz-meta-<name>``) says, else the tag; None if neither says anything."""

    def tags() -> "list[TagTypeDef]":
        with source_errors():
            return s3().get_object_tagging(Bucket=bucket, Key=key, VersionId=version_id)["TagSet"]

    return word_in(name, head.metadata, tags if head.tags else list)


def word_in(name: str, metadata: Mapping[str, str], tags: "Callable[[], Iterable[TagTypeDef]]") -> str | None:
    """Return what ``metadata`` says under a name, else the tag; ``tags`` are asked for only if they are needed."""
    said = metadata.get(name) or next((tag["Value"] for tag in tags() if tag["Key"] == name), None)
    return said or None
