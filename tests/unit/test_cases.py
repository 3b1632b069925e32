"""Files in the shapes that people and tools publish: each is read right, or refused for the right reason.

The files are in ``inputs/cases``; the first word of a name is the folder. Others of each kind are written here.
"""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from compliance.errors import InputRejected, UnsupportedInput
from tests.unit.conftest import Functions
from tests.unit.test_hostile_input import plan

FILES = Path(__file__).parent / "inputs" / "cases"
IDS = [1_309_165_985_006_632_960 + 7_919_123_457 * number for number in range(100)]
USERS = [783_214 + 31_337 * number for number in range(100)]


def check(functions: Functions, name: str, content: bytes, column: str | None = None) -> dict[str, Any]:
    """Lets a file through all that comes before X; returns its run."""
    if column is not None:
        functions.configure(id_column=column)
    run = functions.register(content, name)
    prepared = [functions.invoke("prepare_part", ref) for ref in plan(functions, run)]
    functions.invoke("accept_input", {"run_id": run["run_id"], "prepared": prepared})
    return {**functions.run(run)}


def sent(functions: Functions) -> list[int]:
    return [int(line) for key in functions.keys("parts/") for line in functions.object(key).split()]


def case(name: str) -> tuple[str, bytes]:
    (path,) = FILES.glob(f"{name}*")
    folder, _, rest = path.name.partition("-")
    return f"{folder}/{rest}", path.read_bytes()


def column_of(content: bytes, index: int, separator: str = ",") -> list[int]:
    rows = content.decode().splitlines()[1:]
    return [int(row.split(separator)[index]) for row in rows]


@pytest.mark.parametrize(
    ("name", "column"),
    [("tweets-a4", 1), ("users-b1", 9), ("users-b2", 13), ("users-b4", 2), ("users-b5", 2), ("tweets-c3", 1)],
)
def test_the_column_is_chosen_by_what_its_name_says(functions: Functions, name: str, column: int) -> None:
    key, content = case(name)
    run = check(functions, key, content)
    assert sent(functions) == list(dict.fromkeys(column_of(content, column)))
    assert (run["rejected"], run["warnings"]) == (0, [])


@pytest.mark.parametrize("name", ["users-b6", "users-b9", "tweets-c1"])
def test_a_table_without_such_a_column_is_refused_before_it_is_read(functions: Functions, name: str) -> None:
    key, content = case(name)
    with pytest.raises(UnsupportedInput, match=r"IDs.* The columns are .*id-column"):
        check(functions, key, content)


def test_posts_of_snscrape_are_posts_and_no_users(functions: Functions) -> None:
    key, content = case("users-b7")
    with pytest.raises(InputRejected, match="100 of 100"):
        check(functions, key, content)
    run = check(functions, key.replace("users/", "tweets/"), content)
    assert (run["accepted"], run["rejected"]) == (100, 0)


def test_row_numbers_in_json_are_no_posts(functions: Functions) -> None:
    key, content = case("tweets-c4")
    check(functions, key, content)
    assert sent(functions) == [int(json.loads(line)["tweet_id"]) for line in content.splitlines()]


@pytest.mark.parametrize("column", [None, "1"])
def test_ids_in_rows_are_to_be_written_one_per_line(functions: Functions, column: str | None) -> None:
    with pytest.raises(UnsupportedInput, match="one ID per line"):
        check(functions, *case("tweets-d1"), column)


def test_what_is_no_page_is_rejected_and_not_blank(functions: Functions) -> None:
    key, content = case("tweets-d3")
    with pytest.raises(InputRejected, match="50 of 100"):
        check(functions, key, content)


def test_posts_of_twint_are_read(functions: Functions) -> None:
    key, content = case("tweets-e1")
    assert check(functions, key, content)["accepted"] == 100
    users = {json.loads(line)["user_id"] for line in content.splitlines()}
    run = check(functions, key.replace("tweets/", "users/"), content)
    assert (run["accepted"], run["rejected"]) == (len(users), 0)


def test_notices_of_a_stream_are_counted_by_themselves(functions: Functions) -> None:
    key, content = case("tweets-e2")
    notices = content.count(b'{"delete"')
    for name in (key, key.replace("tweets/", "users/"), f"{key}.gz"):
        run = check(functions, name, gzip.compress(content) if name.endswith(".gz") else content)
        assert (run["notice"], run["rejected"], run["blank"]) == (notices, 0, 0)
        assert run["lines"] == run["notice"] + run["accepted"] + run["duplicate"] == content.count(b"\n")


