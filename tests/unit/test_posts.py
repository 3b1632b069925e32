"""Posts and users as X's API and twarc write them: a line for each, whatever is around them."""

import json
import tracemalloc
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.ids import BOM, EMBEDDED
from compliance.readers.objects import Objects, fields_of
from compliance.readers.posts import MAX_RECORD, id_lines
from compliance.runs import JobType
from tests.unit.preparing import prepared

V2 = {"id": "18", "text": "hello", "author_id": "7", "edit_history_tweet_ids": ["18"]}
FLAT = V2 | {"author": {"id": "7", "username": "jack", "name": "J"}, "__twarc": {"version": "2.14.0"}}
V1 = {"id": 1460323737035677700, "id_str": "1460323737035677698", "full_text": "hi", "user": {"id": 7, "id_str": "7"}}
USER = {"id": "7", "username": "jack", "name": "J", "created_at": "2006-03-21T20:50:14.000Z"}
USER_V1 = {"id": 7, "id_str": "7", "screen_name": "jack", "status": {"id": 18, "text": "hello"}}
ZEESCHUIMER = {
    "item_id": "18",
    "source_platform": "twitter.com",
    "data": {
        "__typename": "Tweet",
        "id": 20,
        "rest_id": "18",
        "core": {"user_results": {"result": {"rest_id": "7"}}},
        "legacy": {"full_text": "hello", "id_str": "18", "user_id_str": "7", "conversation_id_str": "5"},
    },
}
PAGE = {"data": [V2, V2 | {"id": "19", "author_id": "8"}], "includes": {"tweets": [{"id": "5"}], "users": [USER]}}


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def lines(content: bytes, job_type: JobType = "tweets", size: int = 1 << 20) -> list[str]:
    text = b"".join(id_lines(cut(content, size), job_type)).decode()
    assert text == "" or text.endswith("\n")
    return text.removesuffix("\n").split("\n") if text else []


def by_all_fields(line: bytes, job_type: JobType) -> list[str]:
    """The same without the short cut for posts as X's API writes them."""
    fields = fields_of(line)
    assert fields is not None
    found = Objects(job_type).texts(fields)
    return [found] if isinstance(found, str) else found


def of(record: Any, job_type: JobType = "tweets") -> list[str]:
    return lines(json.dumps(record).encode(), job_type)


@pytest.mark.parametrize(
    ("record", "tweets", "users"),
    [
        (V2, ["18"], ["7"]),
        (FLAT, ["18"], ["7"]),
        ({name: FLAT[name] for name in ("id", "author")}, ["18"], ["7"]),
        (V1, ["1460323737035677698"], ["7"]),
        (V1 | {"user": {"id": 7}}, ["1460323737035677698"], ["7"]),
        (PAGE, ["18", "19"], ["7", "8"]),
        ({"data": V2, "matching_rules": [{"id": "1"}]}, ["18"], ["7"]),
        ({"id": "18"}, ["18"], ["18"]),
        ({"id": 18}, ["18"], ["18"]),
        ({"tweet_id": "18", "user_id": 7}, ["18"], ["7"]),
        ({"data": [{"id": "18"}, {"id": "19"}]}, ["18", "19"], ["18", "19"]),
        ({"data": []}, [""], [""]),
        ({"meta": {"result_count": 0}}, [""], [""]),
        ({"errors": [{"resource_id": "18", "title": "Not Found Error"}]}, [""], [""]),
        ({"id": "18", "author_id": "7", "data": [{"id": "5"}]}, ["18"], ["7"]),
        ({"id": "18", "author_id": "7", "data": "more"}, ["18"], ["7"]),
        ({"id": "18", "author_id": "7", "author": "jack", "user": None}, ["18"], ["7"]),
        ({"id": "18", "author_id": "7", "username": "jack"}, ["18"], ["7"]),
        ({"id": "18", "text": "cut \ud83d", "author_id": "7"}, ["18"], ["7"]),
        ({"id": 1, "tweet_id": "18", "text": "x", "userId": 7}, ["18"], ["7"]),
        ({"id": "18", "conversation_id": "5", "user_id": 7, "username": "jack", "tweet": "hi"}, ["18"], ["7"]),
        ({"type": "tweet", "id": "18", "fullText": "x", "author": {"userName": "jack", "id": "7"}}, ["18"], ["7"]),
        (ZEESCHUIMER, ["18"], ["7"]),
        (ZEESCHUIMER["data"], ["18"], ["7"]),
        ({"users": [USER, USER | {"id": "8"}], "tweets": [V2]}, ["18"], ["7", "8"]),
        ({"id": "18", "author_id": "7", "username": None, "id_str": None, "text": None}, ["18"], ["7"]),
    ],
)
def test_a_record_gives_its_posts_or_their_authors(record: Any, tweets: list[str], users: list[str]) -> None:
    assert of(record) == tweets
    assert of(record, "users") == users


