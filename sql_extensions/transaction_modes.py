"""Characteristics of transactions: isolation, read only, deferrable; how they are written and when they may be set."""

from __future__ import annotations

from catalog.errors import ActiveSqlTransaction
from sql_extensions.cursor import Cursor
from sql_extensions.session import Session

Modes = tuple[tuple[str, str], ...]
"""(name after "transaction_", value) in the order written: ("isolation", "serializable"), ("read_only", "on")."""

_STARTS = ("ISOLATION", "READ", "DEFERRABLE", "NOT")


def parse_modes(c: Cursor) -> Modes:
    """One or more modes, with or without commas between."""
    modes = [_mode(c)]
    while c.take(",") or c.at(_STARTS[0]) or c.at(_STARTS[1]) or c.at(_STARTS[2]) or c.at(_STARTS[3]):
        modes.append(_mode(c))
    return tuple(modes)


def parse_optional_modes(c: Cursor) -> Modes:
    """As BEGIN takes them: none, or a list."""
    return () if c.at_end() else parse_modes(c)


def parse_chain(c: Cursor) -> bool:
    """[ AND [ NO ] CHAIN ] of COMMIT and ROLLBACK."""
    if not c.take("AND"):
        return False
    chain = not c.take("NO")
    c.expect("CHAIN")
    return chain


def set_mode(session: Session, name: str, value: str) -> None:
    """Set one characteristic of the transaction under way.

    Raises ActiveSqlTransaction (25001) as PostgreSQL does once a query has run or a savepoint stands.
    """
    settings, transaction = session.settings, session.transaction
    if name == "isolation" and value != settings.transaction_isolation:
        if transaction.queried:
            raise ActiveSqlTransaction("SET TRANSACTION ISOLATION LEVEL must be called before any query")
        if transaction.has_savepoints:
            raise ActiveSqlTransaction("SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction")
    elif name == "read_only" and value == "off" and settings.transaction_read_only:
        if transaction.has_savepoints:
            raise ActiveSqlTransaction("cannot set transaction read-write mode inside a read-only transaction")
        if transaction.queried:
            raise ActiveSqlTransaction("transaction read-write mode must be set before any query")
    elif name == "deferrable":
        if transaction.has_savepoints:
            raise ActiveSqlTransaction("SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction")
        if transaction.queried:
            raise ActiveSqlTransaction("SET TRANSACTION [NOT] DEFERRABLE must be called before any query")
    settings.set(f"transaction_{name}", value, local=True)


def current_modes(session: Session) -> Modes:
    """What AND CHAIN hands to the next transaction."""
    names = ("isolation", "read_only", "deferrable")
    return tuple((name, session.settings.show(f"transaction_{name}")[1]) for name in names)


def begin(session: Session, modes: Modes) -> None:
    """Open a block with the defaults now in force and `modes` on top, which a failed statement takes back.

    Raises SqlError.
    """
    chain(session, ())
    session.before_setting_change()
    for name, value in modes:
        set_mode(session, name, value)


def chain(session: Session, modes: Modes) -> None:
    """Open a block with the characteristics of the one before (`current_modes`): they are what it begins with."""
    session.transaction.begin()
    session.settings.begin_block()
    for name, value in modes:
        session.settings.set(f"transaction_{name}", value, local=True)


def _mode(c: Cursor) -> tuple[str, str]:
    if c.take("ISOLATION"):
        c.expect("LEVEL")
        if c.take("READ"):
            return "isolation", f"read {c.one_of('COMMITTED', 'UNCOMMITTED').lower()}"
        if c.take("REPEATABLE"):
            c.expect("READ")
            return "isolation", "repeatable read"
        c.expect("SERIALIZABLE")
        return "isolation", "serializable"
    if c.take("READ"):
        return "read_only", "on" if c.one_of("ONLY", "WRITE") == "ONLY" else "off"
    if c.take("NOT"):
        c.expect("DEFERRABLE")
        return "deferrable", "off"
    c.expect("DEFERRABLE")
    return "deferrable", "on"
