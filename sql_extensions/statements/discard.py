"""Throw away what a session has gathered.

    DISCARD ALL

`DISCARD ALL` gives back a session as it was on connecting, for connection pools: it closes cursors, forgets prepared
statements, resets all settings and the user. It cannot run inside a transaction block. `PLANS`, `SEQUENCES` and `TEMP`
are accepted: there is nothing of the kind to throw away.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import ActiveSqlTransaction
from engine.base import Action, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("DISCARD",),)
SYNTAX = "DISCARD { ALL | PLANS | SEQUENCES | TEMPORARY | TEMP }"
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class Discard:
    what: str


def parse(c: Cursor) -> Discard:
    return Discard(c.one_of("ALL", "PLANS", "SEQUENCES", "TEMPORARY", "TEMP"))


def run(stmt: Discard, ctx: Context) -> Result:
    session = ctx.session
    if stmt.what == "ALL":
        if session.transaction.in_any_block:
            raise ActiveSqlTransaction("DISCARD ALL cannot run inside a transaction block")
        session.close_cursors()
        session.settings.set_default("session_authorization")
        session.settings.set_default("role")
        session.settings.reset_all()
        session.prepared.clear()
    return Result({"TEMPORARY": "DISCARD TEMP"}.get(stmt.what, f"DISCARD {stmt.what}"))


EXAMPLES: dict[str, object] = {
    "DISCARD ALL": Discard("ALL"),
    "DISCARD TEMP": Discard("TEMP"),
    "DISCARD": "42601 at 8",
    "DISCARD PLANS x": "42601 at 15",
}