@pytest.mark.parametrize("user", [USER, USER_V1])
def test_a_user_is_no_post(user: dict[str, Any]) -> None:
    assert of(user, "users") == of({"data": [user]}, "users") == ["7"]
    (line,) = of(user)
    assert line.startswith("no ID of a post in an object of id, ")


def test_a_post_whose_author_is_not_told_is_no_user() -> None:
    assert of({"id": "18", "text": "hello"}, "users") == ["no ID of a user in an object of id, text"]
    assert of({"id": "18", "text": "hello", "username": "jack"}, "users")[0].startswith("no ID of a user")
    assert of(V1 | {"user": {"screen_name": "jack"}}, "users")[0].startswith("no ID of a user")
    assert of({"data": [V2, {"id": "18", "text": "x"}]}, "users") == ["7", "no ID of a user in an object of id, text"]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b'{"id": 1.46032E+18}', "1.46032E+18"),
        (b'{"id": 18.0}', "18.0"),
        (b'{"id": NaN}', "NaN"),
        (b'{"id": 99999999999999999999}', "99999999999999999999"),
        (b'{"id": -5}', "-5"),
        (b'{"id": true}', "true"),
        (b'{"id": {"$numberLong": "18"}}', '{"$numberLong": "18"}'),
        (b'{"id": "1.46032E+18"}', "1.46032E+18"),
        (b'{"id": "18\\n19"}', "18 19"),
        (b'{"id": "\\ud800"}', "?"),
        (b'{"id": "\xff"}', "\ufffd"),
        (b'{"id": ""}', "no ID of a post in an object of id"),
        (b'{"id": null, "text": "secret"}', "no ID of a post in an object of id, text"),
        (b'{"delete": {"status": {"id": 18}}, "x": 1}', "no ID of a post in an object of delete, x"),
        (b'{"tweets": [{"id": "18"}], "meta": {}}', "no ID of a post in an object of tweets, meta"),
        (b'{"tweet": {"id": "18"}, "errors": []}', "no ID of a post in an object of tweet, errors"),
        (b'{"includes": {"tweets": [{"id": "18"}]}}', "no ID of a post in an object of includes"),
        (b'{"id": "18", "text": "x"},', "a comma after an object"),
        (b"{}", "no ID of a post in an object of "),
        (b'{"data": [null, [], {"id": 1.5}]}', "no object"),
        (b'{"id": "18", "text": "cut of', 'no JSON: {"id": "18", "text": "cut of'),
        (b'{"id": "18"} {"id": "19"}', 'no JSON: {"id": "18"} {"id": "19"}'),
        (b'[{"id": "18"}]', '[{"id": "18"}]'),
        (b"null", "null"),
    ],
)
def test_a_record_without_an_id_is_rejected_with_a_telling_text(line: bytes, text: str) -> None:
    assert lines(line)[0] == text
    part = prepared(id_lines(iter([b'{"id":"7"}\n' + line + b"\n"]), "tweets"), is_beginning=False)
    assert part.content == b"7\n"
    assert part.rejects[0].line == 2
    assert part.rejects[0].text == text.strip()[:100]


def test_numbers_of_a_damaged_page_are_counted_one_by_one() -> None:
    assert lines(b'{"data": [{"id": "18"}, {"id": 1.5E+18}, {"id": "19"}, "20", 21, {"x": 1}]}') == [
        "18",
        "1.5E+18",
        "19",
        "20",
        "21",
        "no ID of a post in an object of x",
    ]


def test_blank_lines_bare_ids_marks_and_line_ends_are_as_in_a_list() -> None:
    assert lines(BOM + b'{"id":"18"}\r\n\r\n  {"id":"19"} \n20\n"21"\n\n{"id":"22"}') == (
        ["18", "\r", "19", "20", '"21"', "", "22"]
    )
    assert lines(b"") == []


