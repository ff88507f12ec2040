"""Create a table from a query's rows, in the older spelling of CREATE TABLE AS.

    SELECT id, amount INTO sales.large FROM sales.orders WHERE amount > 1000

CREATE TABLE AS says the same, and can name columns, partitions and IF NOT EXISTS as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Description, Result
from sql_extensions import clauses, definition
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule
from sql_extensions.table_options import TableOptions

HEADS = (("SELECT", "INTO"),)
SYNTAX = "SELECT ... INTO [ TABLE ] table [ FROM ... ]"
ACTION = Action.DEFINE
TRANSACTION = TransactionRule.TRANSACTIONAL


@dataclass(frozen=True, slots=True)
class SelectInto:
    """`query` is the statement without its INTO clause."""

    table: tuple[str, ...]
    query: str


def parse(c: Cursor) -> SelectInto:
    tokens = c.tokens()
    into = clauses.find(tokens, "INTO")
    if into is None:
        c.fail("INTO")
    before = clauses.text(c.sql, c.upto(into))
    c.expect("INTO")
    if c.at("TEMP") or c.at("TEMPORARY") or c.at("UNLOGGED"):
        raise FeatureNotSupported("temporary and unlogged tables are not supported", position=c.here())
    c.take("TABLE")
    table = c.qualified_name()
    return SelectInto(table, f"{before} {c.text_from_here()}".strip())


EXAMPLES: dict[str, object] = {
    "SELECT a, b INTO s.t FROM u": SelectInto(("s", "t"), "SELECT a, b FROM u"),
    "SELECT 1 INTO TEMP t": "0A000 at 15",
}


def describe(stmt: SelectInto, ctx: Context) -> Description:
    return definition.describe_query(stmt.query, ctx)


def run(stmt: SelectInto, ctx: Context) -> Result:
    return definition.create_table_as(
        ctx, definition.CreateTableAs(stmt.table, stmt.query, (), False, TableOptions(), True)
    )
