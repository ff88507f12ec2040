"""Forget a prepared statement, or all.

    DEALLOCATE p
    DEALLOCATE ALL

Statements prepared by PREPARE and by the protocol have one name space.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import InvalidSqlStatementName
from engine.base import Action, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("DEALLOCATE",),)
SYNTAX = "DEALLOCATE [ PREPARE ] { name | ALL }"
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class Deallocate:
    name: str | None
    """None: all."""


def parse(c: Cursor) -> Deallocate:
    if c.peek(1) is not None:
        c.take("PREPARE")
    return Deallocate(None if c.take("ALL") else c.identifier())


def run(stmt: Deallocate, ctx: Context) -> Result:
    prepared = ctx.session.prepared
    if stmt.name is None:
        prepared.clear()
        return Result("DEALLOCATE ALL")
    if not stmt.name or stmt.name not in prepared:
        raise InvalidSqlStatementName(f'prepared statement "{stmt.name}" does not exist')
    del prepared[stmt.name]
    return Result("DEALLOCATE")


EXAMPLES: dict[str, object] = {
    "DEALLOCATE p": Deallocate("p"),
    "DEALLOCATE PREPARE p": Deallocate("p"),
    "DEALLOCATE ALL": Deallocate(None),
    "DEALLOCATE": "42601 at 11",
}
