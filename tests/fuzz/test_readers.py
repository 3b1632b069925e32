"""Whatever a file holds, however it is packed, and wherever it is cut: the readers say what the naive one says."""

import csv
import gzip
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import inbox_object
from adapters.id_lines import id_lines
from compliance import normalizer
from compliance.errors import UnsupportedInput
from compliance.formats import HEAD_BYTES, format_of
from compliance.ids import Reject
from compliance.normalizer import Normalizer
from compliance.readers import tables
from compliance.runs import JobType
from compliance.segments import Segment
from tests.fuzz.oracle import Answer, read_lines, read_objects, read_table, read_values

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

fuzzed = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
IDS = st.integers(1, 2**63 - 1) | st.integers(10**18, 2 * 10**18) | st.integers(1, 10**6)
BLANKS = st.text(" \t", max_size=3)
QUOTES = st.sampled_from(["", "", '"', "'"])
WRAPPED = st.builds(lambda a, q, b, number, c: f"{a}{q}{b}{number}{b}{q}{c}", BLANKS, QUOTES, BLANKS, IDS, BLANKS)
ODD = st.sampled_from(["0", "018", str(2**63), "1" * 20, "1.8e18", "18 19", '"18', "-5", "18" + " " * 5000 + "b"])
WORDS = st.text("ab ,;é\t\"'", max_size=9).filter(lambda text: '"' not in text or text.strip())
TEXTS = IDS.map(str) | WRAPPED | ODD | st.text("ab é\t", max_size=5)


class Reading:
    """Reads an object that is in memory, in ranges that may begin anywhere."""

    def __init__(self, content: bytes, key: str, job_type: JobType, block: int = 1 << 20) -> None:
        self.content, self.job_type, self.block = content, job_type, block
        form = replace(format_of(key, content[:HEAD_BYTES], job_type, lambda: None), reads_embedded=True)
        self.whole = Segment("inbox", key, "1", 0, len(content), form)

    def answer(self, cuts: tuple[int, ...] = (), *, few: int = 64) -> Answer:
        """What all ranges between the cuts give together."""
        found, rejects = Answer(), list[Reject]()
        with ExitStack() as stack:
            for name in ("blocks", "end", "range"):
                stack.enter_context(patch.object(inbox_object, f"source_{name}", getattr(self, f"_{name}")))
            stack.enter_context(patch.object(normalizer, "_FEW", few))
            stack.enter_context(patch.object(normalizer, "_RARE", 10**9))
            stack.enter_context(patch.object(tables, "SHORT", self.block))
            for start, end in pairwise((0, *cuts, len(self.content))):
                is_table = self.whole.format.kind in ("csv", "tsv")
                form = replace(self.whole.format, may_quote=False) if cuts and is_table else self.whole.format
                form = form if start == 0 else replace(form, has_header=False)
                segment = replace(self.whole, start=start, end=end, format=form)
                is_json = form.kind in ("jsonl", "json")
                is_beginning = start == 0 and form.kind == "lines"
                reader = Normalizer(rejects.append, is_beginning=is_beginning, has_marks=is_json)
                for lines, tally in reader.normalize(id_lines(segment, self.job_type)):
                    found.ids += map(int, lines.text.split())
                    found.blank += tally.blank
                    found.rejected += tally.rejected
                    found.embedded += tally.embedded
        assert len(rejects) == found.rejected
        return found.unordered() if self.whole.format.kind in ("jsonl", "json") else found

    def _blocks(self, segment: Segment) -> Iterator[bytes]:
        at = max(0, segment.start - 1)
        return (self.content[here : here + self.block] for here in range(at, len(self.content), self.block))

    def _end(self, _: Segment, size: int) -> tuple[int, bytes]:
        return len(self.content), self.content[-size:]

    def _range(self, _: Segment, start: int, end: int) -> Iterator[bytes]:
        yield self.content[start:end]


def packed(content: bytes, packing: str, at: int) -> bytes:
    """In two pieces, one behind the other."""
    pieces = (content[:at], content[at:]) if at else (content,)
    match packing:
        case ".gz":
            return b"".join(map(gzip.compress, pieces))
        case ".zst":
            return b"".join(map(zstd.compress, pieces))
    return content


