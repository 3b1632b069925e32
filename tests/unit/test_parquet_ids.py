"""The column of IDs of a Parquet file: every row a line, in its order."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import parquet_ids
from adapters.parquet_ids import count_rows, id_lines
from compliance.errors import UnsupportedInput
from compliance.runs import JobType


def written(path: Path, query: str, *values: Any, rows: int = 122_880) -> Path:
    file = path / "a.parquet"
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet, ROW_GROUP_SIZE {rows})", list(values))
    return file


def lines(file: Path, column: str | None = None, job_type: JobType = "tweets", **rows: int) -> list[str]:
    text = b"".join(id_lines(file, column, job_type, **rows)).decode()
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
    assert count_rows(file) == 2


@pytest.mark.parametrize(("kind", "text"), [("DOUBLE", "1.8e+18"), ("DECIMAL(38,1)", "1800000000000000000.0")])
def test_numbers_that_may_have_lost_digits_are_no_ids(tmp_path: Path, kind: str, text: str) -> None:
    assert lines(written(tmp_path, f"SELECT CAST('1800000000000000000' AS {kind}) AS id")) == [text]


@pytest.mark.parametrize("value", ["[18]", "{'a': 18}", "MAP {'a': 18}"])
def test_a_column_of_lists_or_objects_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(UnsupportedInput, match="The column of IDs holds values of the type"):
        lines(written(tmp_path, f"SELECT {value} AS id, 'x' AS text"))


def test_the_column_is_named_numbered_usual_or_the_only_one(tmp_path: Path) -> None:
    file = written(tmp_path, """SELECT 1 AS "id", 2 AS "author_id", 3 AS "a ""b"" 'c'" """)
    assert lines(file) == ["1"]
    assert lines(file, job_type="users") == lines(file, "Author ID") == lines(file, "2") == ["2"]
    assert lines(file, "a \"b\" 'c'") == lines(file, "3") == ["3"]
    with pytest.raises(UnsupportedInput, match="no column named post, among 3"):
        lines(file, "post")
    with pytest.raises(UnsupportedInput, match="Column 4 is asked for"):
        lines(file, "4")
    assert lines(written(tmp_path, "SELECT 5 AS whatever")) == ["5"]
    with pytest.raises(UnsupportedInput, match="no column that is known"):
        lines(written(tmp_path, "SELECT 5 AS whatever, 6 AS more"))


def test_every_row_comes_once_and_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "SELECT 10000 - range AS id, 'x' AS text FROM range(10000)", rows=2048)
    expected = [str(10_000 - number) for number in range(10_000)]
    for step in (1, 999, 2048, 10_000, 10_001):
        monkeypatch.setattr(parquet_ids, "STEP", step)
        if step > 1:
            assert lines(file) == expected
            assert lines(file, start=100, end=5100) == expected[100:5100]
        assert lines(file, start=2040, end=2060) == expected[2040:2060]
    assert lines(file, start=5, end=5) == []


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
    assert lines(file) == ["1" * 100, "18"]


def test_a_table_without_rows_has_no_lines(tmp_path: Path) -> None:
    assert lines(written(tmp_path, "SELECT 1 AS id LIMIT 0")) == []


@pytest.mark.parametrize("keep", [4, 50, -1, -8, -30])
def test_a_damaged_file_is_refused(tmp_path: Path, keep: int) -> None:
    file = written(tmp_path, "SELECT range AS id FROM range(1000)")
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(UnsupportedInput, match=r"^The Parquet file is damaged"):
        lines(file)


def test_a_file_that_lacks_rows_is_not_taken_for_whole(tmp_path: Path) -> None:
    file = written(tmp_path, "SELECT range AS id FROM range(10)")
    with pytest.raises(UnsupportedInput, match="does not have the rows"):
        lines(file, end=11)
    file = written(tmp_path, "SELECT range AS id, range % 2 AS file_row_number FROM range(10)")
    with pytest.raises(UnsupportedInput, match="Parquet file"):
        lines(file)
