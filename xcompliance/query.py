"""Questions to Athena: a view, a table or a saved query by its name, or any SQL; and answers in four formats."""

import csv
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Final

from rich.console import Console
from rich.markup import escape
from sqlglot import exp

from compliance.runs import JobType
from xcompliance import athena
from xcompliance.athena import Row, Stream
from xcompliance.catalog import Catalog, read_catalog
from xcompliance.errors import CommandError
from xcompliance.formats import Format
from xcompliance.report import plain_table
from xcompliance.stack import Stack
from xcompliance.views import ATHENA, Narrowing, for_athena, for_sandbox
from xcompliance.whole_file import whole_file

_NAME: Final = re.compile(r"\w+", re.ASCII)
_NUMBERS: Final = ("tinyint", "smallint", "integer", "bigint")


def narrowing_of(job_type: JobType | None, since: str | None) -> Narrowing:
    """What is to be read; raises CommandError when ``since`` is no day."""
    try:
        return Narrowing(job_type, since and date.fromisoformat(since).isoformat())
    except ValueError:
        raise CommandError(f"--since must be a day, such as 2026-11-23, not {since!r}.") from None


def ask(stack: Stack, question: str, limit: int | None, narrowing: Narrowing) -> Stream:
    """The answer to a name or to SQL; raises CommandError for a name that means nothing.

    ``limit``: how many rows of a view or a table; a saved query and SQL say that by themselves.
    """
    database = stack["GlueDatabaseName"]
    is_name = _NAME.fullmatch(question) is not None
    if not (is_name or stack.is_sandbox or narrowing):
        return athena.stream(stack, question)
    catalog = read_catalog(stack)
    sql = _named(stack, question, catalog, limit) if is_name else question
    if stack.is_sandbox:
        sql = for_sandbox(sql, catalog, database, narrowing)
    elif narrowing:
        sql = for_athena(sql, catalog, database, narrowing)
    return athena.stream(stack, sql)


def _named(stack: Stack, name: str, catalog: Catalog, limit: int | None) -> str:
    if name in catalog:
        every = exp.select("*").from_(name)
        return (every.limit(limit) if limit else every).sql(dialect=ATHENA)
    saved = _saved_queries(stack)
    if name in saved:
        return saved[name]
    names = [*catalog, *saved]
    near = get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(names))}."
    raise CommandError(f"There is no view, table or saved query {name}. {hint}")


def _saved_queries(stack: Stack) -> dict[str, str]:
    """The workgroup's saved queries, by name."""
    pages = stack.athena.get_paginator("list_named_queries").paginate(WorkGroup=stack["AthenaWorkGroupName"])
    found: dict[str, str] = {}
    for page in pages:
        if ids := page["NamedQueryIds"]:
            queries = stack.athena.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"]
            found |= {query["Name"]: query["QueryString"] for query in queries}
    return found


def write(answer: Stream, form: Format, file: Path | None) -> int:
    """Writes an answer to a file or to stdout; returns the number of rows. A file is there when it is whole."""
    with _opened(file) as target:
        if form == "table":
            return _write_table(answer, target)
        if form == "csv":
            return _write_csv(answer, target)
        if form == "json":
            return _write_json(answer, target)
        return _write_json_lines(answer, target)


@contextmanager
def _opened(file: Path | None) -> Iterator[IO[str]]:
    if file is None:
        yield sys.stdout
        return
    with whole_file(file) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as target:
        yield target


def _write_table(answer: Stream, target: IO[str]) -> int:
    numbers = [name for name, kind in zip(answer.columns, answer.types, strict=True) if kind in _NUMBERS]
    table = plain_table(*map(escape, answer.columns), numbers=numbers)
    for row in answer.rows:
        table.add_row(*(escape("-" if value is None else value) for value in row))
    console = Console(file=target, highlight=False)
    # A line that the screen has no room for goes on in the next; nothing is left out of it.
    console.width = max(console.width, console.measure(table, options=console.options.update(max_width=10_000)).maximum)
    console.print(table, soft_wrap=True)
    return table.row_count


def _write_csv(answer: Stream, target: IO[str]) -> int:
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(answer.columns)
    count = 0
    for count, row in enumerate(answer.rows, 1):  # noqa: B007 -- how many there were
        writer.writerow("" if value is None else value for value in row)
    return count


def _write_json_lines(answer: Stream, target: IO[str]) -> int:
    count = 0
    for count, row in enumerate(answer.rows, 1):  # noqa: B007 -- how many there were
        target.write(json.dumps(_typed(answer, row), ensure_ascii=False) + "\n")
    return count


def _write_json(answer: Stream, target: IO[str]) -> int:
    """One list, a row to a line; it is only closed when all rows are there."""
    count = 0
    for count, row in enumerate(answer.rows, 1):
        target.write(("[\n" if count == 1 else ",\n") + json.dumps(_typed(answer, row), ensure_ascii=False))
    target.write("\n]\n" if count else "[]\n")
    return count


def _typed(answer: Stream, row: Row) -> dict[str, str | int | bool | None]:
    """Whole numbers and booleans as JSON has them; IDs are texts, as Athena returns them, and lose no digit."""
    typed: dict[str, str | int | bool | None] = {}
    for name, kind, value in zip(answer.columns, answer.types, row, strict=True):
        if value is not None and kind in _NUMBERS:
            typed[name] = int(value)
        else:
            typed[name] = value == "true" if value is not None and kind == "boolean" else value
    return typed
