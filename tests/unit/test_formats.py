"""What a file is, by its content first and its name second; where both contradict each other it is refused."""

import bz2
import csv
import gzip
import io
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance import formats
from compliance.errors import UnsupportedInput
from compliance.formats import HEAD_BYTES, Format
from compliance.readers.files import id_lines, unpacked
from compliance.runs import job_type_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

IDS = b"".join(b"%d\n" % (1_800_000_000_000_000_000 + number) for number in range(1000))
ROWS = [["text", "id", "likes"], *([f'say "{n}"\nor so', str(18 + n), str(n)] for n in range(300))]
POSTS = b"".join(b'{"id": "%d", "text": "hello"}\n' % (18 + number) for number in range(1000))
PARQUET = b"PAR1\x15\x04\x15"
PACKINGS: dict[str, Callable[[bytes], bytes]] = {"none": bytes, "gzip": gzip.compress, "zstd": zstd.compress}
SUFFIX = {"none": "", "gzip": ".gz", "zstd": ".zst"}
each_packing = pytest.mark.parametrize("packing", PACKINGS)


def format_of(key: str, head: bytes, column: str | None = None) -> Format:
    return formats.format_of(key, head, job_type_of(key), lambda: column)


def table(delimiter: str = ",", rows: list[list[str]] = ROWS) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def read(key: str, content: bytes, column: str | None = None) -> list[str]:
    """All lines of an object, as preparation reads them."""
    source = format_of(key, content[:HEAD_BYTES], column)
    blocks = unpacked(source, (content[at : at + 999] for at in range(0, len(content), 999)), 10**9)
    return b"".join(id_lines(source, blocks, job_type_of(key))).decode(errors="replace").splitlines()


@each_packing
@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("ids.txt", IDS, "lines"),
        ("ids", IDS, "lines"),
        ("ids.list", IDS, "lines"),
        ("2026.11.23", IDS, "lines"),
        ("IDS.CSV", IDS, "lines"),
        ("ids.csv", b"tweet_id\n" + IDS, "lines"),
        ("ids.csv", b'\xef\xbb\xbf"ID"\r\n"18"\r\n', "lines"),
        ("posts.csv", table(), "csv"),
        ("posts.csv", table(";"), "csv"),
        ("posts.tsv", table("\t"), "tsv"),
        ("posts", table(), "csv"),
        ("posts", table(rows=[["id", "likes"], ["18", "1"], ["19", "2"]]), "csv"),
        ("posts.jsonl", POSTS, "jsonl"),
        ("posts.ndjson", POSTS, "jsonl"),
        ("posts.json", POSTS, "jsonl"),
        ("posts", POSTS, "jsonl"),
        ("bare.jsonl", IDS, "jsonl"),
        ("page.json", json.dumps({"data": [{"id": "18"}]}).encode(), "jsonl"),
        ("posts.json", json.dumps([{"id": "18"}], indent=1).encode(), "json"),
        ("long.json", b'{"data":[' + b'{"id":"18"},' * 100_000, "jsonl"),
    ],
)
def test_a_file_is_what_it_holds_and_what_it_is_named(name: str, content: bytes, kind: str, packing: str) -> None:
    head = PACKINGS[packing](content)[:HEAD_BYTES]
    for suffix in {"", SUFFIX[packing]}:
        found = format_of(f"tweets/a.b/{name}{suffix}", head)
        assert (found.kind, found.packing) == (kind, packing)
        assert found.is_splittable == (packing == "none" and kind in ("lines", "jsonl"))
        assert Format(**asdict(found)) == found


@pytest.mark.parametrize("key", ["tweets/a.parquet", "tweets/a", "tweets/A.PARQUET"])
def test_parquet_is_read_from_a_file_with_the_column_that_is_asked_for(key: str) -> None:
    assert format_of(key, PARQUET) == Format("parquet")
    found = format_of(key, PARQUET, " post ")
    assert found == Format("parquet", column="post")
    assert not found.is_splittable
    with pytest.raises(ValueError, match="from a file"):
        id_lines(found, iter([]), "tweets")


