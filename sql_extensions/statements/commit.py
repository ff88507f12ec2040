"""End the transaction block and make its changes permanent.

    COMMIT

If a statement of the block failed, everything is rolled back, and the answer says `ROLLBACK`. Should a table have
been changed by someone else in a way that does not go together with this transaction, the commit fails with 40001.
`AND CHAIN` opens the next block at once, with the same characteristics.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import NoActiveSqlTransaction
from engine.base import Action, Result
from sql_extensions import transaction_modes
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.transaction_modes import current_modes, parse_chain

HEADS = (("COMMIT",), ("END",))
SYNTAX = "{ COMMIT | END } [ WORK | TRANSACTION ] [ AND [ NO ] CHAIN ]"
ACTION = Action.SESSION
IN_FAILED = True


@dataclass(frozen=True, slots=True)
class Commit:
    chain: bool = False


def parse(c: Cursor) -> Commit:
    if not c.take("WORK"):
        c.take("TRANSACTION")
    return Commit(parse_chain(c))


def run(stmt: Commit, ctx: Context) -> Result:
    session = ctx.session
    if stmt.chain and not session.transaction.in_block:
        raise NoActiveSqlTransaction("COMMIT AND CHAIN can only be used in transaction blocks")
    for cursor in session.cursors.values():
        if cursor.hold:
            ctx.call.on_cancel(cursor.cancel)
    modes = current_modes(session) if stmt.chain else ()
    tag, notices = session.transaction.commit()
    if stmt.chain:
        transaction_modes.chain(session, modes)
    return Result(tag, notices=notices)


EXAMPLES: dict[str, object] = {
    "COMMIT": Commit(),
    "END TRANSACTION": Commit(),
    "COMMIT WORK AND CHAIN": Commit(True),
    "COMMIT AND NO CHAIN": Commit(),
    "COMMIT AND": "42601 at 11",
    "END x": "42601 at 5",
}
