"""Which column holds the IDs: the one that is asked for, or one with a usual name."""

import pytest

from compliance import columns
from compliance.errors import UnsupportedInput
from compliance.runs import JobType
from tests.unit.preparing import prepared

TWARC = ["id", "conversation_id", "referenced_tweets.quoted.id", "author_id", "in_reply_to_user_id", "text"]


@pytest.mark.parametrize(
    ("names", "job_type", "found"),
    [
        (["text", "id"], "tweets", 1),
        (["text", "Tweet ID"], "tweets", 1),
        ([" tweet-id ", "id"], "tweets", 0),
        (["id", "tweet_id"], "tweets", 1),
        (["id", "id_str"], "tweets", 0),
        (TWARC, "tweets", 0),
        (TWARC, "users", 3),
        (["id", "username"], "users", 0),
        (["id", "user_id"], "users", 1),
        (["author.id", "text"], "users", 0),
        (["status_ids", "text"], "tweets", 0),
        (["video_id", "text"], "tweets", 0),
        (["video_id", "song_id"], "tweets", None),
        (["user_id", "text"], "tweets", None),
        (["tweet_id", "text"], "users", None),
        (["text", "likes"], "tweets", None),
        ([], "tweets", None),
    ],
)
def test_without_a_word_the_usual_names_are_looked_for(names: list[str], job_type: JobType, found: int | None) -> None:
    assert columns.by_name(names, None, job_type) == found


def test_a_name_is_found_as_it_is_written_before_it_is_found_otherwise() -> None:
    assert columns.by_name(["ID", "Id", "id"], "Id", "tweets") == 1
    assert columns.by_name(["Größe", "POST id"], "post_ID", "tweets") == 1
    assert columns.by_name(["Größe", "id"], "GRÖSSE", "tweets") == 0
    assert columns.by_name(["text", "id"], "tweet", "tweets") is None


def test_two_columns_of_the_same_name_are_refused() -> None:
    with pytest.raises(UnsupportedInput, match=r"2 columns are named id\. Name the column"):
        columns.by_name(["id", "text", "id"], None, "tweets")
    with pytest.raises(UnsupportedInput, match="2 columns are named Id"):
        columns.by_name(["ID", "id"], "Id", "tweets")


@pytest.mark.parametrize(("asked", "index"), [("1", 0), ("3", 2), ("003", 2)])
def test_a_number_counts_from_one(asked: str, index: int) -> None:
    assert columns.is_number(asked)
    assert columns.by_number(3, asked) == index


@pytest.mark.parametrize("asked", ["0", "4", "9" * 30])
def test_a_number_that_is_none_of_a_column_is_refused(asked: str) -> None:
    with pytest.raises(UnsupportedInput, match=r"^Column [0-9]{1,9} is asked for, but the table has 3\."):
        columns.by_number(3, asked)


@pytest.mark.parametrize("asked", [None, "", "id", "-1", "1.0", "٣"])
def test_a_name_is_no_number(asked: str | None) -> None:
    assert not columns.is_number(asked)


@pytest.mark.parametrize(
    "name", ["id", "ID", "tweet_id", "User ID", "id_str", "ids", "a.b-id", "text", "idea", "1id", ""]
)
def test_a_column_of_ids_is_named_as_the_header_of_a_list_is(name: str) -> None:
    part = prepared([f"{name}\n18\n".encode()])
    assert columns.is_id_name(name) == (part.oddities["headers"] == 1)
