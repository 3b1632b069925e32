"""Copies of posts and users that are stored within a record are checked, too, and counted by themselves."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from compliance.ids import EMBEDDED, NOTICE
from compliance.readers.posts import id_lines
from compliance.runs import JOB_TYPES, JobType

USER: dict[str, Any] = {"id": "901", "name": "A", "username": "a"}
OTHER: dict[str, Any] = {"id": "902", "name": "B", "username": "b"}
OLD_USER = {"id": 901, "id_str": "901", "screen_name": "a"}
OLD_OTHER = {"id": 902, "id_str": "902", "screen_name": "b"}


def post(number: int, by: int = 901, **more: Any) -> dict[str, Any]:
    """A post of API v2."""
    return {"id": str(number), "author_id": str(by), "text": "x", **more}


def old(number: int, user: Mapping[str, Any] = OLD_USER, **more: Any) -> dict[str, Any]:
    """A post of API v1.1."""
    return {"id": number, "id_str": str(number), "text": "x", "user": user, **more}


def reference(number: int, kind: str = "quoted", **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": str(number), **more}


def snscrape(number: int, user: int = 901, **more: Any) -> dict[str, Any]:
    who = {"username": "a", "id": user, "displayname": "A"}
    return {"url": f"https://twitter.com/a/status/{number}", "rawContent": "x", "id": number, "user": who, **more}


def of_website(number: int, user: int = 901, **legacy: Any) -> dict[str, Any]:
    author = {"rest_id": str(user), "id": "VXNlcjo5MDE=", "legacy": {"screen_name": "a"}}
    return {
        "__typename": "Tweet",
        "rest_id": str(number),
        "core": {"user_results": {"result": author}},
        "legacy": {"id_str": str(number), "user_id_str": str(user), "full_text": "x", **legacy},
    }


def read(record: Any, job_type: JobType) -> tuple[list[str], list[str]]:
    """The record's own IDs, and those within it."""
    line = record if isinstance(record, bytes) else json.dumps(record).encode()
    lines = b"".join(id_lines(iter([line + b"\n"]), job_type, reads_embedded=True)).decode().splitlines()
    own = [text for text in lines if not text.startswith(EMBEDDED)]
    return own, [text.removeprefix(EMBEDDED) for text in lines if text.startswith(EMBEDDED)]


SHAPES: dict[str, tuple[Any, tuple[list[str], list[str]], tuple[list[str], list[str]]]] = {
    "v2, nothing": (post(1), (["1"], []), (["901"], [])),
    "v2, bare references": (post(1, referenced_tweets=[reference(2)]), (["1"], []), (["901"], [])),
    "page": (
        {"data": [post(1), post(2)], "includes": {"tweets": [post(3, 902)], "users": [USER, OTHER]}, "meta": {}},
        (["1", "2"], ["3"]),
        (["901", "901"], ["902", "901", "902"]),
    ),
    "page of one post": (
        {"data": post(1), "includes": {"tweets": [post(3, 902)]}, "__twarc": {"version": "2"}},
        (["1"], ["3"]),
        (["901"], ["902"]),
    ),
    "page of users": (
        {"data": [USER], "includes": {"tweets": [post(4)]}},
        (["no ID of a post in an object of id, name, username"], ["4"]),
        (["901"], ["901"]),
    ),
    "page without data": ({"includes": {"tweets": [post(3)]}, "meta": {}}, ([""], ["3"]), ([""], ["901"])),
    "flattened": (
        post(
            1,
            author=USER,
            referenced_tweets=[reference(2, text="y", author_id="902", author=OTHER), reference(3)],
            in_reply_to_user=OTHER,
        ),
        (["1"], ["2"]),
        (["901"], ["902", "902"]),
    ),
    "flattened, quote in a retweet": (
        post(1, referenced_tweets=[reference(2, "retweeted", text="y", referenced_tweets=[reference(3, text="z")])]),
        (["1"], ["2", "3"]),
        (["901"], []),
    ),
    "v1.1": (
        old(1, retweeted_status=old(2, OLD_OTHER, quoted_status=old(3)), quoted_status=old(3)),
        (["1"], ["2", "3", "3"]),
        (["901"], ["902", "901", "901"]),
    ),
    "v1.1, no copies": (
        old(1, retweeted_status=None, quoted_status={}, in_reply_to_status_id=9, quoted_status_id_str="8"),
        (["1"], []),
        (["901"], []),
    ),
    "v1.1 user": (
        OLD_USER | {"followers_count": 1, "status": {"id": 5, "id_str": "5", "text": "x"}},
        (["no ID of a post in an object of id, id_str, screen_name, followers_count, status"], ["5"]),
        (["901"], []),
    ),
    "user with a pinned post": (
        USER | {"pinned_tweet_id": "6", "pinned_tweet": post(6)},
        (["no ID of a post in an object of id, name, username, pinned_tweet_id, pinned_tweet"], ["6"]),
        (["901"], ["901"]),
    ),
    "snscrape": (
        snscrape(1, quotedTweet=snscrape(2, 902), retweetedTweet=None, inReplyToUser={"username": "c", "id": 903}),
        (["1"], ["2"]),
        (["901"], ["902", "903"]),
    ),
    "website": (
        {
            "source_platform": "twitter.com",
            "data": of_website(1, retweeted_status_result={"result": {"tweet": of_website(2, 902)}})
            | {"quoted_status_result": {"result": of_website(3, 903)}},
        },
        (["1"], ["3", "2"]),
        (["901"], ["903", "902"]),
    ),
    "notice": ({"delete": {"status": {"id": 7, "id_str": "7", "user_id": 901}}}, ([NOTICE], []), ([NOTICE], [])),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("job_type", JOB_TYPES)
def test_copies_within_a_record_follow_its_own_id(shape: str, job_type: JobType) -> None:
    record, posts, users = SHAPES[shape]
    assert read(record, job_type) == (posts if job_type == "tweets" else users)


OPEN = [
    shape for shape, (record, *_) in SHAPES.items() if not record.keys() & {"source_platform", "delete", "includes"}
]
"""Shapes that another field makes no other thing."""


@pytest.mark.parametrize("shape", OPEN)
@pytest.mark.parametrize("job_type", JOB_TYPES)
def test_odd_values_elsewhere_hide_no_copy(shape: str, job_type: JobType) -> None:
    """NaN, a text that is no UTF-8, and a field of another kind than it has with X."""
    record, posts, users = SHAPES[shape]
    line = json.dumps(record).encode()[:-1] + b', "score": NaN, "place": "\xff", "tweets": {"id": 1.5}}'
    assert read(line, job_type)[1] == (posts if job_type == "tweets" else users)[1]


@pytest.mark.parametrize("job_type", JOB_TYPES)
def test_the_records_of_a_block_are_read_with_their_own_copies(job_type: JobType) -> None:
    records = [record for record, *_ in SHAPES.values()] * 3
    block = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    lines = b"".join(id_lines(iter([block]), job_type, reads_embedded=True)).decode().splitlines()
    wanted = []
    for _, posts, users in [*SHAPES.values()] * 3:
        own, within = posts if job_type == "tweets" else users
        wanted += [*own, *(EMBEDDED + each for each in within)]
    assert lines == wanted


def test_nothing_within_a_record_is_read_if_it_is_not_wanted() -> None:
    for record, posts, _ in SHAPES.values():
        lines = b"".join(id_lines(iter([json.dumps(record).encode()]), "tweets")).decode().splitlines()
        assert lines == posts[0]