def check(content: bytes, key: str, expected: Answer, packing: str, block: int, job_type: JobType = "tweets") -> None:
    """Whole and packed, read in arrays and line by line; and cut at every byte, where it can be cut."""
    for few in (0, 10**9):
        reading = Reading(packed(content, packing, len(content) // 3), key + packing, job_type, block)
        assert reading.answer(few=few) == expected
    plain = Reading(content, key, job_type, block)
    is_table = plain.whole.format.kind in ("csv", "tsv")
    if plain.whole.format.is_splittable or (is_table and b'"' not in content):
        for cut in range(1, min(len(content), 400)):
            assert plain.answer((cut,)) == expected, cut
        assert plain.answer(tuple(range(1, len(content), max(1, len(content) // 50)))) == expected


PACKINGS = st.sampled_from(["", ".gz", ".zst"])
SIZES = st.sampled_from([1, 7, 100, 1 << 20])
ENDS = st.sampled_from(["\n", "\r\n"])


@fuzzed
@given(
    lines=st.lists(TEXTS, max_size=10),
    end=ENDS,
    has_last=st.booleans(),
    mark=st.sampled_from(["", "\ufeff"]),
    packing=PACKINGS,
    block=SIZES,
)
def test_lists(lines: list[str], end: str, has_last: bool, mark: str, packing: str, block: int) -> None:
    content = mark + end.join(["18", *lines]) + end * has_last
    check(content.encode(), "tweets/a.txt", read_lines(content), packing, block)


@fuzzed
@given(
    rows=st.lists(st.lists(TEXTS | WORDS, min_size=1, max_size=4), max_size=8),
    column=st.integers(0, 2),
    delimiter=st.sampled_from([",", ";", "|", "\t"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    text=st.text('ab \n,"', max_size=8),
    end=ENDS,
    packing=PACKINGS,
    block=SIZES,
)
def test_tables(
    rows: list[list[str]], column: int, delimiter: str, quoting: int, text: str, end: str, packing: str, block: int
) -> None:
    header = ["day", "text", "lang"]
    header[column] = "tweet_id"
    good = [["1", text, "en"], *rows, ["18"] * 3]
    good[0][column] = "1800000000000000000"
    table = io.StringIO(newline="")
    writer = csv.writer(table, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([header, *good])
    content = table.getvalue().encode()
    check(content, "tweets/a.csv", read_table([header, *good], column), packing, block)


@fuzzed
@given(content=st.text('18,"\n ab', max_size=60), block=SIZES)
def test_no_row_of_a_table_with_stray_quotes_vanishes(content: str, block: int) -> None:
    table = f"tweet_id,text\n1800000000000000000,a\n{content}\n"
    try:
        found = Reading(table.encode(), "tweets/a.csv", "tweets", block).answer()
        alike = Reading(table.encode(), "tweets/a.csv", "tweets").answer()
        rows = list(csv.reader(io.StringIO(table, newline=""), strict=True))
    except (UnsupportedInput, csv.Error):
        return
    assert found == alike == read_table(rows, 0)


OTHERS = st.fixed_dictionaries({"id": IDS.map(str), "username": st.just("jill")})
REFERENCES = st.fixed_dictionaries({"type": st.just("quoted"), "id": IDS.map(str)})


def copied(posts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Posts that hold copies of posts and users, and references to others."""
    flat = st.builds(lambda reference, post: reference | post, REFERENCES, posts)
    more = st.fixed_dictionaries(
        {},
        optional={
            "referenced_tweets": st.lists(REFERENCES | flat, max_size=3),
            "quoted_tweet": posts,
            "in_reply_to_user": OTHERS,
        },
    )
    return st.builds(lambda post, within: post | within, posts, more)


PLAIN = st.fixed_dictionaries(
    {"id": IDS.map(str), "text": st.text('ab\n"é{', max_size=5), "author_id": IDS.map(str)},
    optional={"lang": st.just("en"), "public_metrics": st.just({"id": 5})},
)
POSTS = st.recursive(PLAIN, copied, max_leaves=5)
INCLUDES = st.fixed_dictionaries(
    {},
    optional={
        "tweets": st.lists(POSTS, max_size=3),
        "users": st.lists(OTHERS, max_size=3),
        "media": st.just([{"id": 7}]),
    },
)
USERS = st.fixed_dictionaries({"id": IDS.map(str), "username": st.just("jack"), "name": st.text("ab é", max_size=5)})
PAGES = st.fixed_dictionaries(
    {"data": st.lists(POSTS, max_size=4)},
    optional={"meta": st.just({"result_count": 1}), "errors": st.just([]), "includes": INCLUDES},
)
BARE = IDS.map(str) | st.just("")


@fuzzed
@given(
    records=st.lists(POSTS | USERS | PAGES | BARE, max_size=8),
    spaces=st.booleans(),
    packing=PACKINGS,
    block=SIZES,
    job_type=st.sampled_from(["tweets", "users"]),
    is_array=st.booleans(),
)
def test_json(records: list[Any], spaces: bool, packing: str, block: int, job_type: JobType, is_array: bool) -> None:
    records = [record for record in records if not (is_array and isinstance(record, str))]
    first = {"id": "18", "text": "a", "author_id": "7"}
    separators = (", ", ": ") if spaces else (",", ":")
    lines = [
        record if isinstance(record, str) else json.dumps(record, separators=separators, ensure_ascii=spaces)
        for record in [first, *records]
    ]
    expected = read_objects([first, *records], job_type).unordered()
    if is_array:
        check(f"[{','.join(lines)}]".encode(), "tweets/a.json", expected, packing, block, job_type)
    else:
        check("".join(line + "\n" for line in lines).encode(), "tweets/a.jsonl", expected, packing, block, job_type)


VALUES = {
    "BIGINT": st.integers(-(2**63), 2**63 - 1) | IDS,
    "UBIGINT": st.integers(0, 2**64 - 1),
    "VARCHAR": TEXTS.filter(lambda text: len(text) < 100) | WORDS | st.text("18\n\v", max_size=5),
    "DECIMAL(22,2)": IDS.map(lambda number: Decimal(number) / 1) | st.integers(0, 999).map(lambda n: Decimal(n) / 100),
}


@pytest.mark.parametrize("kind", VALUES)
@fuzzed
@given(data=st.data(), cut=st.floats(0.01, 0.99))
def test_parquet(tmp_path: Path, kind: str, data: st.DataObject, cut: float) -> None:
    values = data.draw(st.lists(st.none() | VALUES[kind], min_size=1, max_size=10))
    file = tmp_path / "a.parquet"
    with duckdb.connect(config={"threads": 1}) as connection:
        query = f"SELECT 'x' AS text, unnest(?::{kind}[]) AS tweet_id FROM range(300)"
        connection.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet, ROW_GROUP_SIZE 2048)", [values])
    reading = Reading(file.read_bytes(), "tweets/a.parquet", "tweets")
    expected = read_values(values * 300)
    assert reading.answer() == expected
    assert reading.answer((max(1, int(len(reading.content) * cut)),)) == expected
