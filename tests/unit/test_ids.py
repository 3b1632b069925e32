"""Every line of an input is accounted for, once."""

import tracemalloc
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compliance.ids import MAX_ID, MAX_LINE, MAX_TEXT, Reject, read_id
from compliance.runs import Counts
from tests.unit.preparing import prepared, prepared_parts


def normalized(blocks: Iterable[bytes]) -> tuple[list[bytes], Counts, list[Reject]]:
    part = prepared(blocks)
    return part.content.splitlines(), part.counts, part.rejects


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def test_plain_ids_come_out_as_they_went_in() -> None:
    lines, counts, rejects = normalized([b"1\n20\n1234567890123456789\n"])
    assert lines == [b"1", b"20", b"1234567890123456789"]
    assert counts == {"lines": 3, "blank": 0, "notice": 0, "embedded": 0, "accepted": 3, "duplicate": 0, "rejected": 0}
    assert rejects == []


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf1\n2\n",
        b"1\r\n2\r\n",
        b"1\n2",
        b'"1"\n"2"\n',
        b"'1'\n'2'\n",
        b"  1\t\n\t 2  \n",
        b' "1" \r\n " 2 "\r\n',
        b"\n1\n\n2\n\n",
        b"1\r\n2\r",
    ],
)
def test_what_editors_and_spreadsheets_do_to_a_list_is_tolerated(content: bytes) -> None:
    lines, counts, _ = normalized([content])
    assert lines == [b"1", b"2"]
    assert counts["rejected"] == counts["duplicate"] == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"id", "not_digits"),
        (b"1,2", "not_digits"),
        (b"1 2", "not_digits"),
        (b"-1", "not_digits"),
        (b"1.0", "not_digits"),
        (b"1e18", "not_digits"),
        ("١٢٣".encode(), "not_digits"),
        (b"\"1'", "not_digits"),
        (b'"1', "not_digits"),
        (b"1\x00", "not_digits"),
        (b"\xff\xfe1\x00", "not_digits"),
        (b"0", "leading_zero"),
        (b"007", "leading_zero"),
        (b"12345678901234567890", "too_many_digits"),
        (b"9223372036854775808", "out_of_range"),
        (b"9999999999999999999", "out_of_range"),
        (b"1" * (MAX_LINE + 1), "line_too_long"),
    ],
)
def test_a_line_that_is_no_id_says_why(line: bytes, reason: str) -> None:
    assert read_id(line) == reason
    lines, counts, rejects = normalized([b"5\n" + line + b"\n6\n"])
    assert lines == [b"5", b"6"]
    assert counts["rejected"] == 1
    assert (rejects[0].line, rejects[0].reason) == (2, reason)


@pytest.mark.parametrize(
    "line",
    [b"id", b"ID", b"tweet_id", b'"tweet_id"', b"'user_id'\r", b"User ID", b"tweetId", b"id_str", b" ids ", b"data.id"],
)
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n \n"])
def test_a_header_is_a_reject_of_its_own(before: bytes, line: bytes) -> None:
    part = prepared([before + line + b"\n5\n6\n"])
    assert part.content == b"5\n6\n"
    assert (part.counts["rejected"], part.oddities["headers"]) == (1, 1)
    assert (part.rejects[0].reason, part.rejects[0].text) == ("header", line.strip().decode())


@pytest.mark.parametrize(
    "line", [b"text", b"1 id", b"-1", b"id,text", b"\"id'", b"ident", b"x" * 63 + b"id", "größe_id".encode(), b"#id"]
)
def test_any_other_first_line_is_a_reject_like_the_others(line: bytes) -> None:
    part = prepared([line + b"\n5\n"])
    assert (part.counts["rejected"], part.oddities["headers"]) == (1, 0)


def test_a_header_stands_in_the_first_line_of_a_file_and_nowhere_else() -> None:
    rejects = prepared([b"id\n5\n"], is_beginning=False).rejects
    for content in (b"id\nid\n5\n", b"5\nid\n", b"x\nid\n5\n"):
        rejects += prepared([content]).rejects
    assert [reject.reason for reject in rejects].count("header") == 1
    assert [(reject.line, reject.reason) for reject in rejects[:3]] == [
        (1, "not_digits"),
        (1, "header"),
        (2, "not_digits"),
    ]


@pytest.mark.parametrize(
    ("first", "reason"),
    [(b" " * 4095 + b"x", "not_digits"), (b" " * 4096 + b"x", "line_too_long"), (b" " * 4097, "line_too_long")],
)
def test_a_line_is_read_up_to_its_longest_length(first: bytes, reason: str) -> None:
    _, _, rejects = normalized([first + b"\n5\n"])
    assert [reject.reason for reject in rejects] == [reason]
    assert normalized([b" " * 4095 + b"1\n" + b" " * 4096 + b"\n"])[1] == {
        "lines": 2,
        "blank": 1,
        "notice": 0,
        "embedded": 0,
        "accepted": 1,
        "duplicate": 0,
        "rejected": 0,
    }


@pytest.mark.parametrize(("length", "reason"), [(64, "header"), (65, "not_digits")])
def test_a_header_has_its_longest_length(length: int, reason: str) -> None:
    _, _, rejects = normalized([b"tweet" + b"_" * (length - 7) + b"id\n5\n"])
    assert [reject.reason for reject in rejects] == [reason]


def test_the_largest_id_is_one() -> None:
    assert read_id(str(MAX_ID).encode()) == MAX_ID == 9223372036854775807


