"""Forget a savepoint and those after it; what was done since stays part of the transaction.

    RELEASE SAVEPOINT before_load

A name without savepoint is refused with 3B001.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("RELEASE",),)
SYNTAX = "RELEASE [ SAVEPOINT ] name"
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class Release:
    name: str


def parse(c: Cursor) -> Release:
    if not c.at_end() and c.peek(1) is not None:
        c.take("SAVEPOINT")
    return Release(c.identifier())


def run(stmt: Release, ctx: Context) -> Result:
    ctx.session.transaction.release(stmt.name)
    return Result("RELEASE")


EXAMPLES: dict[str, object] = {
    'RELEASE "_pg3_1"': Release("_pg3_1"),
    "RELEASE SAVEPOINT a": Release("a"),
    "RELEASE": "42601 at 8",
}
