"""Create a view.

    CREATE OR REPLACE VIEW sales.big_orders AS SELECT * FROM sales.orders WHERE amount > 1000

As in PostgreSQL: names are resolved and `*` is expanded when the view is created, and its tables are read with the
rights of its owner.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Result
from sql_extensions import clauses, definition
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule
from sql_extensions.rewrites import time_travel

HEADS = (("CREATE", "VIEW"), ("CREATE", "OR", "REPLACE", "VIEW"))
SYNTAX = "CREATE [ OR REPLACE ] VIEW name [ ( column [, ...] ) ] AS query"
ACTION = Action.DEFINE
TRANSACTION = TransactionRule.TRANSACTIONAL


@dataclass(frozen=True, slots=True)
class CreateView:
    sql: str
    name: tuple[str, ...]
    columns: tuple[str, ...]
    query: str


def parse(c: Cursor) -> CreateView:
    tokens = c.tokens()
    name = c.qualified_name()
    columns = c.in_parentheses(lambda: c.comma_list(c.name)) if c.at("(") else ()
    if c.take("WITH"):
        raise FeatureNotSupported("view options are not supported", position=c.here())
    c.expect("AS")
    query = c.rest()
    if not query:
        c.fail("a query")
    words = [token.word for token in query[-4:]]
    if words[-2:] == ["CHECK", "OPTION"]:
        raise FeatureNotSupported("WITH CHECK OPTION is not supported", position=query[-2].start + 1)
    for spec in time_travel.rewrite(c.sql, query).specs:
        raise FeatureNotSupported(
            "time travel in a view is not supported",
            hint="Set the time for the session that reads the view: TIME TRAVEL TO TIMESTAMP '...'",
            position=spec.value_position,
        )
    return CreateView(clauses.text(c.sql, tokens), name, columns, clauses.text(c.sql, query))


EXAMPLES: dict[str, object] = {
    "CREATE VIEW v (x) AS SELECT 1": CreateView("CREATE VIEW v (x) AS SELECT 1", ("v",), ("x",), "SELECT 1"),
    "CREATE VIEW v AS": "42601 at 17",
    "CREATE VIEW v AS SELECT * FROM t VERSION AS OF 3": "0A000 at 48",
}


def run(stmt: CreateView, ctx: Context) -> Result:
    return definition.create_view(ctx, stmt.sql, stmt.query, stmt.columns)
