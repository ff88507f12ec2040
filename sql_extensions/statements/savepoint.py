"""Mark a point in the transaction block to which ROLLBACK TO can come back.

    SAVEPOINT before_load

A later savepoint of the same name hides the earlier one until it is released or rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("SAVEPOINT",),)
SYNTAX = "SAVEPOINT name"
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class SetSavepoint:
    name: str


def parse(c: Cursor) -> SetSavepoint:
    return SetSavepoint(c.identifier())


def run(stmt: SetSavepoint, ctx: Context) -> Result:
    ctx.session.transaction.savepoint(stmt.name)
    return Result("SAVEPOINT")


EXAMPLES: dict[str, object] = {
    'SAVEPOINT "_pg3_1"': SetSavepoint("_pg3_1"),
    "SAVEPOINT A": SetSavepoint("a"),
    "SAVEPOINT": "42601 at 10",
}
