"""Close a cursor, or all.

    CLOSE c
    CLOSE ALL

The query behind a cursor that was not read to its end is stopped. `ROLLBACK` does not open it again.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.statements.fetch import find_cursor

HEADS = (("CLOSE",),)
SYNTAX = "CLOSE { name | ALL }"
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class Close:
    name: str | None
    """None: all."""


def parse(c: Cursor) -> Close:
    return Close(None if c.take("ALL") else c.identifier())


def run(stmt: Close, ctx: Context) -> Result:
    if stmt.name is None:
        ctx.session.close_cursors()
        return Result("CLOSE CURSOR ALL")
    find_cursor(ctx, stmt.name).close()
    del ctx.session.cursors[stmt.name]
    return Result("CLOSE CURSOR")


EXAMPLES: dict[str, object] = {
    'CLOSE "SQL_CUR0x1"': Close("SQL_CUR0x1"),
    "CLOSE ALL": Close(None),
    "CLOSE": "42601 at 6",
}
