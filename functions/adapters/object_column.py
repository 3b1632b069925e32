"""What the owner of an inbox object says of its column of IDs."""

from adapters.aws import s3
from adapters.inbox_object import Head, source_errors
from adapters.settings import settings

NAME = "id-column"
"""Of the metadata (``x-amz-meta-id-column``) and of the tag."""


def id_column(bucket: str, key: str, version_id: str, head: Head) -> str | None:
    """The name or number of the column that holds the IDs, or None when nobody names one.

    The object's metadata goes before its tag, and both go before the deployment's setting.
    """
    named = head.metadata.get(NAME)
    if not named and head.tags:
        with source_errors():
            tags = s3().get_object_tagging(Bucket=bucket, Key=key, VersionId=version_id)["TagSet"]
        named = next((tag["Value"] for tag in tags if tag["Key"] == NAME), None)
    return named or settings().id_column or None
