"""What an object's owner says of it: in its metadata, or else in a tag."""

from adapters.aws import s3
from adapters.inbox_object import Head, source_errors


def word_of(name: str, bucket: str, key: str, version_id: str, head: Head) -> str | None:
    """Return what the metadata ``name`` (``x-amz-meta-<name>``) says, else the tag; None if neither says anything."""
    said = head.metadata.get(name)
    if not said and head.tags:
        with source_errors():
            tags = s3().get_object_tagging(Bucket=bucket, Key=key, VersionId=version_id)["TagSet"]
        said = next((tag["Value"] for tag in tags if tag["Key"] == name), None)
    return said or None
