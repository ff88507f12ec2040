"""Choose when constraints are checked: accepted, and without effect.

    SET CONSTRAINTS ALL DEFERRED

Constraints of Delta tables that are enforced at all (NOT NULL, CHECK) cannot be deferred; keys only inform. In
PostgreSQL too, the statement does nothing for constraints that are not deferrable, when it says ALL. Names of single
constraints are refused with 42704, as no deferrable constraint of that name exists.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import UndefinedObject
from engine.base import Action, Notice, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("SET", "CONSTRAINTS"), ("SET", "LOCAL", "CONSTRAINTS"), ("SET", "SESSION", "CONSTRAINTS"))
SYNTAX = "SET CONSTRAINTS { ALL | name [, ...] } { DEFERRED | IMMEDIATE }"
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class SetConstraints:
    names: tuple[tuple[str, ...], ...]
    """Empty for ALL."""
    deferred: bool


def parse(c: Cursor) -> SetConstraints:
    names = () if c.take("ALL") else c.comma_list(c.qualified_name)
    return SetConstraints(names, c.one_of("DEFERRED", "IMMEDIATE") == "DEFERRED")


def run(stmt: SetConstraints, ctx: Context) -> Result:
    if not ctx.session.transaction.in_any_block:
        ctx.call.notice(Notice("WARNING", "SET CONSTRAINTS can only be used in transaction blocks", "25P01"))
    if stmt.names:
        raise UndefinedObject(f'constraint "{stmt.names[0][-1]}" does not exist')
    return Result("SET CONSTRAINTS")


EXAMPLES: dict[str, object] = {
    "SET CONSTRAINTS ALL DEFERRED": SetConstraints((), True),
    "SET CONSTRAINTS a, s.b IMMEDIATE": SetConstraints((("a",), ("s", "b")), False),
    "SET CONSTRAINTS ALL": "42601 at 20",
}
