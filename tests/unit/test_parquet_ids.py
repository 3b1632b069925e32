"""The column of IDs of a Parquet file: every row a line, in its order."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import parquet_ids
from adapters.parquet_ids import id_lines
from compliance.accounting import Rows
from compliance.errors import PartTooLarge, UnsupportedInput
from compliance.runs import JobType
from tests.unit.preparing import prepared


def written(path: Path, query: str, *values: Any, rows: int = 122_880) -> Path:
    file = path / "a.parquet"
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet, ROW_GROUP_SIZE {rows})", list(values))
    return file


def lines(
    file: Path,
    column: str | None = None,
    job_type: JobType = "tweets",
    between: tuple[int, int] = (0, 1 << 40),
    rows: Rows | None = None,
) -> list[str]:
    """The lines of a file of which nothing is there but its end, and what is fetched."""
    content = file.read_bytes()
    kept = len(content) - int.from_bytes(content[-8:-4], "little") - 8

    def fetch(start: int, end: int) -> None:
        with holes.open("r+b") as opened:
            opened.seek(start)
            opened.write(content[start:end])

    holes = file.with_name("holes.parquet")
    holes.write_bytes(b"\xff" * kept + content[kept:] if kept > 0 else content)
    text = b"".join(id_lines(holes, column, job_type, between, fetch, rows=rows)).decode()
    assert text == "" or text.endswith("\n")
    return text.removesuffix("\n").split("\n") if text else []


TYPES = {
    "BIGINT": "1800000000000000000",
    "UBIGINT": "18446744073709551615",
    "INTEGER": "18",
    "VARCHAR": "1800000000000000000",
    "BLOB": "1800000000000000000",
    "DECIMAL(19,0)": "1800000000000000000",
}


@pytest.mark.parametrize(("kind", "value"), TYPES.items())
def test_whole_numbers_and_texts_are_ids_and_nothing_is_a_blank_line(tmp_path: Path, kind: str, value: str) -> None:
    file = written(tmp_path, f"SELECT 'x' AS text, CAST(v AS {kind}) AS id FROM (VALUES ('{value}'), (NULL)) AS t(v)")
    assert lines(file) == [value, ""]


def test_a_number_that_may_have_lost_digits_is_no_id(tmp_path: Path) -> None:
    assert lines(written(tmp_path, "SELECT CAST('1800000000000000000' AS DOUBLE) AS id")) == ["1.8e+18"]


@pytest.mark.parametrize("kind", ["DECIMAL(38,1)", "DECIMAL(22,2)", "DECIMAL(38,19)", "DECIMAL(18,0)", "DECIMAL(9,4)"])
def test_a_decimal_is_an_id_unless_it_has_a_fraction(tmp_path: Path, kind: str) -> None:
    whole = "18000" if kind == "DECIMAL(9,4)" else "180000000000000000"
    file = written(tmp_path, f"SELECT CAST(v AS {kind}) AS id FROM (VALUES ('{whole}'), (NULL), ('10')) AS t(v)")
    assert lines(file) == [whole, "", "10"]
    if not kind.endswith(",0)"):
        (line,) = lines(written(tmp_path, f"SELECT CAST('10.1' AS {kind}) AS id"))
        assert line.startswith("10.1")


def test_a_json_value_of_several_lines_is_one_row(tmp_path: Path) -> None:
    file = written(tmp_path, "SELECT unnest(['{\"a\":\n18\n}', '19', '\"20\"'])::JSON AS id")
    assert lines(file) == ['{"a": 18 }', "19", '"20"']


@pytest.mark.parametrize("kind", ["BLOB", "VARCHAR"])
def test_a_value_that_is_not_utf_8_is_no_id_and_the_others_are_read(tmp_path: Path, kind: str) -> None:
    file = written(tmp_path, f"SELECT unnest(['18', 'Q19', '20Q', '2Q1', '22'])::{kind} AS id, 'x' AS text")
    file.write_bytes(file.read_bytes().replace(b"Q", b"\xff"))
    first, *odd, last = lines(file)
    assert (first, last) == ("18", "22")
    assert not any(line.isdecimal() for line in odd)
    assert len(odd) == 3


@pytest.mark.parametrize("name", ["file_row_number", "File_Row_Number", "filename", "file_index", "rowid"])
def test_a_column_may_have_the_name_of_one_of_duckdbs_own(tmp_path: Path, name: str) -> None:
    file = written(tmp_path, f'SELECT 18 + range AS id, 7 - range AS "{name}" FROM range(3)', rows=2048)
    assert lines(file) == ["18", "19", "20"]
    assert lines(file, name) == lines(file, "2") == ["7", "6", "5"]


@pytest.mark.parametrize("between", [" " * 98, "\t" * 98, "\n" * 98, " " * 5000])
@pytest.mark.parametrize("around", ["{}", "  {}  ", "\t{}"])
def test_what_stands_behind_many_blanks_belongs_to_the_value(tmp_path: Path, between: str, around: str) -> None:
    value = around.format(f"123{between}garbage")
    (line,) = lines(written(tmp_path, "SELECT unnest(?::VARCHAR[]) AS id", [value]))
    assert line.strip() != "123"
    assert prepared([line.encode() + b"\n"]).counts["rejected"] == 1


@pytest.mark.parametrize("blank", " \t\n\r\v\f")
def test_blanks_around_an_id_are_not_looked_at_however_many(tmp_path: Path, blank: str) -> None:
    file = written(tmp_path, "SELECT unnest(?::VARCHAR[]) AS id", [blank * 200 + "18" + blank * 200, blank + "19"])
    assert prepared(["\n".join([*lines(file), ""]).encode()]).content == b"18\n19\n"


def varint(number: int) -> bytes:
    """As Thrift's compact protocol writes a number that is not negative, in zigzag."""
    number, found = 2 * number, []
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


