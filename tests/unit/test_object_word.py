"""The column of IDs that an object's owner names: in its metadata, or else in its tag."""

from typing import Any

import pytest

from adapters import aws
from adapters.inbox_object import Head, source_head
from adapters.object_word import ID_COLUMN, word_of
from compliance.errors import SourceChanged
from tests.unit.conftest import INBOX, Functions

KEY = "tweets/ids.csv"


def put(tag: str = "", **metadata: str) -> str:
    return aws.s3().put_object(Bucket=INBOX, Key=KEY, Body=b"x", Metadata=metadata, Tagging=tag)["VersionId"]


def id_column(version: str) -> str | None:
    return word_of(ID_COLUMN, INBOX, KEY, version, source_head(INBOX, KEY, version, 100))


def test_the_metadata_goes_before_the_tag(functions: Functions) -> None:
    assert id_column(put()) is None
    assert id_column(put("team=a&id-column=tweet%20id")) == "tweet id"
    assert id_column(put("id-column=2", **{"id-column": "post"})) == "post"
    assert id_column(put("id-column=2", other="post")) == "2"


def test_what_the_version_says_counts_and_not_what_a_later_one_says(functions: Functions) -> None:
    tagged, described = put("id-column=a"), put(**{"id-column": "b"})
    latest = put()
    assert [id_column(version) for version in (tagged, described, latest)] == ["a", "b", None]


def test_a_version_that_is_gone_is_missed(functions: Functions) -> None:
    version = put()
    aws.s3().delete_object(Bucket=INBOX, Key=KEY, VersionId=version)
    with pytest.raises(SourceChanged, match="drop it again"):
        word_of(ID_COLUMN, INBOX, KEY, version, Head(1, b"x", tags=1))


def test_tags_are_asked_for_where_there_are_some(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def tags_of(**about: str) -> dict[str, Any]:
        asked.append(about["VersionId"])
        return {"TagSet": []}

    monkeypatch.setattr(aws.s3(), "get_object_tagging", tags_of)
    assert id_column(put()) is None
    assert asked == []
    assert id_column(version := put("team=a")) is None
    assert asked == [version]