def test_excel_guards_are_no_part_of_an_id(functions: Functions) -> None:
    run = check(functions, *case("tweets-e3"))
    assert (run["accepted"], run["rejected"]) == (100, 0)


@pytest.mark.parametrize(("name", "words"), [("tweets-e6", "a comma after each object"), ("tweets-e7", "separators")])
def test_a_message_names_the_problem_and_the_way_out(functions: Functions, name: str, words: str) -> None:
    with pytest.raises(UnsupportedInput, match=words):
        check(functions, *case(name))


def csv_of(header: str, *columns: list[Any]) -> bytes:
    return "\n".join([header, *(",".join(map(str, row)) for row in zip(*columns, strict=True))]).encode()


def json_lines(each: Callable[[int, int], Any]) -> bytes:
    return b"".join(json.dumps(each(post, user)).encode() + b"\n" for post, user in zip(IDS, USERS, strict=True))


OTHERS = {
    "a4, of users": ("users/a.csv", csv_of("user_id,user_id_str", [1] * 100, USERS), USERS),
    "a4, of v1.1": ("tweets/a.csv", csv_of("created_at,id,id_str,text", *[[0] * 100, [1] * 100, IDS, [0] * 100]), IDS),
    "a4, in JSON": ("tweets/a.jsonl", json_lines(lambda post, _: {"id": 1, "id_str": str(post), "text": "x"}), IDS),
    "b1, spelled otherwise": ("users/a.csv", csv_of("ID STR,From User ID,text", IDS, USERS, [0] * 100), USERS),
    "b4, authorId": ("users/a.csv", csv_of("id,text,authorId", IDS, [0] * 100, USERS), USERS),
    "b4, a path": ("users/a.tsv", csv_of("id,text,author/id", IDS, [0] * 100, USERS).replace(b",", b"\t"), USERS),
    "b4, in JSON": ("users/a.jsonl", json_lines(lambda post, user: {"id": post, "text": "", "userId": user}), USERS),
    "b7, later": (
        "users/a.jsonl",
        json_lines(lambda post, user: {"id": post, "rawContent": "x", "user": {"username": "x", "id": user}}),
        USERS,
    ),
    "c3, capitals": ("tweets/a.csv", csv_of("id,TweetID,label", list(range(1, 101)), IDS, [0] * 100), IDS),
    "c3, a status": ("tweets/a.csv", csv_of("id,status_id_str", list(range(1, 101)), IDS), IDS),
    "c4, an array": (
        "tweets/a.json",
        json.dumps([{"id": number, "tweetId": str(each)} for number, each in enumerate(IDS)], indent=2).encode(),
        IDS,
    ),
    "academictwitteR": (
        "users/data_1.json",
        json.dumps(
            [{"id": str(i), "text": "x", "author_id": str(u)} for i, u in zip(IDS, USERS, strict=True)]
        ).encode(),
        USERS,
    ),
    "e1, users": (
        "users/a.jsonl",
        json_lines(lambda _, user: {"id": user, "name": "x", "username": "x", "bio": "", "tweets": 5, "followers": 1}),
        USERS,
    ),
    "e1, Apify": (
        "users/a.json",
        json.dumps(
            [{"type": "tweet", "id": i, "text": "", "author": {"id": u}} for i, u in zip(IDS, USERS, strict=True)]
        ).encode(),
        USERS,
    ),
    "e1, TAGS": (
        "users/a.jsonl",
        json_lines(lambda post, user: {"id_str": str(post), "text": "", "from_user_id_str": str(user)}),
        USERS,
    ),
    "e3, a list": ("tweets/a.txt", "".join(f'="{each}"\n' for each in IDS).encode(), IDS),
    "e3, a list quoted for CSV": ("tweets/a.txt", "".join(f'"=""{each}"""\n' for each in IDS).encode(), IDS),
    "e3, a column of TSV": (
        "tweets/a.tsv",
        "\n".join(["text\tid", *(f'x\t="{each}"' for each in IDS)]).encode(),
        IDS,
    ),
    "e3, rtweet": ("tweets/a.csv", csv_of("status_id,text", [f"x{each}" for each in IDS], [0] * 100), IDS),
    "sep=": ("tweets/a.csv", b"sep=;\n" + csv_of("id,text", IDS, [0] * 100).replace(b",", b";"), IDS),
}