IDS = st.none() | st.integers(-5, 2**70) | st.text(max_size=5) | st.floats(allow_nan=False) | st.booleans()
PEOPLE = st.none() | st.text(max_size=3) | st.fixed_dictionaries({}, optional={"id": IDS, "id_str": IDS})
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("id", "id_str", "tweet_id", "user_id", "author_id"), IDS),
        **dict.fromkeys(("author", "user"), PEOPLE),
        **dict.fromkeys(("username", "screen_name", "text", "full_text"), st.none() | st.text(max_size=3)),
    },
)
PAGES = st.fixed_dictionaries(
    {}, optional={"data": RECORDS | st.lists(RECORDS, max_size=4) | IDS, "id": IDS, "meta": IDS}
)
TYPES: st.SearchStrategy[JobType] = st.sampled_from(["tweets", "users"])


@given(records=st.lists(RECORDS | PAGES, max_size=6), job_type=TYPES, size=st.integers(1, 99), ascii_only=st.booleans())
def test_any_records_give_the_same_lines_however_their_bytes_are_cut_and_read(
    records: list[Any], job_type: JobType, size: int, ascii_only: bool
) -> None:
    written = [json.dumps(record, ensure_ascii=ascii_only).encode(errors="replace") for record in records]
    found = lines(b"\n".join(written), job_type, size)
    wanted = [text for line in written for text in of(json.loads(line), job_type)]
    assert found == [text.replace(EMBEDDED, "?") for text in wanted]
    for line in written:
        slowly = [text.replace("\n", " ").replace(EMBEDDED, "?") for text in by_all_fields(line, job_type)]
        assert [text.encode(errors="replace").decode() for text in slowly] == lines(line, job_type)


@given(st.lists(st.integers(1, 2**63 - 1), min_size=1, max_size=20), st.integers(1, 7))
def test_posts_give_their_ids_alone_or_in_pages(ids: list[int], each: int) -> None:
    flat = b"".join(json.dumps(V2 | {"id": str(number)}).encode() + b"\n" for number in ids)
    pages = [[V2 | {"id": str(number)} for number in ids[at : at + each]] for at in range(0, len(ids), each)]
    paged = b"".join(json.dumps({"data": page, "includes": {"tweets": [V2]}}).encode() + b"\n" for page in pages)
    assert lines(flat) == lines(paged) == [str(number) for number in ids]


@given(st.binary(max_size=200), TYPES)
def test_nothing_makes_it_stumble(content: bytes, job_type: JobType) -> None:
    assert len(lines(content, job_type)) >= content.count(b"\n")


@pytest.mark.parametrize("deep", [b'{"a":' * 100_000, b'{"id":"18","a":' + b"[" * 100_000, b'{"author":' * 900])
def test_deep_nesting_is_no_record(deep: bytes) -> None:
    assert lines(deep + b'\n{"id":"19"}')[1] == "19"
    assert not lines(deep)[0].isdecimal()


def test_authors_within_authors_are_one_record() -> None:
    deep = b'{"author":' * 400 + b"{}" + b"}" * 400
    assert len(lines(deep, "users")) == 1


@pytest.mark.parametrize("size", [65_536, 1 << 20])
def test_a_line_without_an_end_is_rejected_in_bounded_memory(size: int) -> None:
    content = chain([b'{"id":"18"}\n{"text":"'], repeat(b"x" * size, (1 << 30) // size), [b'"}\n{"id":"19"}\n'])
    tracemalloc.start()
    found = b"".join(id_lines(content, "tweets"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == b"18\na line of more than 8 MiB\n19\n"
    assert peak < 3 * MAX_RECORD


@pytest.mark.parametrize("unit", [b"[],", b"{},", b'{"a":0},', b"0,", b'"",'])
def test_a_line_of_the_largest_size_takes_bounded_memory(unit: bytes) -> None:
    line = b'{"data":[' + unit * ((1 << 20) // len(unit)) + b"0]}"
    tracemalloc.start()
    found = sum(block.count(b"\n") for block in id_lines(iter([line]), "tweets"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == (1 << 20) // len(unit) + 1
    assert peak < 64 * len(line)
