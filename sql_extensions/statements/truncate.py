"""Remove all rows of tables.

    TRUNCATE TABLE sales.staging, sales.scratch

One Delta commit for each table, at the end of the transaction; the old files stay for time travel until VACUUM.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from catalog.types import arrow_type
from engine.base import Action, Description, Result
from sql_extensions import dml, native_rows, tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("TRUNCATE",),)
SYNTAX = "TRUNCATE [ TABLE ] table [, ...] [ RESTART IDENTITY | CONTINUE IDENTITY ] [ CASCADE | RESTRICT ]"
ACTION = Action.WRITE
TRANSACTION = TransactionRule.TRANSACTIONAL


@dataclass(frozen=True, slots=True)
class Truncate:
    """`tables`: (name, position) of each."""

    tables: tuple[tuple[tuple[str, ...], int], ...]


def parse(c: Cursor) -> Truncate:
    c.take("TABLE")

    def one() -> tuple[tuple[str, ...], int]:
        c.take("ONLY")
        position = c.here()
        return c.qualified_name(), position

    named = c.comma_list(one)
    for words in (("RESTART", "IDENTITY"), ("CONTINUE", "IDENTITY"), ("CASCADE",), ("RESTRICT",)):
        c.take(*words)
    return Truncate(named)


EXAMPLES: dict[str, object] = {
    "TRUNCATE a, s.b": Truncate(((("a",), 10), (("s", "b"), 13))),
    "TRUNCATE TABLE": "42601 at 15",
}


def describe(stmt: Truncate, ctx: Context) -> Description:
    return Description((), None)


def run(stmt: Truncate, ctx: Context) -> Result:
    for name, position in stmt.tables:
        target = dml.target(ctx, name, position, "truncate")
        tables.require_privilege(target, "TRUNCATE", ctx.session)
        if len(stmt.tables) == 1 and native_rows.delete(ctx, target, None, None, Description((), None)) is not None:
            continue
        dml.replace(
            ctx,
            target,
            pa.schema([pa.field(c.name, arrow_type(c.type)) for c in target.columns]).empty_table().to_reader(),
        )
    return Result("TRUNCATE TABLE")