@pytest.mark.parametrize(("key", "content", "expected"), OTHERS.values(), ids=OTHERS)
def test_others_of_each_kind_are_read(functions: Functions, key: str, content: bytes, expected: list[int]) -> None:
    run = check(functions, key, content)
    assert sent(functions) == expected
    assert (run["rejected"], run["notice"], run["accepted"]) == (0, 0, 100)


REFUSED = {
    "b6, in JSON": ("users/a.jsonl", json_lines(lambda post, _: {"id": post, "text": "x"}), "author"),
    "b6, other names": ("users/a.csv", csv_of("id,fullText", IDS, [0] * 100), "of posts"),
    "b6, counts": ("users/a.csv", csv_of("id,retweet_count,label", IDS, [0] * 100, [0] * 100), "of posts"),
    "b9, a list": ("users/a.txt", csv_of("tweetId", IDS), "post IDs, which belong under tweets/"),
    "b9, the other way": ("tweets/a.csv", csv_of("user_id", USERS), "user IDs, which belong under users/"),
    "b9, a noun": ("tweets/a.txt", csv_of("users", USERS), "user IDs, which belong under users/"),
    "c1, a reply": ("tweets/a.csv", csv_of("in_reply_to_status_id,text", IDS, [0] * 100), "No column is known"),
    "c1, alone": ("tweets/a.csv", csv_of("media_id", IDS), "No column is known"),
    "c1, a word": ("tweets/a.csv", csv_of("covid,cases", IDS, [0] * 100), "No column is known"),
    "d1, semicolons": ("tweets/a.csv", b"".join(b"%d;%d;%d;%d\n" % (*IDS[n : n + 4],) for n in range(9)), "one ID per"),
    "d1, one long line": ("tweets/a.txt", " ".join(map(str, [*IDS, *IDS, *IDS])).encode(), "one ID per line"),
    "d1, spaces": ("tweets/a.txt", b"".join(b"%d %d\n" % (*IDS[n : n + 2],) for n in range(9)), "one ID per line"),
    "d3, a page of something": (
        "tweets/a.jsonl",
        json_lines(lambda post, _: {"tweet": {"id": post}, "errors": []}),
        "no post, or whose ID",
    ),
    "d3, includes alone": (
        "tweets/a.jsonl",
        json_lines(lambda post, _: {"includes": {"tweets": [{"id": post}]}}),
        "no post, or whose ID",
    ),
    "d3, a page with more": (
        "tweets/a.jsonl",
        json_lines(lambda post, _: {"data": [{"id": str(post), "text": ""}], "page": 1}),
        "no post, or whose ID",
    ),
    "e7, with a header": ("tweets/a.csv", "\n".join(["id", *(f"{each:,}" for each in IDS)]).encode(), "separators"),
    "e7, dots": ("tweets/a.txt", "\n".join(f"{each:,}".replace(",", ".") for each in IDS).encode(), "separators"),
    "e7, quoted": ("tweets/a.csv", csv_of("id,text", [f'"{each:,}"' for each in IDS], [0] * 100), "separators"),
    "comments": ("tweets/a.txt", b"# a post\n18\n" * 9, "comment lines: delete them"),
    "URLs": ("tweets/a.txt", b"".join(b"https://x.com/a/status/%d\n" % each for each in IDS), "behind /status/"),
    "floats": ("tweets/a.csv", csv_of("id,text", [f"{each:.5e}" for each in IDS], [0] * 100), "scientific notation"),
    "a comma behind each": ("tweets/a.txt", b"".join(b"%d,\n" % each for each in IDS), "a separator behind each ID"),
    "a comma behind most": (
        "tweets/a.txt",
        b",\n".join(b"%d" % each for each in IDS),
        "a separator behind each: remove",
    ),
    "apostrophes": (
        "tweets/a.csv",
        csv_of("id,text", [f"'{each}" for each in IDS], [0] * 100),
        "remove the apostrophes",
    ),
    "mixed later": (
        "tweets/a.csv",
        b"id,text\n" + b"".join(b"%d,x\n%d;x\n" % (each, each + 1) for each in IDS),
        "the same separator everywhere",
    ),
    "mixed": ("tweets/a.csv", csv_of("id;text", IDS, [0] * 100), "mixes separators"),
}


@pytest.mark.parametrize(("key", "content", "words"), REFUSED.values(), ids=REFUSED)
def test_others_of_each_kind_are_refused_for_their_reason(
    functions: Functions, key: str, content: bytes, words: str
) -> None:
    with pytest.raises((UnsupportedInput, InputRejected), match=words):
        check(functions, key, content)


