"""End the transaction block and undo it, or undo what came after a savepoint.

    ROLLBACK
    ROLLBACK TO SAVEPOINT before_load

Staged writes, settings and cursors opened since are gone. Actions that run at once (VACUUM and its like) stay.
After `ROLLBACK TO`, a failed block can go on; the savepoint itself stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import NoActiveSqlTransaction
from engine.base import Action, Result
from sql_extensions import transaction_modes
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.transaction_modes import current_modes, parse_chain

HEADS = (("ROLLBACK",), ("ABORT",))
SYNTAX = """\
{ ROLLBACK | ABORT } [ WORK | TRANSACTION ] [ AND [ NO ] CHAIN ]
ROLLBACK [ WORK | TRANSACTION ] TO [ SAVEPOINT ] name"""
ACTION = Action.SESSION
IN_FAILED = True


@dataclass(frozen=True, slots=True)
class Rollback:
    savepoint: str | None = None
    chain: bool = False


def parse(c: Cursor) -> Rollback:
    if not c.take("WORK"):
        c.take("TRANSACTION")
    if c.passed("ROLLBACK") and c.take("TO"):
        c.take("SAVEPOINT")
        return Rollback(c.identifier())
    return Rollback(chain=parse_chain(c))


def run(stmt: Rollback, ctx: Context) -> Result:
    session = ctx.session
    if stmt.savepoint is not None:
        session.transaction.rollback_to(stmt.savepoint)
        return Result("ROLLBACK")
    if stmt.chain and not session.transaction.in_block:
        raise NoActiveSqlTransaction("ROLLBACK AND CHAIN can only be used in transaction blocks")
    modes = current_modes(session) if stmt.chain else ()
    tag, notices = session.transaction.rollback()
    if stmt.chain:
        transaction_modes.chain(session, modes)
    return Result(tag, notices=notices)


EXAMPLES: dict[str, object] = {
    "ROLLBACK": Rollback(),
    "ABORT WORK": Rollback(),
    'ROLLBACK TO SAVEPOINT "_pg3_1"': Rollback("_pg3_1"),
    "ROLLBACK TRANSACTION TO before_load": Rollback("before_load"),
    "ROLLBACK AND CHAIN": Rollback(chain=True),
    "ROLLBACK TO": "42601 at 12",
    "ABORT TO x": "42601 at 7",
}