@pytest.mark.parametrize("name", ["id", "text"])
def test_a_group_of_rows_outside_of_the_file_is_missed(tmp_path: Path, name: str) -> None:
    file = written(
        tmp_path, "SELECT hash(range) % 9000000 AS id, (range % 7)::VARCHAR AS text FROM range(9000)", rows=2048
    )
    with duckdb.connect() as connection:
        offsets = connection.execute(
            "SELECT coalesce(nullif(dictionary_page_offset, 0), data_page_offset) FROM parquet_metadata(?) "
            "WHERE path_in_schema = ?",
            [str(file), name],
        ).fetchall()
    at, far = varint(offsets[-1][0]), varint(1_000_000)
    content = file.read_bytes()
    end = len(content) - int.from_bytes(content[-8:-4], "little") - 8
    assert len(at) == len(far)
    assert len(content) < 1_000_000
    assert at in content[end:]
    file.write_bytes(content[:end] + content[end:].replace(at, far))
    with pytest.raises(UnsupportedInput, match="Parquet file is damaged"):
        lines(file, name, between=(0, len(content)))


def test_a_column_that_repeats_itself_is_bounded_by_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "SELECT 18 AS id FROM range(10000)")
    monkeypatch.setattr(parquet_ids, "MOST_ROWS", 10_000)
    assert len(lines(file)) == 10_000
    monkeypatch.setattr(parquet_ids, "MOST_ROWS", 9_999)
    with pytest.raises(PartTooLarge, match="write the Parquet file as several"):
        lines(file)


@pytest.mark.parametrize("value", ["[18]", "{'a': 18}", "MAP {'a': 18}"])
def test_a_column_of_lists_or_objects_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(UnsupportedInput, match="The column of IDs holds values of the type"):
        lines(written(tmp_path, f"SELECT {value} AS id, 'x' AS text"))


def test_the_column_is_named_numbered_or_has_a_usual_name(tmp_path: Path) -> None:
    file = written(tmp_path, """SELECT 1 AS "id", 2 AS "author_id", 3 AS "a ""b"" 'c'" """)
    assert lines(file) == ["1"]
    assert lines(file, job_type="users") == lines(file, "Author ID") == lines(file, "2") == ["2"]
    assert lines(file, "a \"b\" 'c'") == lines(file, "3") == ["3"]
    with pytest.raises(UnsupportedInput, match=r"no column named post\. The columns are"):
        lines(file, "post")
    with pytest.raises(UnsupportedInput, match="Column 4 is asked for"):
        lines(file, "4")
    only = written(tmp_path, "SELECT 5 AS whatever")
    assert lines(only, "1") == ["5"]
    with pytest.raises(UnsupportedInput, match="No column is known to hold post IDs"):
        lines(only)
    with pytest.raises(UnsupportedInput, match="No column is known"):
        lines(written(tmp_path, "SELECT 5 AS whatever, 6 AS more"))