@pytest.mark.parametrize(
    ("key", "content", "words"),
    [
        ("tweets/a.txt.gz", IDS, "name says gzip, but its content is not packed so"),
        ("tweets/a.txt.zst", gzip.compress(IDS), "name says zstd, but"),
        ("tweets/a.txt", table(rows=[ROWS[0], ["a", "18", "1"]]), r"several columns\. Name it \.csv"),
        ("tweets/a.txt", POSTS, r"is JSON\. Name it \.jsonl"),
        ("tweets/a.csv", POSTS, r"is JSON\. Name it \.jsonl"),
        ("tweets/a.jsonl", table(rows=[ROWS[0], ["a", "18", "1"]]), r"several columns\. Name it \.csv"),
        ("tweets/a.txt", PARQUET, r"a Parquet file\. Name it \.parquet"),
        ("tweets/a.csv", PARQUET, r"a Parquet file\. Name it \.parquet"),
        ("tweets/a.parquet", IDS, "no Parquet file, though it is named so"),
        ("tweets/a.parquet", POSTS, "is JSON"),
        (
            "tweets/a.parquet.gz",
            gzip.compress(PARQUET, mtime=0),
            r"What the gzip file holds is a Parquet file\. .*unpacked",
        ),
        (
            "tweets/a.gz",
            gzip.compress(gzip.compress(IDS, mtime=0), mtime=0),
            "What the gzip file holds is a gzip file, packed twice",
        ),
        ("tweets/a.zst", zstd.compress(zstd.compress(IDS)), "What the zstd file holds is a zstd file"),
        ("tweets/a.gz", b"\x1f\x8bnot gzip", "gzip file is damaged"),
        ("tweets/a.zst", b"\x28\xb5\x2f\xfd" + b"\x07" * 100, "zstd file is damaged|zstd file needs"),
        ("tweets/a.csv.gz", gzip.compress(b"%PDF-1.7", mtime=0), "What the gzip file holds is a PDF document"),
        ("tweets/a.txt", b'["18", "19"]', r"a JSON array\. Name it \.json"),
        ("tweets/a.jsonl", b'{"id": "18"},\n{"id": "19"},\n', "a comma after each object"),
        ("tweets/a.json", json.dumps({"id": "18", "text": "x"}, indent=1).encode(), "over several lines"),
        ("tweets/a.csv", "id,text\n18,a\n".encode("utf-16"), "UTF-16"),
        ("tweets/a.csv", b"<html>", "web page"),
        ("tweets/a.csv", bz2.compress(IDS), "bzip2"),
        ("tweets/a.jsonl", b'{"a":' * 50_000 + b"\n", "over several lines"),
    ],
)
def test_a_name_that_contradicts_the_content_is_refused_with_what_to_do(key: str, content: bytes, words: str) -> None:
    with pytest.raises(UnsupportedInput, match=words):
        format_of(key, content[:HEAD_BYTES])


@each_packing
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("column", [None, "id", "ID", "2"])
def test_a_table_is_read_whatever_separates_its_columns(delimiter: str, column: str | None, packing: str) -> None:
    content = PACKINGS[packing](table(delimiter))
    assert read(f"tweets/a.csv{SUFFIX[packing]}", content, column) == [str(18 + number) for number in range(300)]


@pytest.mark.parametrize("cut", [0, 1, 5, 30])
def test_a_table_is_told_by_all_members_of_its_beginning(cut: int) -> None:
    content = table(rows=[["nr", "tweet_id"], ["1", "1000000000001"]])
    packed = gzip.compress(content[:cut]) + gzip.compress(content[cut:])
    assert read("tweets/a.csv.gz", packed) == ["1000000000001"]


def test_the_folder_says_which_ids_are_looked_for() -> None:
    content = table(rows=[["id", "author_id", "text"], ["18", "7", "x"]])
    assert read("tweets/a.csv", content) == ["18"]
    assert read("users/a.csv", content) == ["7"]


def test_a_table_without_a_header_is_read_by_the_number_of_its_column() -> None:
    content = table(rows=ROWS[1:])
    assert read("tweets/a.csv", content, "2") == [str(18 + number) for number in range(300)]
    with pytest.raises(UnsupportedInput, match="several columns and no header"):
        format_of("tweets/a.csv", content)
    with pytest.raises(UnsupportedInput, match="no header"):
        format_of("tweets/a.csv", content, "id")


