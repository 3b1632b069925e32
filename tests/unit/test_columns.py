"""Which column holds the IDs: the one that is asked for, or the one whose name says so."""

from pathlib import Path

import pytest

from compliance import columns
from compliance.runs import JobType
from tests.unit.preparing import prepared

HEADERS = Path(__file__).parent / "inputs" / "headers.tsv"
"""Header rows of published data sets and of what tools export, with the column of each type; - for none."""

ROWS = [line.split("\t") for line in HEADERS.read_text().splitlines()[1:]]
BOTH: tuple[JobType, JobType] = ("tweets", "users")


def found(names: list[str], job_type: JobType, asked: str | None = None) -> str | None:
    """The name of the column, or None if it is refused."""
    index = columns.column_of(names, asked, job_type)
    return names[index] if isinstance(index, int) else None


def test_there_are_enough_headers_to_judge_by() -> None:
    assert len({row[3] for row in ROWS}) >= 150


@pytest.mark.parametrize("job_type", BOTH)
@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_column_of_a_real_header_is_found_or_refused(row: list[str], job_type: JobType) -> None:
    _, tweets, users, header = row
    names = [name.strip() for name in header.split(";" if header.count(";") > header.count(",") else ",")]
    expected = {"tweets": tweets, "users": users}[job_type]
    assert (found(names, job_type) or "-") == expected


@pytest.mark.parametrize(
    "name", ["tweet_id", "tweetId", "TweetID", "tweetid", "Tweet Id", "tweet-id", "tweet.id", "tweet/id", "tweet:id"]
)
def test_case_and_separators_do_not_matter(name: str) -> None:
    assert found(["id", name, "text"], "tweets") == name
    assert found(["id", name, "text"], "users") is None


@pytest.mark.parametrize(
    "name",
    [
        *("userId", "userid", "user_id", "authorId", "author_id_str", "from_user_id", "from_user_id_str"),
        *("twitter_user_id", "user:id", "author/id", "user.id", "user.id_str", "tweet.user.id", "tweet_author_id"),
        *("account_id", "accountId", "id_user", "User ID"),
    ],
)
def test_an_author_is_found_by_its_name(name: str) -> None:
    assert found(["id", "text", name], "users") == name
    assert found([name, "text"], "tweets") is None


@pytest.mark.parametrize(
    "name",
    [
        *("conversation_id", "in_reply_to_status_id", "in_reply_to_user_id", "in_reply_to_status_id_str"),
        *("retweeted_status_id", "retweet_id", "quoted_tweet_id", "quoted_status_id_str", "media_id", "place_id"),
        *("list_id", "media_key", "covid", "valid", "paid", "android", "twitter_id", "thread_id", "video_id", "row_id"),
        *("retweeted_status.id", "quoted_status.user.id", "edit_history_tweet_ids", "pinned_tweet_id", "reply_to_id"),
    ],
)
@pytest.mark.parametrize("job_type", BOTH)
def test_another_thing_is_never_chosen_even_if_there_is_nothing_else(name: str, job_type: JobType) -> None:
    assert found([name], job_type) is None
    assert found(["date", name], job_type) is None


@pytest.mark.parametrize(
    ("names", "job_type", "expected"),
    [
        (["id", "id_str"], "tweets", "id_str"),
        (["id_str", "id"], "tweets", "id_str"),
        (["tweet_id", "tweet_id_str"], "tweets", "tweet_id_str"),
        (["status_id_str", "status_id"], "tweets", "status_id_str"),
        (["user_id", "user_id_str"], "users", "user_id_str"),
        (["user.id", "user.id_str"], "users", "user.id_str"),
        (["id", "text", "user_id_str"], "users", "user_id_str"),
        (["id", "rest_id", "full_text"], "tweets", "rest_id"),
    ],
)
def test_a_text_goes_before_its_number(names: list[str], job_type: JobType, expected: str) -> None:
    assert found(names, job_type) == expected


