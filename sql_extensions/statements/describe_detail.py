"""Show what a Delta table is: its place, size, partition columns, properties and protocol.

    DESCRIBE DETAIL sales.orders
    SELECT d."numFiles" FROM kadali.table_detail('sales.orders') d

One row with Delta's own columns: format, id, name, description, location, createdAt, lastModified, partitionColumns,
clusteringColumns, numFiles, sizeInBytes, properties, minReaderVersion, minWriterVersion, tableFeatures. Needs the right
to SELECT from the table.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, ArrowRows, Description, Result
from engine.delta.maintain import DETAIL
from sql_extensions import maintenance, tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.names import Name

HEADS = (("DESCRIBE", "DETAIL"), ("DESC", "DETAIL"))
SYNTAX = "{ DESCRIBE | DESC } DETAIL table"
RELATION = "kadali.table_detail('name')"
ACTION = Action.READ


@dataclass(frozen=True, slots=True)
class DescribeDetail:
    table: Name


def parse(c: Cursor) -> DescribeDetail:
    return DescribeDetail(tables.take_name(c))


EXAMPLES: dict[str, object] = {
    "DESCRIBE DETAIL sales.orders": DescribeDetail(Name(("sales", "orders"))),
    'desc detail "T"': DescribeDetail(Name(("T",))),
    "DESCRIBE DETAIL t u": "42601 at 19",
    "DESCRIBE DETAIL 'x'": "42601 at 17",
}


def describe(stmt: DescribeDetail, ctx: Context) -> Description:
    return Description((), DETAIL)


def run(stmt: DescribeDetail, ctx: Context) -> Result:
    return Result("SHOW", ArrowRows(DETAIL, maintenance.detail(ctx, stmt.table).to_reader()))
