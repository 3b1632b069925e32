"""Queries with their views written out, for an Athena that has none, and with less to read, for any Athena.

The sandbox's Athena is DuckDB: it knows no views, guesses the types of JSON, and speaks another dialect of SQL.
"""

from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from xcompliance.catalog import Catalog, Relation
from xcompliance.errors import CommandError

ATHENA, DUCKDB, HIVE = "athena", "duckdb", "hive"


@dataclass(frozen=True)
class Narrowing:
    """What is read of the tables: one type, and runs that began on a day (YYYY-MM-DD) or after it."""

    type: str | None = None
    since: str | None = None

    def __bool__(self) -> bool:
        return bool(self.type or self.since)

    def condition(self, relation: Relation) -> exp.Condition | None:
        """What a scan of the table is narrowed to, by its partitions."""
        wanted = [
            exp.column(name).eq(self.type) if name == "type" else exp.column(name) >= exp.Literal.string(self.since)
            for name, value in (("type", self.type), ("checked_on", self.since))
            if value and name in relation.partitions
        ]
        return exp.and_(*wanted) if wanted else None


EVERYTHING = Narrowing()


def parse(sql: str) -> exp.Expr:
    """Reads one statement in Athena's dialect; raises CommandError for what is none."""
    try:
        statements = [each for each in sqlglot.parse(sql, dialect=ATHENA) if each is not None]
    except SqlglotError as error:
        raise CommandError(f"That is no SQL: {str(error).splitlines()[0]}") from None
    if len(statements) != 1:
        raise CommandError("Athena takes one statement at a time.")
    if isinstance(statements[0], exp.Condition | exp.Alias):
        raise CommandError("That is no SQL: a question begins with SELECT or WITH.")
    return statements[0]


def for_athena(sql: str, catalog: Catalog, database: str, narrowing: Narrowing) -> str:
    """The query over tables alone, of which no more is read than ``narrowing`` says."""
    return _expanded(parse(sql), catalog, database, narrowing, typed=False).sql(dialect=ATHENA)


def for_sandbox(sql: str, catalog: Catalog, database: str, narrowing: Narrowing = EVERYTHING) -> str:
    """The same in DuckDB's dialect, with the types that Glue says the tables have."""
    return _expanded(parse(sql), catalog, database, narrowing, typed=True).sql(dialect=DUCKDB)


def _expanded(query: exp.Expr, catalog: Catalog, database: str, narrowing: Narrowing, *, typed: bool) -> exp.Expr:
    for scope in traverse_scope(query):
        for alias, (_, source) in scope.selected_sources.items():
            if not isinstance(source, exp.Table) or source.db not in ("", database) or source.name not in catalog:
                continue  # not a relation of ours, but maybe a query of the same WITH
            relation = catalog[source.name]
            inner: exp.Expr
            if relation.query is not None:
                inner = _expanded(parse(relation.query), catalog, database, narrowing, typed=typed)
            else:
                inner = _scan(relation, narrowing, typed=typed)
            source.replace(_in_place_of(source, alias, inner))
    return query


def _in_place_of(table: exp.Table, alias: str, query: exp.Expr) -> exp.Subquery:
    """The query as a table, with all that was said of the table: names of its columns, joins, samples."""
    subquery = exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(alias)))
    for name in ("alias", "joins", "laterals", "pivots", "sample"):
        if said := table.args.get(name):
            subquery.set(name, said)
    return subquery


def _scan(relation: Relation, narrowing: Narrowing, *, typed: bool) -> exp.Select:
    """All columns of a table, in the types that they have: where the emulator guesses them, they are told."""
    columns = [
        exp.cast(exp.column(name), exp.DataType.build(kind, dialect=HIVE)).as_(name)
        if typed and relation.is_json
        else exp.column(name)
        for name, kind in relation.columns.items()
    ]
    scan = exp.select(*columns).from_(relation.name)
    condition = narrowing.condition(relation)
    return scan if condition is None else scan.where(condition)
