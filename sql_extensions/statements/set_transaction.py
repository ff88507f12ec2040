"""Set the characteristics of the transaction, or of all later transactions of the session.

    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
    SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY

Every isolation level is accepted. A transaction reads each table at the version its first query on it saw. In a
`READ ONLY` transaction, writes are refused (25006). As in PostgreSQL, the isolation level can be set only before the
first query of a transaction. Snapshots cannot be taken over from other sessions.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Notice, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.transaction_modes import Modes, parse_modes, set_mode

HEADS = (
    ("SET", "TRANSACTION"),
    ("SET", "LOCAL", "TRANSACTION"),
    ("SET", "SESSION", "TRANSACTION"),
    ("SET", "SESSION", "CHARACTERISTICS"),
)
SYNTAX = """\
SET TRANSACTION mode [, ...]
SET SESSION CHARACTERISTICS AS TRANSACTION mode [, ...]

mode: ISOLATION LEVEL { SERIALIZABLE | REPEATABLE READ | READ COMMITTED | READ UNCOMMITTED }
    | READ WRITE | READ ONLY | [ NOT ] DEFERRABLE"""
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class SetTransaction:
    modes: Modes
    session: bool = False
    """For the transactions to come, not for this one."""


def parse(c: Cursor) -> SetTransaction:
    if c.take("AS"):
        c.expect("TRANSACTION")
        return SetTransaction(parse_modes(c), session=True)
    if c.at("SNAPSHOT"):
        at = c.next()
        c.string()
        c.end()
        raise FeatureNotSupported("SET TRANSACTION SNAPSHOT is not supported", position=at.start + 1)
    return SetTransaction(parse_modes(c))


def run(stmt: SetTransaction, ctx: Context) -> Result:
    session = ctx.session
    session.before_setting_change()
    if stmt.session:
        for name, value in stmt.modes:
            session.settings.set(f"default_transaction_{name}", value)
        return Result("SET")
    if not session.transaction.in_any_block:
        ctx.call.notice(Notice("WARNING", "SET TRANSACTION can only be used in transaction blocks", "25P01"))
    for name, value in stmt.modes:
        set_mode(session, name, value)
    return Result("SET")


EXAMPLES: dict[str, object] = {
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY": SetTransaction(
        (("isolation", "repeatable read"), ("read_only", "on"))
    ),
    "SET TRANSACTION READ WRITE NOT DEFERRABLE": SetTransaction((("read_only", "off"), ("deferrable", "off"))),
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED": SetTransaction(
        (("isolation", "read committed"),), session=True
    ),
    "SET TRANSACTION": "42601 at 16",
    "SET TRANSACTION READ ONLY,": "42601 at 27",
    "SET TRANSACTION ISOLATION LEVEL FAST": "42601 at 33",
    "SET TRANSACTION SNAPSHOT '0-1'": "0A000 at 17",
}
