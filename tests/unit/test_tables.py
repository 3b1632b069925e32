"""One column of a table: whatever a CSV writer wrote comes back, a line for each row."""

import csv
import io
import tracemalloc
from collections.abc import Iterator
from itertools import chain, repeat
from unittest.mock import patch

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from compliance.errors import UnsupportedInput
from compliance.ids import MAX_LINE
from compliance.lines import SHORT
from compliance.readers import tables as reader
from compliance.readers.tables import MAX_ROW, Table
from tests.unit.preparing import prepared

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="0123456789"), max_size=12)
CELLS = TEXTS | st.from_regex(r"[0-9]{1,19}", fullmatch=True)
DELIMITERS = st.sampled_from([",", ";", "\t", "|"])


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def lines(
    content: bytes | Iterator[bytes],
    column: int = 1,
    delimiter: str = ",",
    *,
    has_header: bool = True,
    size: int = 1000,
) -> list[str]:
    blocks = cut(content, size) if isinstance(content, bytes) else content
    with patch.object(reader, "SHORT", min(size, SHORT)):
        text = b"".join(Table(column, delimiter, has_header).lines(blocks)).decode()
    assert text == "" or text.endswith("\n")
    return text.removesuffix("\n").split("\n") if text else []


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 4))
    return draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=8))


@given(
    rows=tables(),
    delimiter=DELIMITERS,
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    size=st.integers(1, 50),
    has_header=st.booleans(),
    marked=st.booleans(),
)
def test_any_table_gives_back_its_column_however_its_bytes_are_cut(
    rows: list[list[str]], delimiter: str, end: str, quoting: int, size: int, has_header: bool, marked: bool
) -> None:
    # Python's writer, before 3.13, does not quote a CR where lines end in LF.
    assume(end == "\r\n" or quoting == csv.QUOTE_ALL or "\r" not in "".join(chain.from_iterable(rows)))
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    content = text.getvalue().encode("utf-8-sig" if marked else "utf-8")
    if not marked and text.getvalue().startswith("\ufeff"):
        return
    for column in range(1, len(rows[0]) + 1):
        found = lines(content, column, delimiter, has_header=has_header, size=size)
        assert found == [row[column - 1].replace("\n", " ") for row in rows[has_header:]]


@given(st.text(alphabet='18,;"\r\n x\x00é', max_size=60), st.integers(1, 9))
def test_any_text_gives_the_same_however_its_bytes_are_cut(text: str, size: int) -> None:
    def outcome(size: int) -> list[str] | str:
        try:
            return lines(text.encode(), has_header=False, size=size)
        except UnsupportedInput as error:
            return str(error)

    assert outcome(size) == outcome(1000)


def test_a_blank_row_and_an_empty_field_are_blank_lines() -> None:
    assert lines(b'id,text\n18,a\n\n"",b\n,c\n19,d') == ["18", "", "", "", "19"]


def test_a_newline_within_an_id_does_not_make_it_two() -> None:
    found = lines(b'id,text\n"18\n19",a\n"20\n",b\n"\r\n21",c\n')
    assert found == ["18 19", "20 ", "\r 21"]
    assert prepared(["\n".join(found).encode()]).content == b"20\n21\n"


def test_what_a_spreadsheet_did_to_an_id_is_rejected_as_it_stands() -> None:
    content = b"id,text\n1.46032E+18,a\n1460323737035677698.0,b\n18,c\n#REF!,d\n'19,e\n"
    table = Table(1, ",", has_header=True)
    part = prepared(table.lines(iter([content])), is_beginning=False)
    assert part.content == b"18\n"
    assert [reject.text for reject in part.rejects] == ["1.46032E+18", "1460323737035677698.0", "#REF!", "'19"]
    assert {reject.reason for reject in part.rejects} == {"not_digits"}
    assert [reject.line for reject in part.rejects] == [1, 2, 4, 5]


def test_a_row_that_is_not_like_the_others_is_no_id() -> None:
    found = lines(b"id,text\n18,a\n19\n20,b,c\n21,d\n")
    assert found == ["18", "a row of 1 fields, where the first has 2", "a row of 3 fields, where the first has 2", "21"]


