"""Create a Delta table.

    CREATE TABLE sales.orders (
        id bigint PRIMARY KEY,
        placed date NOT NULL,
        amount numeric(18,2) DEFAULT 0 CHECK (amount >= 0),
        tags text[]
    ) PARTITIONED BY (placed)

Column types, defaults, constraints and errors are PostgreSQL's. NOT NULL and CHECK are enforced on every write; PRIMARY
KEY, UNIQUE and FOREIGN KEY are declared for tools to see and are not enforced. PARTITIONED BY names columns whose
values sort the table's files into folders. CLUSTER BY (liquid clustering), and properties that turn on features of
Delta which only Spark writes (`WITH ("delta.enableTypeWidening" = true)`), need a cluster: USE CLUSTER first. A column
of type numeric without precision becomes numeric(38,18), the widest that Delta holds. Sequences (serial, identity),
generated columns, inheritance and temporary tables are not supported. The creator owns the table.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog.errors import FeatureNotSupported
from engine.base import Action, Description, Result
from sql_extensions import clauses, definition, dml, table_options
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule
from sql_extensions.table_options import TableOptions

HEADS = (
    ("CREATE", "TABLE"),
    ("CREATE", "UNLOGGED", "TABLE"),
    ("CREATE", "TEMP", "TABLE"),
    ("CREATE", "TEMPORARY", "TABLE"),
    ("CREATE", "LOCAL", "TEMPORARY"),
    ("CREATE", "LOCAL", "TEMP"),
)
SYNTAX = f"""CREATE TABLE [ IF NOT EXISTS ] table (
    {{ column type [ constraint ... ] | table_constraint | LIKE table [ INCLUDING ... ] }} [, ...]
) {table_options.SYNTAX}

CREATE TABLE [ IF NOT EXISTS ] table [ ( column [, ...] ) ] {table_options.SYNTAX}
    AS query [ WITH [ NO ] DATA ]"""
ACTION = Action.DEFINE
TRANSACTION = TransactionRule.TRANSACTIONAL
_SEQUENCES = frozenset("SERIAL BIGSERIAL SMALLSERIAL SERIAL2 SERIAL4 SERIAL8 GENERATED".split())


@dataclass(frozen=True, slots=True)
class CreateTable:
    """`sql` is the statement as PostgreSQL takes it, without PARTITIONED BY; empty for CREATE TABLE AS `query`."""

    sql: str
    table: tuple[str, ...]
    if_not_exists: bool
    options: TableOptions = field(default_factory=TableOptions)
    columns: tuple[str, ...] = ()
    query: str | None = None
    with_data: bool = True


def parse(c: Cursor) -> CreateTable:
    tokens = c.tokens()
    head = [token.word for token in tokens[:3]]
    if head[1] != "TABLE":
        if head[1] == "UNLOGGED":
            raise FeatureNotSupported("unlogged tables are not supported", position=tokens[1].start + 1)
        raise FeatureNotSupported("temporary tables are not supported", position=tokens[1].start + 1)
    if_not_exists = c.take("IF", "NOT", "EXISTS")
    table = c.qualified_name()
    definition_end = clauses.find(tokens, "PARTITIONED", "AS")
    for index, token in enumerate(tokens[:definition_end]):
        if token.word in _SEQUENCES and index > 2:
            raise FeatureNotSupported(
                f"{token.word.lower()} columns are not supported",
                hint="Give values yourself; Delta tables have no sequences.",
                position=token.start + 1,
            )
    columns, body = _columns(c)
    options = table_options.parse(c)
    if c.take("AS"):
        query, with_data = _query(c)
        return CreateTable("", table, if_not_exists, options, columns, query, with_data)
    if not c.at_end():
        refused = c.next()
        raise FeatureNotSupported(
            f"CREATE TABLE ... {refused.word or refused.text} is not supported", position=refused.start + 1
        )
    return CreateTable(body, table, if_not_exists, options)


EXAMPLES: dict[str, object] = {
    "CREATE TABLE s.t (a int) PARTITIONED BY (a)": CreateTable(
        "CREATE TABLE s.t (a int)", ("s", "t"), False, TableOptions(("a",))
    ),
    'CREATE TABLE t (a int) USING DELTA CLUSTER BY (a) WITH ("delta.enableTypeWidening" = true)': CreateTable(
        "CREATE TABLE t (a int)", ("t",), False, TableOptions((), ("a",), {"delta.enableTypeWidening": "true"})
    ),
    "CREATE TABLE t (a int) WITH (fillfactor = 70)": "22023 at 30",
    "CREATE TEMP TABLE t (a int)": "0A000 at 8",
    "CREATE TABLE t (a serial)": "0A000 at 19",
    "CREATE TABLE t (a int) INHERITS (u)": "0A000 at 24",
}


def describe(stmt: CreateTable, ctx: Context) -> Description:
    return Description((), None) if stmt.query is None else definition.describe_query(stmt.query, ctx)


def run(stmt: CreateTable, ctx: Context) -> Result:
    if stmt.query is None:
        return definition.define(ctx, stmt.sql, "CREATE TABLE", options=stmt.options)
    return definition.create_table_as(
        ctx,
        definition.CreateTableAs(
            stmt.table, stmt.query, stmt.columns, stmt.if_not_exists, stmt.options, stmt.with_data
        ),
    )


def _columns(c: Cursor) -> tuple[tuple[str, ...], str]:
    """The parenthesis behind the name: as column names (of CREATE TABLE AS), and the text up to its end."""
    if not c.at("("):
        if not c.at("AS"):
            c.fail("(")
        return (), ""
    tokens = c.tokens()
    opening = next(index for index, token in enumerate(tokens) if token.start + 1 == c.here())
    close = clauses.matching(tokens, opening)
    if close is None:
        c.upto(len(tokens))
        c.fail(")")
    inner = clauses.comma_parts(tokens[opening + 1 : close])
    body = clauses.text(c.sql, tokens[: close + 1])
    c.upto(close + 1)
    names = tuple(part[0].text for part in inner if len(part) == 1)
    return (names if len(names) == len(inner) else ()), body


def _query(c: Cursor) -> tuple[str, bool]:
    tokens = c.rest()
    with_data = True
    words = tuple(token.word for token in tokens[-3:])
    if words[-3:] == ("WITH", "NO", "DATA"):
        tokens, with_data = tokens[:-3], False
    elif words[-2:] == ("WITH", "DATA"):
        tokens = tokens[:-2]
    if not tokens:
        dml.syntax_error(c.sql, None)
    return clauses.text(c.sql, tokens), with_data
