"""Show the connections of the database.

    SHOW CONNECTIONS
    SHOW CONNECTIONS LIKE 'crm%'
    SHOW CONNECTIONS WHERE type = 'postgres'

Those you own; all of them for administrators. For object stores `host` is the endpoint, and `database` the bucket. As a
relation: kadali.connections.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Description, Result
from sql_extensions import listing
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.relations import connections

HEADS = (("SHOW", "CONNECTIONS"),)
SYNTAX = "SHOW CONNECTIONS [ LIKE 'pattern' | WHERE condition ]"
RELATION = "kadali.connections"
ACTION = Action.READ


@dataclass(frozen=True, slots=True)
class ShowConnections:
    """`where` is SQL text."""

    where: str | None = None


def parse(c: Cursor) -> ShowConnections:
    return ShowConnections(listing.parse_condition(c))


EXAMPLES: dict[str, object] = {
    "SHOW CONNECTIONS": ShowConnections(),
    "SHOW CONNECTIONS LIKE 'c%'": ShowConnections("name LIKE 'c%'"),
    "SHOW CONNECTIONS WHERE host = 'h'": ShowConnections("host = 'h'"),
    "SHOW CONNECTIONS crm": "42601 at 18",
}


def describe(stmt: ShowConnections, ctx: Context) -> Description:
    return listing.describe(ctx, RELATION, stmt.where, connections.SCHEMA)


def run(stmt: ShowConnections, ctx: Context) -> Result:
    return listing.run(ctx, RELATION, stmt.where, connections.rows)
