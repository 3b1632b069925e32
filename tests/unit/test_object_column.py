"""The column of IDs: from the object's metadata, its tag, or the setting, in this order."""

import pytest

from adapters import aws
from adapters.object_column import id_column
from compliance.errors import SourceChanged
from tests.unit.conftest import INBOX, Functions

KEY = "tweets/ids.csv"


def put(tag: str = "", **metadata: str) -> str:
    return aws.s3().put_object(Bucket=INBOX, Key=KEY, Body=b"x", Metadata=metadata, Tagging=tag)["VersionId"]


def test_the_metadata_goes_before_the_tag_and_the_tag_before_the_setting(functions: Functions) -> None:
    assert id_column(INBOX, KEY, put()) is None
    functions.configure(id_column="from the setting")
    assert id_column(INBOX, KEY, put()) == "from the setting"
    assert id_column(INBOX, KEY, put("team=a&id-column=tweet%20id")) == "tweet id"
    assert id_column(INBOX, KEY, put("id-column=2", **{"id-column": "post"})) == "post"
    assert id_column(INBOX, KEY, put("id-column=2", other="post")) == "2"


def test_what_the_version_says_counts_and_not_what_a_later_one_says(functions: Functions) -> None:
    tagged, described = put("id-column=a"), put(**{"id-column": "b"})
    latest = put()
    assert [id_column(INBOX, KEY, version) for version in (tagged, described, latest)] == ["a", "b", None]


def test_a_version_that_is_gone_is_missed(functions: Functions) -> None:
    version = put()
    aws.s3().delete_object(Bucket=INBOX, Key=KEY, VersionId=version)
    with pytest.raises(SourceChanged, match="drop it again"):
        id_column(INBOX, KEY, version)