def test_a_damaged_id_in_the_first_row_is_not_taken_for_a_header() -> None:
    assert read("tweets/a.csv", b"1.46E+18,hello\n18,hi\n", "1") == ["1.46E+18", "18"]
    assert read("tweets/a.csv", b"Key,Text\n18,hi\n", "1") == ["18"]


@pytest.mark.parametrize(
    ("content", "column", "words"),
    [
        (table(), "tweet", "There is no column named tweet. The columns are “text”, “id”, “likes”"),
        (table(), "4", "Column 4 is asked for, but the table has 3"),
        (table(), "0", "Column 0 is asked for"),
        (b"text,likes\nhello,1\n", None, "No column is known to hold post IDs. The columns are “text”, “likes”"),
        (b"key\n18\n", "tweet_id", "There is no column named tweet_id. The columns are “key”"),
        (b"key\n18\n", None, "No column is known to hold post IDs. The columns are “key”"),
        (b"user_id\n18\n", None, "“user_id” holds user IDs, which belong under users/"),
        (b"key\n18\n", "2", "Column 2 is asked for, but the table has 1"),
        (b"id,a;id\n", None, "cannot be told what separates"),
        (b"id,text,id\n18,a,19\n", None, "“id” and “id” may each hold the post IDs"),
    ],
)
def test_a_table_that_leaves_the_column_open_is_refused(content: bytes, column: str | None, words: str) -> None:
    with pytest.raises(UnsupportedInput, match=words) as caught:
        format_of("tweets/a.csv", content, column)
    assert "Name the column, or give its number from 1, in the object's metadata (id-column)" in str(caught.value)
    assert "18" not in str(caught.value)


def test_what_separates_is_told_by_the_rows_where_the_header_leaves_it_open() -> None:
    content = b"id,a;id\n" + b"".join(b"%d,b;c\n" % number for number in range(18, 30))
    assert read("tweets/a.csv", b"id,x;y\n18,a\n", None) == ["18"]
    with pytest.raises(UnsupportedInput, match="what separates"):
        format_of("tweets/a.csv", content)
    content = b"id,a;id\n18,b\n19,c\n"
    assert read("tweets/a.csv", content) == ["18", "19"]


def test_an_only_column_may_have_any_name_if_it_is_asked_for() -> None:
    assert read("tweets/a.csv", b"key\n18\n19\n", "1") == ["18", "19"]
    assert read("tweets/a.csv", b"key\n18\n19\n", "Key") == ["18", "19"]
    assert read("tweets/a.csv", b"18\n19\n", "1") == ["18", "19"]
    assert read("tweets/a.csv", b"18\n19\n", "tweet_id") == ["18", "19"]
    assert read("tweets/a.csv", b"") == []
    assert read("tweets/a.csv", b"\n\n") == ["", ""]


@pytest.mark.parametrize("key", ["tweets/a.txt", "tweets/a.jsonl", "tweets/a"])
def test_the_setting_is_about_tables_and_not_about_lists_and_posts(key: str) -> None:
    content = POSTS if key.endswith("jsonl") else IDS
    assert formats.format_of(key, content, "tweets", lambda: None, "2") == format_of(key, content)


def test_a_head_that_ends_anywhere_is_judged_as_the_whole_is() -> None:
    rows = [["id", "text"], *([str(18 + number), "long, " * 50 + "\nand more"] for number in range(2000))]
    content = table(rows=rows)
    assert len(content) > HEAD_BYTES
    for packing, pack in PACKINGS.items():
        packed = pack(content)
        found = format_of("tweets/a.csv", packed[:HEAD_BYTES])
        assert found == Format("csv", packing, 1, ",", True)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [{"kind": "xml"}, {"kind": "csv", "packing": "xz"}])
