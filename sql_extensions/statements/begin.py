"""Open a transaction block.

    BEGIN
    START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY

Until `COMMIT`, writes to Delta tables are staged: the session sees its own, no other does. Each table written becomes
one Delta commit. A second `BEGIN` gives a WARNING.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Notice, Result
from sql_extensions import transaction_modes
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.transaction_modes import Modes, parse_optional_modes, set_mode

HEADS = (("BEGIN",), ("START", "TRANSACTION"))
SYNTAX = """\
BEGIN [ WORK | TRANSACTION ] [ mode [, ...] ]
START TRANSACTION [ mode [, ...] ]

mode: ISOLATION LEVEL { SERIALIZABLE | REPEATABLE READ | READ COMMITTED | READ UNCOMMITTED }
    | READ WRITE | READ ONLY | [ NOT ] DEFERRABLE"""
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class Begin:
    modes: Modes
    started: bool = False
    """Written START TRANSACTION."""


def parse(c: Cursor) -> Begin:
    started = c.passed("START")
    if not started and not c.take("WORK"):
        c.take("TRANSACTION")
    return Begin(parse_optional_modes(c), started)


def run(stmt: Begin, ctx: Context) -> Result:
    session = ctx.session
    tag = "START TRANSACTION" if stmt.started else "BEGIN"
    if not session.transaction.in_block:
        transaction_modes.begin(session, stmt.modes)
        return Result(tag)
    ctx.call.notice(Notice("WARNING", "there is already a transaction in progress", "25001"))
    session.before_setting_change()
    for name, value in stmt.modes:
        set_mode(session, name, value)
    return Result(tag)


EXAMPLES: dict[str, object] = {
    "BEGIN": Begin(()),
    "BEGIN WORK READ ONLY": Begin((("read_only", "on"),)),
    "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ": Begin((("isolation", "repeatable read"),)),
    "START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE": Begin(
        (("isolation", "serializable"), ("read_only", "on"), ("deferrable", "on")), True
    ),
    "BEGIN READ": "42601 at 11",
    "BEGIN x": "42601 at 7",
}