def test_row_names_that_the_header_does_not_count_are_not_taken_for_ids() -> None:
    assert not any(line.isdecimal() for line in lines(b'"id","text"\n"1",18,"a"\n"2",19,"b"\n'))


def test_a_bare_cr_ends_a_row_and_hides_none() -> None:
    found = lines(b"id,text\n18,hello\rworld\n19,a\n")
    assert found == ["18", "a row of 1 fields, where the first has 2", "19"]
    assert lines(b"text,id\nhello\rworld,18\n", 2) == ["a row of 1 fields, where the first has 2", "18"]


def test_what_is_not_utf_8_does_no_harm_outside_the_column() -> None:
    assert lines("id,text\n18,größe\n".encode("latin-1")) == ["18"]
    assert lines(b"id,text\n\xff18,a\n") == ["\ufffd18"]


@pytest.mark.parametrize(
    "content",
    [
        b'id,text\n18,"unclosed\n19,a\n20,"b"\n',
        b'id,text\n18,"never closed\n19,a\n',
        b'id,text\n18,"closed" too early"\n19,a\n',
        b'id,text\n18,"' + b"x" * 140_000 + b'"\n19,a\n',
    ],
)
def test_quotes_that_could_hide_rows_are_refused_with_the_row(content: bytes) -> None:
    with pytest.raises(UnsupportedInput, match=r"^Row 2 of the table cannot be read .* quotes are closed"):
        lines(content)


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize(
    "rows",
    [
        ('1800000018,"Great', "1900000019,a", '2000000020,b"', "2100000021,c"),
        ("Great,1800000018", '"a,1900000019', "b,2000000020", 'c",2100000021'),
        ('x,1800000018,"Great', "y,1900000019,a", 'z,2000000020,b"'),
        ('18,"Great', "19,a", '20,b"', "21,c"),
        ('1800000018,"Great', "1900000019,a", '2000000020,b",c', "2100000021,d"),
    ],
    ids=["IDs first", "IDs last", "IDs between", "old accounts", "another width"],
)
def test_rows_that_a_stray_quote_has_swallowed_are_not_lost(rows: tuple[str, ...], delimiter: str) -> None:
    content = "".join(row.replace(",", delimiter) + "\n" for row in rows).encode()
    column = next(place for place, field in enumerate(rows[0].split(","), 1) if field.isdecimal())
    with pytest.raises(UnsupportedInput, match=r"^Row [12] of the table holds other rows within its quotes"):
        lines(content, column, delimiter, has_header=False)


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize(
    "rows",
    [
        ('1800000018,"open', "1900000019,foo, bar", '2000000020,close, now"', "2100000021,x"),
        ("open,1800000018", '"foo,1900000019', "say, so,2000000020", 'close",2100000021'),
        ('1800000018,"open', "20,x", '2000000020,close"', "2100000021,x"),
        ('1800000018,"open', '12,close"', "2100000021,x"),
        ('1800000018,"open', "7,x, y", '8,close, z"', "2100000021,x"),
    ],
    ids=["commas behind", "commas before", "a short one", "short ones", "short, and commas"],
)
def test_rows_with_more_delimiters_or_short_ids_are_not_swallowed_either(rows: tuple[str, ...], delimiter: str) -> None:
    content = "".join(row.replace(",", delimiter) + "\n" for row in rows).encode()
    column = 1 if rows[0][0] == "1" else 2
    for many in ((), (content,) * 10):
        with pytest.raises(UnsupportedInput, match=r"^Row [0-9]+ of the table (holds other rows|cannot be read)"):
            lines(b"".join([content, *many]), column, delimiter, has_header=False)


def test_a_text_that_looks_like_a_row_is_a_text_where_others_do_not() -> None:
    texts = ["one\ntwo", "so\n\nso", "a, b\nc, d", "12,000 people\nand more", "x\n3,5 percent"]
    content = "id,text\n" + "".join(f'{1800000018 + n},"{text}"\n' for n, text in enumerate(texts))
    assert lines(content.encode()) == [str(1800000018 + n) for n in range(len(texts))]