def test_there_is_no_other_format(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no such format"):
        Format(**values)  # type: ignore[arg-type]


@given(
    st.sampled_from(["a", "a.txt", "a.csv", "a.tsv", "a.jsonl", "a.parquet", "a.csv.gz", "a.json.zst"]),
    st.binary(max_size=200) | st.text(alphabet='\r\n\t ,;|"18ai{}[]:', max_size=200).map(str.encode),
    st.none() | st.text(max_size=3) | st.sampled_from(["1", "2", "id"]),
)
def test_nothing_makes_it_stumble(name: str, content: bytes, column: str | None) -> None:
    for pack in PACKINGS.values():
        with suppress(UnsupportedInput):
            if format_of(f"tweets/{name}", pack(content), column).kind != "parquet":
                read(f"tweets/{name}", pack(content), column)


def test_the_line_that_tells_excel_what_separates_is_heeded_and_is_no_row() -> None:
    content = b"id;text\r\n18;a, b\r\n19;c\r\n"
    assert read("tweets/a.csv", b"sep=;\r\n" + content) == ["18", "19"]
    assert read("tweets/a.csv", b'\xef\xbb\xbf"sep=;"\n' + content) == ["18", "19"]
    assert read("tweets/a", b"sep=,\n" + table()) == [str(18 + number) for number in range(300)]
    assert read("tweets/a.csv", b"SEP=,\nid\n18\n19\n") == ["18", "19"]


@pytest.mark.parametrize("delimiter", "\t;|")
def test_a_tsv_file_may_have_semicolons_and_bars(delimiter: str) -> None:
    assert read("tweets/a.tsv", table(delimiter)) == [str(18 + number) for number in range(300)]


def test_a_number_is_counted_by_what_separates_the_rows_and_not_by_what_else_is_in_the_header() -> None:
    content = b"text;more,id,a;b;c\n" + b"".join(b"x,%d,y\n" % number for number in range(18, 30))
    assert read("tweets/a.csv", content, "2") == [str(number) for number in range(18, 30)]


def test_other_ids_beside_a_column_chosen_by_number_are_warned_of() -> None:
    rows = [[str(1_800_000_000_000_000_000 + number), str(1_700_000_000_000_000_000 + number)] for number in range(9)]
    for content in (table(rows=rows), table(rows=[["a", "b"], *rows])):
        (warning,) = format_of("tweets/a.csv", content, "1").warnings
        assert "column 2 also holds what looks like IDs" in warning
        assert "one ID per line" in warning
    assert format_of("tweets/a.csv", table(rows=[[row[0], "7"] for row in rows]), "1").warnings == ()
    assert format_of("tweets/a.csv", table(rows=[["tweet_id", "other"], *rows])).warnings == ()


@pytest.mark.parametrize("asked", [None, "1", "id"])
def test_ids_in_rows_are_refused_whatever_is_asked_for(asked: str | None) -> None:
    rows = [[str(1_800_000_000_000_000_000 + number * 5 + at) for at in range(5)] for number in range(9)]
    for suffix in (".csv", ".txt", ".tsv", ""):
        with pytest.raises(UnsupportedInput, match="one ID per line"):
            format_of(f"tweets/a{suffix}", table(rows=rows), asked)


def test_an_only_column_that_names_something_else_is_refused_in_a_list_too() -> None:
    for header in (
        b"user_id\n",
        b"conversation_id\n",
        b"covid\n",
        b"in_reply_to_status_id\n",
        b"users\n",
        b"Quoted Tweet ID\n",
    ):
        for suffix in (".txt", ".csv", ""):
            with pytest.raises(UnsupportedInput, match="IDs"):
                format_of(f"tweets/a{suffix}", header + IDS)
    for title in (b"my favorite posts\n", b"no ID\n"):
        assert format_of("tweets/a.txt", title + IDS) == Format("lines")


def test_a_field_of_json_is_named_as_a_column_is() -> None:
    content = b'{"id": "5", "meta": {"post": "18"}}\n{"id": "6", "meta": {"post": "19"}}\n'
    assert read("tweets/a.jsonl", content, "meta.post") == ["18", "19"]
    assert read("tweets/a.jsonl", content) == ["5", "6"]
    with pytest.raises(UnsupportedInput, match="name the field"):
        format_of("tweets/a.jsonl", content, "1")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b'[{"id": "18"}', "cut off"), (b'[{"id": "18"}]{', "behind the end"), (b'["18]', "cut off")],
)
def test_an_array_that_is_not_whole_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(UnsupportedInput, match=words):
        read("tweets/a.json", content)
