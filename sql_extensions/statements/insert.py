"""Add rows to a table.

    INSERT INTO sales.orders (id, amount) VALUES (1, 9.50), (2, DEFAULT) RETURNING id
    INSERT INTO sales.big SELECT * FROM sales.orders WHERE amount > 1000

As in PostgreSQL, including DEFAULT, casts on assignment, WITH and RETURNING. Rows become visible, as one Delta commit,
when the transaction commits: many INSERTs in one transaction are one commit. Into tables with identity columns rows are
added on a cluster, outside transaction blocks; RETURNING names columns only there. ON CONFLICT is not supported,
because keys are declared, not enforced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Description, Result
from engine.dialect.scanner import Token
from sql_extensions import assignment, clauses, dml
from sql_extensions.assignment import NewRows
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("INSERT",),)
SYNTAX = """[ WITH query_name AS ( ... ) [, ...] ]
INSERT INTO table [ AS alias ] [ ( column [, ...] ) ]
    [ OVERRIDING { SYSTEM | USER } VALUE ]
    { DEFAULT VALUES | VALUES ( { expression | DEFAULT } [, ...] ) [, ...] | query }
    [ RETURNING { * | expression [ AS name ] } [, ...] ]"""
ACTION = Action.WRITE
TRANSACTION = TransactionRule.TRANSACTIONAL


@dataclass(frozen=True, slots=True)
class Insert:
    """`rows`: texts of expressions, None for DEFAULT; `rows` and `query` both None: DEFAULT VALUES."""

    prefix: str
    table: tuple[str, ...]
    table_at: int
    alias: str | None
    columns: tuple[str, ...] | None
    rows: tuple[tuple[str | None, ...], ...] | None
    query: str | None
    returning: str | None
    overriding_user: bool = False
    """Values given for identity columns do not count. (OVERRIDING SYSTEM VALUE only permits them, to PostgreSQL.)"""


def parse(c: Cursor) -> Insert:
    prefix = dml.take_prefix(c, "INSERT")
    c.expect("INTO")
    table_at = c.here()
    table = c.qualified_name()
    alias = c.name() if c.take("AS") else None
    columns = None
    if c.at("(") and not _is_query(c):
        columns = c.in_parentheses(lambda: c.comma_list(c.name))
    overriding = None
    if c.take("OVERRIDING"):
        overriding = "USER" if c.take("USER") else "SYSTEM"
        if overriding == "SYSTEM":
            c.expect("SYSTEM")
        c.expect("VALUE")
    body = dml.body(c)
    if body.conflict is not None:
        raise FeatureNotSupported(
            "ON CONFLICT is not supported",
            hint="Keys of Delta tables are declared, not enforced.",
            position=body.conflict,
        )
    rows = query = None
    source = body.tokens
    if len(source) == 2 and (source[0].word, source[1].word) == ("DEFAULT", "VALUES"):
        pass
    elif source and source[0].word == "VALUES":
        rows = tuple(_row(c.sql, part) for part in clauses.comma_parts(source[1:]))
    elif source:
        query = clauses.text(c.sql, source)
    else:
        c.fail("VALUES or a query")
    return Insert(prefix, table, table_at, alias, columns, rows, query, body.returning, overriding == "USER")


EXAMPLES: dict[str, object] = {
    "INSERT INTO t VALUES (1, DEFAULT)": Insert("", ("t",), 13, None, None, (("1", None),), None, None),
    "INSERT INTO s.t AS x (a) SELECT 1 RETURNING a": Insert("", ("s", "t"), 13, "x", ("a",), None, "SELECT 1", "a"),
    "INSERT INTO t": "42601 at 14",
}


def describe(stmt: Insert, ctx: Context) -> Description:
    return dml.describe(ctx)


def run(stmt: Insert, ctx: Context) -> Result:
    description = dml.describe(ctx)
    target = dml.target(ctx, stmt.table, stmt.table_at, "insert into")
    new = NewRows(stmt.prefix, stmt.columns, stmt.rows, stmt.query, stmt.overriding_user)
    if stmt.returning is None:
        return Result(f"INSERT 0 {dml.insert(ctx, target, new, description)}")
    if dml.is_numbered(target):
        inserted = dml.insert_numbered(ctx, target, new, stmt.returning, description)
        rows = dml.returned(ctx, target, stmt.alias, stmt.returning, inserted, description)
        return Result(f"INSERT 0 {inserted.num_rows}", rows)
    inserted = assignment.rows_to_insert(ctx, target, new, description).read_all()
    count = dml.append(ctx, target, inserted.to_reader())
    rows = dml.returned(ctx, target, stmt.alias, stmt.returning, inserted, description)
    return Result(f"INSERT 0 {count}", rows)


def _is_query(c: Cursor) -> bool:
    """Whether the parenthesis opens a query, not a list of columns."""
    following = c.peek(1)
    return following is not None and following.word in ("SELECT", "WITH", "VALUES", "TABLE")


def _row(sql: str, tokens: Sequence[Token]) -> tuple[str | None, ...]:
    if len(tokens) < 3 or tokens[0].text != "(" or clauses.matching(tokens, 0) != len(tokens) - 1:
        dml.syntax_error(sql, tokens[0] if tokens else None)
    parts = clauses.comma_parts(tokens[1:-1])
    return tuple(None if len(part) == 1 and part[0].word == "DEFAULT" else clauses.text(sql, part) for part in parts)