@pytest.mark.parametrize(
    "other", ["text", "full_text", "retweet_count", "in_reply_to_user_id", "user.name", "tweet_id"]
)
def test_a_plain_id_is_no_users_where_the_rows_are_posts(other: str) -> None:
    assert found(["id", other], "users") is None
    assert found(["id", "created_at", "description"], "users") == "id"
    assert found(["id", "screen_name", "followers_count"], "users") == "id"


@pytest.mark.parametrize("other", ["screen_name", "followers_count", "profile.screen_name", "member_count"])
def test_a_plain_id_is_no_posts_where_the_rows_are_something_else(other: str) -> None:
    assert found(["id", other], "tweets") is None
    assert found(["id", other, "text"], "tweets") == "id"


@pytest.mark.parametrize("names", [["tweet_id", "status_id"], ["id", "ID"], ["tweet_id", "text", "tweetId"], []])
def test_of_equally_good_columns_none_is_chosen(names: list[str]) -> None:
    assert found(names, "tweets") is None


@pytest.mark.parametrize(("name", "job_type"), [("tweets", "tweets"), ("Status", "tweets"), ("users", "users")])
def test_a_noun_names_an_only_column(name: str, job_type: JobType) -> None:
    assert found([name], job_type) == name
    assert found([name, "date"], job_type) is None
    assert found([name], "users" if job_type == "tweets" else "tweets") is None


def test_what_is_asked_for_always_wins() -> None:
    assert found(["id", "conversation_id"], "tweets", "conversation_id") == "conversation_id"
    assert found(["id", "user_id"], "tweets", "2") == "user_id"


def test_a_name_is_found_as_it_is_written_before_it_is_found_otherwise() -> None:
    assert columns.named(["ID", "Id", "id"], "Id") == 1
    assert columns.named(["Größe", "POST id"], "post_ID") == 1
    assert columns.named(["Größe", "id"], "GRÖSSE") == 0
    assert columns.named(["!", "id"], "!") == 0
    assert columns.named(["text", "id"], "tweet") == "There is no column named tweet."
    assert columns.named(["ID", "id"], "Id") == "2 columns are named Id."


@pytest.mark.parametrize(("asked", "index"), [("1", 0), ("3", 2), ("003", 2)])
def test_a_number_counts_from_one(asked: str, index: int) -> None:
    assert columns.is_number(asked)
    assert columns.column_of(["a", "b", "c"], asked, "tweets") == index


@pytest.mark.parametrize("asked", ["0", "4", "9" * 30])
def test_a_number_that_is_none_of_a_column_is_refused(asked: str) -> None:
    why = columns.column_of(["a", "b", "c"], asked, "tweets")
    assert why == f"Column {asked[:9]} is asked for, but the table has 3."


@pytest.mark.parametrize("asked", [None, "", "id", "-1", "1.0", "٣"])
def test_a_name_is_no_number(asked: str | None) -> None:
    assert not columns.is_number(asked)


def test_a_refusal_says_why_lists_the_columns_and_says_how_to_name_one() -> None:
    names = ["user_id", "text", "1460323737035677698", *(f"c{number}" for number in range(40))]
    why = columns.chosen(names, "tweets")
    message = str(columns.refusal(str(why), names))
    assert "“user_id” holds user IDs, which belong under users/" in message
    assert "“user_id”, “text”, (a value), “c0”" in message
    assert "and 13 more" in message
    assert "id-column" in message
    assert "1460323737035677698" not in message


@pytest.mark.parametrize(
    "name", ["id", "ID", "tweet_id", "User ID", "id_str", "ids", "tweets", "a.b-id", "text", "1id", ""]
)
def test_a_lists_header_is_what_an_only_column_may_be_named(name: str) -> None:
    part = prepared([f"{name}\n18\n".encode()])
    is_own = any(found([name], job_type) is not None for job_type in BOTH)
    assert is_own == (part.oddities["headers"] == 1)