def test_a_row_that_a_quote_at_the_very_beginning_has_swallowed_is_found() -> None:
    content = b'"a,1900000019\nb,2000000020\nc",2100000021\nx,2100000022\n'
    with pytest.raises(UnsupportedInput, match=r"^Row 1 of the table holds other rows"):
        lines(content, 2, has_header=False)


@pytest.mark.parametrize("quotes", [True, False])
def test_rows_are_read_alike_with_arrays_and_one_by_one(quotes: bool) -> None:
    stray = "x" if not quotes else 'x"x'
    rows = [
        "18,a",
        "",
        "19",
        "20,b,c",
        '21,"a\nb"',
        ' "22" ,a',
        '"23",a',
        "," + stray,
        '"2""4",a',
        f"25,{stray}",
        "26,a",
    ]
    for end in ("\n", "\r\n"):
        found = lines(("id,text" + end + end.join(rows)).encode())
        assert found[:4] == [
            "18",
            "",
            "a row of 1 fields, where the first has 2",
            "a row of 3 fields, where the first has 2",
        ]
        assert found[4:] == ["21", ' "22" ', "23", "", '2"4', "25", "26"]


def test_a_range_of_a_table_goes_by_the_width_of_the_whole() -> None:
    odd = b"1800000017\n" + b"1800000018,a\n" * 3
    found = b"".join(Table(1, ",", False, False, 2).lines(iter([odd]))).splitlines()
    assert found == [b"a row of 1 fields, where the first has 2", *[b"1800000018"] * 3]


def test_a_first_row_of_several_lines_that_lacks_the_column_is_told_so() -> None:
    with pytest.raises(UnsupportedInput, match="The table has 1 columns: there is no column 2"):
        lines(b'"a\nb"\n', 2)


def test_numbers_in_a_text_of_several_lines_are_no_rows() -> None:
    text = '"3, 2, 1\n10, 000 people\n12345 of them\n9, yes"'
    assert lines(f"id,text\n1800000018,{text}\n1900000019,a\n".encode()) == ["1800000018", "1900000019"]
    assert lines(f"text,id\n{text},1800000018\na,1900000019\n".encode(), 2) == ["1800000018", "1900000019"]


def test_quotes_within_a_field_that_has_none_around_it_are_text() -> None:
    assert lines(b'id,text\n18,say "hi", \n19,5" disk\n') == ["a row of 3 fields, where the first has 2", "19"]


@pytest.mark.parametrize(
    "unit",
    [b"x" * (1 << 16), b"," * (1 << 16), b'"a\n",' * 10_000, b'"' + b"x\n" * (1 << 15)],
    ids=["a field", "fields", "fields of two lines", "quotes"],
)
def test_a_row_without_an_end_is_refused_in_bounded_memory(unit: bytes) -> None:
    read = 0

    def blocks() -> Iterator[bytes]:
        nonlocal read
        for block in chain([b"id,text\n18,a\n"], repeat(unit, (1 << 30) // len(unit))):
            read += len(block)
            yield block

    tracemalloc.start()
    with pytest.raises(UnsupportedInput, match=r"^Row 3 of the table (is longer than 4 MiB|cannot be read)"):
        lines(blocks())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read <= 2 * MAX_ROW
    assert peak < 200 << 20


def test_many_long_ids_take_no_memory() -> None:
    row = b"1" * 100_000 + b",a\n"
    tracemalloc.start()
    sent = sum(map(len, Table(1, ",", has_header=True).lines(chain([b"id,text\n"], repeat(row, 1000)))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent == 1000 * (MAX_LINE + 2)
    assert peak < 16 << 20


def test_a_table_of_nothing_has_no_lines() -> None:
    assert lines(b"") == []
    assert lines(b"id,text") == []


def test_a_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(UnsupportedInput, match="no column 3"):
        lines(b"id,text\n18,a\n", 3)
