"""Open a cursor: a query whose rows are fetched in portions.

    DECLARE c CURSOR FOR SELECT * FROM sales.orders
    DECLARE c SCROLL CURSOR WITH HOLD FOR SHOW QUERIES

Without `WITH HOLD` a transaction block is needed, and the cursor ends with it. With `WITH HOLD` the rows not yet
fetched are set aside when the transaction commits, and the cursor stays until it is closed or the session ends.

`SCROLL` sets aside the rows as they are fetched, so that FETCH can go backward. Without it a cursor goes forward only
(in PostgreSQL that depends on the plan). The query may be any statement that gives rows. Cursors do not see what the
transaction writes after them, and cannot be used for updates.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import (
    DuplicateCursor,
    InvalidCursorDefinition,
    InvalidCursorName,
    NoActiveSqlTransaction,
    ProgramLimitExceeded,
)
from engine.base import Action, Description, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.nested import describe_statement, parse_query, run_for_arrow
from sql_extensions.sql_cursor import SqlCursor
from sql_extensions.statement import Statement

HEADS = (("DECLARE",),)
SYNTAX = """\
DECLARE name [ BINARY ] [ ASENSITIVE | INSENSITIVE ] [ [ NO ] SCROLL ] CURSOR
    [ { WITH | WITHOUT } HOLD ] FOR query"""
ACTION = Action.READ
CURSORS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Declare:
    name: str
    query: Statement
    options: frozenset[str] = frozenset()
    """Of BINARY, SCROLL, NO SCROLL, INSENSITIVE, ASENSITIVE, HOLD."""


def parse(c: Cursor) -> Declare:
    name = c.identifier()
    options: set[str] = set()
    while not c.take("CURSOR"):
        if c.take("NO"):
            c.expect("SCROLL")
            options.add("NO SCROLL")
        else:
            options.add(c.one_of("BINARY", "INSENSITIVE", "ASENSITIVE", "SCROLL", "CURSOR"))
    if c.take("WITH"):
        c.expect("HOLD")
        options.add("HOLD")
    elif c.take("WITHOUT"):
        c.expect("HOLD")
    c.expect("FOR")
    return Declare(name, parse_query(c), frozenset(options))


def describe(stmt: Declare, ctx: Context) -> Description:
    return Description(describe_statement(stmt.query, ctx, ctx.call.known_oids).param_oids, None)


def run(stmt: Declare, ctx: Context) -> Result:
    session = ctx.session
    hold = "HOLD" in stmt.options
    if not hold and not session.transaction.in_any_block:
        raise NoActiveSqlTransaction("DECLARE CURSOR can only be used in transaction blocks")
    if stmt.options >= {"SCROLL", "NO SCROLL"}:
        raise InvalidCursorDefinition("cannot specify both SCROLL and NO SCROLL")
    if stmt.options >= {"INSENSITIVE", "ASENSITIVE"}:
        raise InvalidCursorDefinition("cannot specify both ASENSITIVE and INSENSITIVE")
    if not stmt.name:
        raise InvalidCursorName("invalid cursor name: must not be empty")
    if stmt.name in session.cursors:
        raise DuplicateCursor(f'cursor "{stmt.name}" already exists')
    if len(session.cursors) >= CURSORS_MAX:
        raise ProgramLimitExceeded(f"a session can have at most {CURSORS_MAX} cursors", hint="Close some.")
    cursor = SqlCursor(
        stmt.name,
        run_for_arrow(stmt.query, ctx),
        session.tenant.staging,
        sql=stmt.query.sql,
        cancel=ctx.call.cancel,
        scroll="SCROLL" in stmt.options,
        hold=hold,
        binary="BINARY" in stmt.options,
    )
    session.cursors[stmt.name] = cursor

    def undo() -> None:
        if session.cursors.get(stmt.name) is cursor:
            del session.cursors[stmt.name]
        cursor.close()

    session.transaction.undo_with(undo, writes=False)
    return Result("DECLARE CURSOR")


EXAMPLES: dict[str, object] = {
    "DECLARE c CURSOR FOR SELECT 1": ...,
    'DECLARE "SQL_CUR0x1" CURSOR WITH HOLD FOR SELECT 1': ...,
    "DECLARE c BINARY INSENSITIVE NO SCROLL CURSOR WITHOUT HOLD FOR VALUES (1)": ...,
    "DECLARE c SCROLL CURSOR FOR SHOW search_path": ...,
    "DECLARE c CURSOR FOR INSERT INTO t VALUES (1)": "42601 at 22",
    "DECLARE c CURSOR FOR BEGIN": "42601 at 22",
    "DECLARE c CURSOR FOR": "42601 at 21",
    "DECLARE c FOR SELECT 1": "42601 at 11",
    "DECLARE CURSOR FOR SELECT 1": "42601 at 16",
}
