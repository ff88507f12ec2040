"""Rewrite a Delta table's small files as larger ones, optionally in Z-order.

    OPTIMIZE sales.orders
    OPTIMIZE sales.orders WHERE day >= '2026-01-01' ZORDER BY (customer_id)

WHERE limits it to partitions: comparisons of partition columns with literals, joined by AND; another column is 0A000.
The content does not change; files replaced stay for time travel until VACUUM. FULL is accepted: all files are always
looked at. Only the table's owner and administrators may do it. One row tells: table, files_added, files_removed,
bytes_added, bytes_removed, delta_version.

As a function:

    SELECT * FROM kadali.optimize('sales.orders', filter => 'day >= ''2026-01-01''', zorder_by => 'customer_id')
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Result
from sql_extensions import maintenance, maintenance_shapes, partition_filter, tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.names import Name
from sql_extensions.partition_filter import Condition
from sql_extensions.registry import TransactionRule

HEADS = (("OPTIMIZE",),)
SYNTAX = "OPTIMIZE table [ WHERE partition_predicate ] [ ZORDER BY ( column [, ...] ) ] [ FULL ]"
ACTION = Action.MAINTAIN
TRANSACTION = TransactionRule.IMMEDIATE
COLUMNS = maintenance_shapes.OPTIMIZE_COLUMNS


@dataclass(frozen=True, slots=True)
class Optimize:
    table: Name
    where: tuple[Condition, ...] = ()
    zorder_by: tuple[str, ...] = ()


def parse(c: Cursor) -> Optimize:
    table = tables.take_name(c)
    where = partition_filter.parse(c) if c.take("WHERE") else ()
    zorder_by: tuple[str, ...] = ()
    if c.take("ZORDER", "BY"):
        zorder_by = c.in_parentheses(lambda: c.comma_list(c.name)) if c.at("(") else c.comma_list(c.name)
    c.take("FULL")
    position = c.here()
    if c.take("DRY", "RUN"):
        raise FeatureNotSupported("OPTIMIZE ... DRY RUN is not supported", position=position)
    maintenance.take_wait(c)
    if not c.at_end():
        c.fail("[ WHERE ... ] [ ZORDER BY ( ... ) ] [ FULL ] in this order, or the end")
    return Optimize(table, where, zorder_by)


EXAMPLES: dict[str, object] = {
    "OPTIMIZE sales.orders": Optimize(Name(("sales", "orders"))),
    "OPTIMIZE t WHERE day >= '2026-01-01' AND r IN (1, -2) ZORDER BY (a, b)": Optimize(
        Name(("t",)),
        (Condition("day", ">=", ("'2026-01-01'",)), Condition("r", "in", ("1", "-2"))),
        ("a", "b"),
    ),
    "OPTIMIZE t WHERE (day BETWEEN date '2026-01-01' AND date '2026-01-31') FULL": Optimize(
        Name(("t",)),
        (Condition("day", ">=", ("date '2026-01-01'",)), Condition("day", "<=", ("date '2026-01-31'",))),
    ),
    "OPTIMIZE t WHERE 5 < r": Optimize(Name(("t",)), (Condition("r", ">", ("5",)),)),
    "OPTIMIZE": "42601 at 9",
    "OPTIMIZE t ZORDER BY (a) WHERE day = 1": "42601 at 26",
    "OPTIMIZE t WHERE day = 1 OR day = 2": "0A000 at 26",
    "OPTIMIZE t WHERE day = now()": "0A000 at 24",
    "OPTIMIZE t DRY RUN": "0A000 at 12",
    "OPTIMIZE t NOWAIT": "0A000 at 12",
}


def run(stmt: Optimize, ctx: Context) -> Result:
    return maintenance.rows_result("OPTIMIZE", maintenance.optimize(ctx, stmt.table, stmt.where, stmt.zorder_by))
