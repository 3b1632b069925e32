"""What is no list of IDs is told by its first bytes, and what may be one is left alone."""

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.ids import BOM
from compliance.kinds import HEAD_BYTES, kind_of

IDS = b"".join(b"%d\n" % (1_800_000_000_000_000_000 + number) for number in range(1000))
TEXT = IDS.decode()


def zipped(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return packed.getvalue()


def tarred() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("ids.txt")
        member.size = len(IDS)
        archive.addfile(member, io.BytesIO(IDS))
    return packed.getvalue()


def rows(separator: str, *, end: str = "\n", header: str = "id,text,likes") -> bytes:
    lines = [f"{1_800_000_000_000_000_000 + number},hello,{number}" for number in range(200)]
    return end.join([header, *lines, ""]).replace(",", separator).encode()


OTHERS = {
    "a page": (b"<!DOCTYPE html>\n<html><body>Not found</body></html>", "web page or XML"),
    "a page in capitals": (b"\n  <HTML>", "web page or XML"),
    "a page behind a mark": (BOM + b"<html lang='en'>", "web page or XML"),
    "an error of S3": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "web page or XML"),
    "ZIP": (zipped("ids.txt"), "a ZIP file"),
    "empty ZIP": (zipped(), "a ZIP file"),
    "XLSX": (zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), "Excel workbook"),
    "XLSX, written by a program": (zipped("docProps/app.xml", "xl/worksheets/sheet1.xml"), "Excel workbook"),
    "XLS": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), "old Excel workbook"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
    "RTF": (b"{\\rtf1\\ansi\n1800000000000000000\\\n}", "a rich-text document"),
    "UTF-16 with a mark": (TEXT.encode("utf-16"), "UTF-16"),
    "UTF-16 LE": (TEXT.encode("utf-16-le"), "UTF-16"),
    "UTF-16 BE": (TEXT.encode("utf-16-be"), "UTF-16"),
    "UTF-16 BE with a mark": (b"\xfe\xff" + TEXT.encode("utf-16-be"), "UTF-16"),
    "UTF-16 with a header": ("größe;id\r\n1;2\r\n".encode("utf-16-le"), "UTF-16"),
    "nothing but the mark of UTF-16": (b"\xff\xfe", "UTF-16"),
    "UTF-32 with a mark": (TEXT.encode("utf-32"), "UTF-32"),
    "UTF-32 LE": (TEXT.encode("utf-32-le"), "UTF-32"),
    "UTF-32 BE": (TEXT.encode("utf-32-be"), "UTF-32"),
    "UTF-32 BE with a mark": (b"\x00\x00\xfe\xff" + TEXT.encode("utf-32-be"), "UTF-32"),
    "Parquet": (b"PAR1\x15\x04\x15", "a Parquet file"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04\x58", "a zstd file"),
    "bzip2": (bz2.compress(IDS), "a bzip2 file"),
    "bzip2 of nothing": (bz2.compress(b""), "a bzip2 file"),
    "xz": (lzma.compress(IDS), "an xz file"),
    "7z": (b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7z file"),
    "tar": (tarred(), "a tar archive"),
    "gzip in gzip": (gzip.compress(IDS), "packed twice"),
    "JSON": (b'[\n  "1800000000000000000"\n]', "a JSON array"),
    "JSON of numbers": (b"[1800000000000000000, 1800000000000000001]", "JSON"),
    "JSON lines": (b'{"id": "1800000000000000000"}\n{"id": "1800000000000000001"}\n', "JSON"),
    "JSON of nothing": (b"{}", "JSON"),
    "the archive of a user": (b'window.YTD.tweets.part0 = [\n  {\n    "tweet" : {', "archive that X gives"),
    "encrypted Parquet": (b"PARE\x15\x04", "an encrypted Parquet file"),
    "Avro": (b"Obj\x01\x04\x16avro.schema", "an Avro file"),
    "ORC": (b"ORC\x0a\x0b\x0a\x03\x00\x00\x00\x12", "an ORC file"),
    "Arrow": (b"ARROW1\x00\x00\xff\xff", "an Arrow file"),
    "SQLite": (b"SQLite format 3\x00\x10", "an SQLite database"),
    "lz4": (b"\x04\x22\x4d\x18\x64\x40", "an lz4 file"),
    "CSV": (rows(","), "several columns"),
    "CSV with a mark and CRLF": (BOM + rows(",", end="\r\n"), "several columns"),
    "CSV without a header": (rows(",", header="1800000000000000000,a,2"), "several columns"),
    "CSV with semicolons": (rows(";"), "several columns"),
    "TSV": (rows("\t"), "several columns"),
    "CSV with lone CRs": (rows(",", end="\r"), "several columns"),
    "CSV of one row": (b"id,text\n1800000000000000000,hello", "several columns"),
    "CSV with a text of several lines": (b'text,id\n"a, b\n\nc",18\n"d",19\n', "several columns"),
    "CSV with long texts": (b"text,id\n" + b'"%b\n\nmore, and more",18\n' % (b"word, " * 200) * 20, "several columns"),
    "all IDs in a line": (b"18,19,20,21\n", "several IDs on a line"),
    "a long line of IDs": (b", ".join(IDS.split()), "several IDs on a line"),
    "IDs in rows": (
        b"".join(IDS.split(b"\n")[0] + b";1800000000000000000;18\n18;19\n" for _ in "ab"),
        "several IDs on a line",
    ),
    "IDs in rows of four": (b"18000,18001,18002,18003\n" * 9, "several IDs on a line"),
    "IDs in rows of spaces": (b"18000 18001\n18002 18003\n18004", "several IDs on a line"),
    "ragged": (b"18,19\n20,21,22\n", "several IDs on a line"),
    "thousands": (b"tweet_id\n1,309,165,985,006,632,960\n1,351,288,156,719,996,936\n", "numbers with separators"),
    "thousands with dots": (b"1.309.165.985.006.632.960\n783.214\n", "numbers with separators"),
    "thousands with spaces": (b"1 309 165 985 006 632 960\n1 351 288 156 719 996 936\n", "numbers with separators"),
    "thousands with apostrophes": (b"1'309'165'985'006'632'960\n", "numbers with separators"),
    "an empty second column": (b"id,\n18,\n19,\n", "several columns"),
    "old Mac": (IDS.replace(b"\n", b"\r"), "carriage return alone"),
    "old Mac with a header": (b"tweet_id\r18\r19\r", "carriage return alone"),
    "old Mac, two lines": (b"18\r19", "carriage return alone"),
}


@pytest.mark.parametrize(("content", "words"), OTHERS.values(), ids=OTHERS)
def test_a_file_of_another_kind_is_refused_by_its_name_with_what_to_do(content: bytes, words: str) -> None:
    kind = kind_of(content[:HEAD_BYTES])
    assert kind is not None
    assert words in kind.name
    assert re.fullmatch(r"[A-Z].* .*\.", kind.remedy)


TEXTS = {
    "nothing": b"",
    "IDs": IDS,
    "CRLF": IDS.replace(b"\n", b"\r\n"),
    "a last line in CR": b"18\r\n19\r",
    "one line in CR": b"18\r",
    "one line in CR, and blanks": b"18\r\r \r",
    "quotes": b'"18"\n"19"\n',
    "tabs and spaces": b"\t18\t\n\t19\t\n",
    "a header": b"id\n18\n",
    "a header alone": b"tweet_id",
    "nothing but a mark": BOM,
    "blank lines": b"\n\n \n",
    "NULs": bytes(5000),
    "a NUL behind an ID": b"18\x00",
    "NULs in a text": b"18\x00\n19\x00\n20\n",
    "NULs in front": bytes(100) + IDS,
    "one long line": b"1" * 5000,
    "comments": b"list of posts, of 2026\nby me, myself\n\n" + IDS,
    "comments without an ID": b"posts, mine\n" * 1000,
    "URLs": b"https://x.com/X/status/18\n" * 10,
    "floats": b"1.46E+18\n1.47E+18\n",
    "an odd line among IDs": b"18,19\n" + IDS,
    "an odd line with a CR": b"18\r19\n20\n",
    "brackets": b"[see below]\n18\n",
    "less than": b"<18>\n19\n",
    "braces": b"{18}\n",
    "a word": b"PK\nPARIS\n7z\nBZh\n",
    "another word": b"ORC\n18\nORCA\n",
    "a list of words": b"Object\nARROW1\nSQLite\n",
    "no UTF-8": b"\xe9\n18\n",
    "a quote that never ends": b'"18\n19\n20\n',
}


@pytest.mark.parametrize("content", TEXTS.values(), ids=TEXTS)
def test_a_text_is_left_to_be_read_line_by_line(content: bytes) -> None:
    assert kind_of(content[:HEAD_BYTES]) is None


def test_parquet_as_it_is_really_written(tmp_path: Path) -> None:
    file = tmp_path / "ids.parquet"
    with duckdb.connect() as connection:
        connection.sql("SELECT 18 AS id").write_parquet(str(file))
    kind = kind_of(file.read_bytes())
    assert kind is not None
    assert kind.name == "a Parquet file"


@given(st.lists(st.integers(1, 2**63 - 1)), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.integers(0, 60))
def test_no_clean_list_is_taken_for_anything_else(ids: list[int], end: str, is_marked: bool, more: int) -> None:
    content = (BOM if is_marked else b"") + end.join(map(str, ids)).encode() + b"\n" + IDS[: 20 * more]
    assert kind_of(content[:HEAD_BYTES]) is None


@given(st.binary(max_size=300))
def test_nothing_makes_it_stumble(head: bytes) -> None:
    kind_of(head)


@given(st.text(alphabet='\r\n\t ,;"18a\x00é[{<', max_size=200))
def test_no_text_makes_it_stumble(text: str) -> None:
    kind_of(text.encode())