@pytest.mark.parametrize(
    ("count", "step"), [(20, 1), (10_000, 100), (10_000, 999), (10_000, 2048), (10_000, 10_000), (10_000, 10_001)]
)
def test_every_row_comes_once_and_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, step: int
) -> None:
    monkeypatch.setattr(parquet_ids, "STEP", step)
    file = written(tmp_path, f"SELECT {count} - range AS id, 'x' || range AS text FROM range({count})", rows=2048)
    assert lines(file) == [str(count - number) for number in range(count)]


@pytest.mark.parametrize("name", ["id", "text"])
@pytest.mark.parametrize("longest", [100, 10_000, 30_000, 1 << 20])
def test_ranges_together_have_every_row_once(tmp_path: Path, name: str, longest: int) -> None:
    query = "SELECT 10000 - range AS id, (range % 7)::VARCHAR AS text FROM range(10000)"
    file = written(tmp_path, query, rows=2048)
    starts = range(0, file.stat().st_size, longest)
    rows = Rows()
    found = [line for start in starts for line in lines(file, name, between=(start, start + longest), rows=rows)]
    assert found == lines(file, name)
    assert rows == Rows(10_000, 10_000)
    assert len(found) == 10_000
    if longest == 100:
        assert lines(file, name, between=(0, 4)) == []


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=9)
)
def test_any_texts_give_a_line_each(tmp_path: Path, texts: list[str | None]) -> None:
    found = lines(written(tmp_path, "SELECT unnest(?::VARCHAR[]) AS id", texts))
    assert len(found) == len(texts)
    for line, text in zip(found, texts, strict=True):
        assert line.strip() == (text or "").replace("\n", " ").strip()


def test_a_long_text_is_cut_and_blanks_around_an_id_are_not_what_is_kept(tmp_path: Path) -> None:
    file = written(tmp_path, "SELECT unnest([repeat('1', 5000000), repeat(' ', 5000) || '18']) AS id")
    assert lines(file) == ["1" * 100 + "…", "18"]


def test_a_table_without_rows_has_no_lines(tmp_path: Path) -> None:
    assert lines(written(tmp_path, "SELECT 1 AS id LIMIT 0")) == []


@pytest.mark.parametrize("keep", [4, 50, -1, -8, -30])
def test_a_damaged_file_is_refused(tmp_path: Path, keep: int) -> None:
    file = written(tmp_path, "SELECT range AS id FROM range(1000)")
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(UnsupportedInput, match=r"^The Parquet file is damaged"):
        lines(file)


def test_rows_that_a_group_does_not_have_are_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "SELECT range AS id FROM range(10)")
    groups = parquet_ids._groups

    def one_more(*of: Any) -> list[Any]:
        return [replace(group, rows=group.rows + 1) for group in groups(*of)]

    monkeypatch.setattr(parquet_ids, "_groups", one_more)
    with pytest.raises(UnsupportedInput, match="does not have the rows"):
        lines(file)


def test_what_is_not_fetched_is_not_read(tmp_path: Path) -> None:
    file = written(tmp_path, "SELECT range AS id FROM range(10000)")
    file.write_bytes(b"\0" * 4000 + file.read_bytes()[4000:])
    with pytest.raises(UnsupportedInput, match="Parquet file is damaged"):
        lines(file)


def test_a_group_that_the_disk_has_no_room_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_ids, "MAX_GROUP", 100)
    with pytest.raises(PartTooLarge, match="write the Parquet file in smaller groups"):
        lines(written(tmp_path, "SELECT range AS id FROM range(10000)"))


def test_columns_of_the_same_name_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "SELECT range AS id, range AS ib FROM range(3)")
    file.write_bytes(file.read_bytes().replace(b"ib", b"id"))
    with pytest.raises(UnsupportedInput, match="may have the same name"):
        lines(file, "2")