NOTICES = [
    {"scrub_geo": {"user_id": 14090452, "up_to_status_id": 23260136625}},
    {"limit": {"track": 1234, "timestamp_ms": "1"}},
    {"status_withheld": {"id": 1234567890, "user_id": 123456, "withheld_in_countries": ["DE", "AR"]}},
    {"user_withheld": {"id": 123456, "withheld_in_countries": ["DE"]}},
    {"disconnect": {"code": 4, "stream_name": "", "reason": ""}},
    {"warning": {"code": "FALLING_BEHIND", "message": "", "percent_full": 60}},
    {"friends": [1497, 169686021]},
    {"event": "follow", "created_at": "", "source": {"id": 1}, "target": {"id": 2}},
]


@pytest.mark.parametrize("key", ["tweets/a.jsonl", "users/a.jsonl", "tweets/a.json"])
def test_whatever_a_stream_says_besides_posts_is_a_notice(functions: Functions, key: str) -> None:
    post = {"id_str": "18", "text": "x", "user": {"id_str": "7"}}
    each = [json.dumps(record) for record in [post, *NOTICES]]
    content = ("\n".join(each) if key.endswith("l") else f"[{','.join(each)}]").encode()
    run = check(functions, key, content)
    assert (run["accepted"], run["notice"], run["rejected"]) == (1, len(NOTICES), 0)


@pytest.mark.parametrize("key", ["tweets/a.txt", "tweets/a.csv", "tweets/a.jsonl"])
@pytest.mark.parametrize("trick", ["\x16notice", "\x1720"])
def test_no_text_passes_for_a_notice_or_a_copy(functions: Functions, key: str, trick: str) -> None:
    functions.configure(reject_limit_percent=60)
    line = json.dumps({"id": trick, "text": ""}) if key.endswith("l") else trick
    run = check(functions, key, f"{line}\n18\n19\n".encode())
    assert (run["accepted"], run["notice"], run["embedded"], run["rejected"]) == (2, 0, 0, 1)


PAGE = {
    "data": [{"id": "18", "text": "x"}],
    "includes": {"tweets": [{"id": "19", "text": "x"}, {"id": "18", "text": "x"}]},
}


@pytest.mark.parametrize(
    ("setting", "dataset", "is_read"),
    [(True, {}, True), (False, {"embedded": True}, True), (True, {"embedded": False}, False)],
)
def test_copies_within_records_are_counted_and_a_dataset_goes_before_the_setting(
    functions: Functions, setting: bool, dataset: dict[str, bool], is_read: bool
) -> None:
    functions.configure(embedded=setting)
    run = functions.register_check(json.dumps(PAGE).encode(), "a.jsonl", **dataset)
    prepared = [functions.invoke("prepare_part", ref) for ref in plan(functions, run)]
    functions.invoke("accept_input", {"run_id": run["run_id"], "prepared": prepared})
    found = functions.run(run)
    counts = (found["lines"], found["embedded"], found["accepted"], found["duplicate"], found["rejected"])
    assert counts == ((1, 2, 2, 1, 0) if is_read else (1, 0, 1, 0, 0))
    assert sent(functions) == ([18, 19] if is_read else [18])


def test_a_column_chosen_by_number_beside_other_ids_is_warned_of_in_the_runs_record(functions: Functions) -> None:
    content = csv_of("5,18", IDS, IDS).split(b"\n", 1)[1]
    run = check(functions, "tweets/a.csv", content, "1")
    (warning,) = run["warnings"]
    assert "column 2 also holds what looks like IDs" in warning


@pytest.mark.parametrize(("names", "read"), [("id, userId", "userId"), ("conversation_id, id", None)])
def test_parquet_keeps_to_the_same_rule(functions: Functions, tmp_path: Path, names: str, read: str | None) -> None:
    first, second = names.split(", ")
    path = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.sql(f"SELECT 5 AS {first}, '' AS text, 7 AS {second}").write_parquet(str(path))
    if read is None:
        with pytest.raises(UnsupportedInput, match="of posts"):
            check(functions, "users/a.parquet", path.read_bytes())
    else:
        check(functions, "users/a.parquet", path.read_bytes())
        assert sent(functions) == [7]


def test_a_table_with_a_preamble_is_read_behind_it_wherever_the_blocks_end(functions: Functions) -> None:
    content = io.BytesIO(b'"sep=|"\r\n' + csv_of("id,text", IDS, ["x"] * 100).replace(b",", b"|"))
    assert check(functions, "tweets/a.csv.gz", gzip.compress(content.read()))["accepted"] == 100
