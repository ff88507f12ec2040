"""Show the commits of a Delta table, newest first.

    DESCRIBE HISTORY sales.orders LIMIT 3
    SELECT h."userName", count(*) FROM kadali.table_history('sales.orders') h GROUP BY 1

The columns are Delta's own: version, timestamp, userId, userName, operation, operationParameters, job, notebook,
clusterId, readVersion, isolationLevel, isBlindAppend, operationMetrics, userMetadata, engineInfo. Maps are jsonb. In
the function's form, which can stand in FROM, names with capitals need quotes; `last => n` limits it. Needs the right to
SELECT from the table.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, ArrowRows, Description, Result
from engine.delta.maintain import HISTORY
from sql_extensions import maintenance, tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.names import Name

HEADS = (("DESCRIBE", "HISTORY"), ("DESC", "HISTORY"), ("SHOW", "HISTORY", "FOR"))
SYNTAX = """{ DESCRIBE | DESC } HISTORY table [ LIMIT n ]
SHOW HISTORY FOR table [ LIMIT n ]"""
RELATION = "kadali.table_history('name')"
ACTION = Action.READ


@dataclass(frozen=True, slots=True)
class DescribeHistory:
    table: Name
    limit: int | None = None


def parse(c: Cursor) -> DescribeHistory:
    table = tables.take_name(c)
    return DescribeHistory(table, c.integer() if c.take("LIMIT") else None)


EXAMPLES: dict[str, object] = {
    "DESCRIBE HISTORY sales.orders": DescribeHistory(Name(("sales", "orders"))),
    "DESC HISTORY t LIMIT 3": DescribeHistory(Name(("t",)), 3),
    "SHOW HISTORY FOR t": DescribeHistory(Name(("t",))),
    "DESCRIBE HISTORY": "42601 at 17",
    "DESCRIBE HISTORY t LIMIT x": "42601 at 26",
}


def describe(stmt: DescribeHistory, ctx: Context) -> Description:
    return Description((), HISTORY)


def run(stmt: DescribeHistory, ctx: Context) -> Result:
    return Result("SHOW", ArrowRows(HISTORY, maintenance.history(ctx, stmt.table, stmt.limit).to_reader()))