def test_a_reject_shows_the_lines_beginning_even_of_bytes_that_are_no_text() -> None:
    _, _, rejects = normalized([b"\xff\xfe" + "é".encode() * 300 + b"\n"])
    assert rejects[0].text == "��" + "é" * (MAX_TEXT - 2)


def test_an_id_comes_out_once_however_it_is_written() -> None:
    lines, counts, _ = normalized([b'7\n"7"\n 7 \r\n8\n7'])
    assert lines == [b"7", b"8"]
    assert counts == {"lines": 5, "blank": 0, "notice": 0, "embedded": 0, "accepted": 2, "duplicate": 3, "rejected": 0}


def test_a_byte_order_mark_belongs_to_the_first_line_only() -> None:
    _, counts, _ = normalized([b"1\n\xef\xbb\xbf2\n"])
    assert (counts["accepted"], counts["rejected"]) == (1, 1)


def test_an_overlong_line_is_rejected_in_bounded_memory() -> None:
    def endless() -> Iterator[bytes]:
        yield b"1\n"
        for _ in range(300):
            yield b"9" * 100_000
        yield b"\n2\n"

    tracemalloc.start()
    lines, counts, rejects = normalized(endless())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == [b"1", b"2"]
    assert [reject.reason for reject in rejects] == ["line_too_long"]
    assert counts["lines"] == 3
    assert peak < 2_000_000


@pytest.mark.parametrize(("limit", "parts"), [(12, [12]), (11, [8, 4])])
def test_a_part_is_filled_up_to_its_last_byte(limit: int, parts: list[int]) -> None:
    found = prepared_parts([b"100\n", b"200\n", b"300\n"], limit)
    assert [len(part.content) for part in found] == parts


def test_repeats_take_no_room_in_a_part() -> None:
    blocks = [b"".join(b"%d\n" % number for number in range(100, 110))] * 50
    (part,) = prepared_parts(blocks, 90)
    assert part.content == blocks[0]
    assert (part.counts["lines"], part.counts["accepted"], part.counts["duplicate"]) == (500, 10, 490)


@given(
    blocks=st.lists(st.lists(st.integers(1000, 1060), min_size=1, max_size=8), max_size=40),
    limit=st.integers(40, 400),
)
def test_parts_together_have_every_id_and_account_for_every_line(blocks: list[list[int]], limit: int) -> None:
    texts = [b"".join(b"%d\n" % number for number in block) for block in blocks]
    parts = prepared_parts(texts, limit)
    contents = [part.content.split() for part in parts]
    assert {int(line) for content in contents for line in content} == {number for block in blocks for number in block}
    assert sum(part.counts["lines"] for part in parts) == sum(map(len, blocks))
    for part, content in zip(parts, contents, strict=True):
        assert len(content) == len(set(content)) == part.counts["accepted"]
        assert part.counts["lines"] == part.counts["accepted"] + part.counts["duplicate"]
        assert len(part.content) <= limit
    assert all(len(part.content) + max(limit // 4, 40) > limit for part in parts[:-1])


def test_no_blocks_are_no_lines() -> None:
    assert normalized([]) == (
        [],
        {"lines": 0, "blank": 0, "notice": 0, "embedded": 0, "accepted": 0, "duplicate": 0, "rejected": 0},
        [],
    )


LINES = st.one_of(
    st.integers(0, 30).map(lambda number: b"%d" % number),
    st.integers(2**63 - 3, 2**63 + 3).map(lambda number: b"%d" % number),
    st.sampled_from([b"", b" ", b"\r", b"x", b'"12"', b"\xef\xbb\xbf12", b"1" * (MAX_LINE - 1), b"1" * 9000]),
    st.sampled_from([b" " * (MAX_LINE + 5), b" " * (MAX_LINE + 5) + b"12"]),
    st.binary(max_size=30).map(lambda content: content.replace(b"\n", b"")),
)
FILES = st.builds(
    lambda lines, end: b"\n".join(lines) + end, st.lists(LINES, max_size=40), st.sampled_from([b"", b"\n"])
)


@given(content=FILES, size=st.integers(1, 6000))
@example(content=b"1\n\n2", size=1)
def test_accepted_duplicate_rejected_and_blank_are_all_lines(content: bytes, size: int) -> None:
    lines, counts, rejects = normalized(cut(content, size))
    assert counts["lines"] == counts["blank"] + counts["accepted"] + counts["duplicate"] + counts["rejected"]
    assert counts["lines"] == content.count(b"\n") + (not content.endswith(b"\n") and content != b"")
    assert counts["accepted"] == len(lines) == len(set(lines))
    assert counts["rejected"] == len(rejects)
    assert [reject.line for reject in rejects] == sorted({reject.line for reject in rejects})
    assert all(line == b"%d" % int(line) and 0 < int(line) <= MAX_ID for line in lines)


@given(content=FILES, size=st.integers(1, 6000))
@example(content=b" " * (MAX_LINE + 2000) + b"12" + b"\n", size=MAX_LINE + 2002)
def test_where_the_blocks_end_changes_nothing(content: bytes, size: int) -> None:
    assert normalized(cut(content, size)) == normalized([content])


@given(ids=st.lists(st.integers(1, MAX_ID)), size=st.integers(1, 200))
def test_no_id_of_a_clean_list_is_lost(ids: list[int], size: int) -> None:
    content = b"".join(b"%d\n" % number for number in ids)
    lines, _, _ = normalized(cut(content, size))
    assert [int(line) for line in lines] == list(dict.fromkeys(ids))
