"""The column of IDs that the owner of an inbox object names."""

from adapters.aws import s3
from adapters.inbox_object import Head, source_errors

NAME = "id-column"
"""Of the metadata (``x-amz-meta-id-column``) and of the tag."""


def id_column(bucket: str, key: str, version_id: str, head: Head) -> str | None:
    """The name or number of the column or field that holds the IDs, or None when the owner names none.

    The object's metadata goes before its tag.
    """
    named = head.metadata.get(NAME)
    if not named and head.tags:
        with source_errors():
            tags = s3().get_object_tagging(Bucket=bucket, Key=key, VersionId=version_id)["TagSet"]
        named = next((tag["Value"] for tag in tags if tag["Key"] == NAME), None)
    return named or None
