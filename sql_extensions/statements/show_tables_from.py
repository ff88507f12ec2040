"""Show the tables of a source.

    SHOW TABLES FROM CONNECTION crm
    SHOW TABLES FROM CONNECTION crm LIKE 'ord%'

Those that its user may see and that are not the source's own; sizes are the source's estimates. LIKE is on the table's
name, without its schema. For the connection's owner and administrators. As a function: kadali.connection_tables('crm').
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.names import quote_literal
from engine.base import Action, Result
from sql_extensions import listing, maintenance, sources
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("SHOW", "TABLES", "FROM", "CONNECTION"),)
SYNTAX = "SHOW TABLES FROM CONNECTION name [ LIKE 'pattern' ]"
RELATION = "kadali.connection_tables('name')"
ACTION = Action.READ
COLUMNS = sources.TABLES


@dataclass(frozen=True, slots=True)
class ShowTablesFrom:
    name: str
    like: str | None = None


def parse(c: Cursor) -> ShowTablesFrom:
    name = c.identifier()
    return ShowTablesFrom(name, c.string() if c.take("LIKE") else None)


EXAMPLES: dict[str, object] = {
    "SHOW TABLES FROM CONNECTION crm": ShowTablesFrom("crm"),
    "SHOW TABLES FROM CONNECTION crm LIKE 'ord%'": ShowTablesFrom("crm", "ord%"),
    "SHOW TABLES FROM CONNECTION": "42601 at 28",
    "SHOW TABLES FROM CONNECTION crm LIKE ord": "42601 at 38",
}


def run(stmt: ShowTablesFrom, ctx: Context) -> Result:
    if stmt.like is None:
        return maintenance.rows_result("SHOW", sources.tables(ctx, stmt.name))
    function = f"kadali.connection_tables({quote_literal(stmt.name)})"
    return listing.filtered(ctx, function, f'"table" LIKE {quote_literal(stmt.like)}', '"schema", "table"')
