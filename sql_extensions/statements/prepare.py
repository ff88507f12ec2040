"""Prepare a statement, to be run by EXECUTE with other values each time.

    PREPARE orders_of (bigint) AS SELECT * FROM sales.orders WHERE customer_id = $1

Types that are not given are inferred. Queries, INSERT, UPDATE, DELETE, and every statement of ours that gives rows can
be prepared. A statement whose tables have changed so that its columns differ is refused with 0A000, as in PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import DuplicatePreparedStatement, InvalidName, ProgramLimitExceeded, SqlError
from engine.base import Action, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.nested import describe_statement, parse_preparable
from sql_extensions.session import Prepared
from sql_extensions.statement import Statement

HEADS = (("PREPARE",),)
SYNTAX = "PREPARE name [ ( type [, ...] ) ] AS statement"
ACTION = Action.SESSION
PREPARED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Prepare:
    """`types` are (text, position) of each."""

    name: str
    types: tuple[tuple[str, int], ...]
    statement: Statement


def parse(c: Cursor) -> Prepare:
    name = c.identifier()
    types = c.in_parentheses(lambda: c.comma_list(lambda: _type(c))) if c.at("(") else ()
    c.expect("AS")
    return Prepare(name, types, parse_preparable(c))


def _type(c: Cursor) -> tuple[str, int]:
    """The text of one type, up to a comma or the closing parenthesis."""
    first, depth = c.peek(), 0
    last = first
    while (token := c.peek()) is not None and (depth or token.text not in (",", ")", "as")):
        depth += (token.text == "(") - (token.text == ")")
        last = c.next()
    if first is None or last is None or first is c.peek():
        c.fail("a type")
    return c.sql[first.start : last.end], first.start + 1


def run(stmt: Prepare, ctx: Context) -> Result:
    session = ctx.session
    if not stmt.name:
        raise InvalidName("invalid statement name: must not be empty")
    if len(session.prepared) >= PREPARED_MAX:
        raise ProgramLimitExceeded(f"a session can have at most {PREPARED_MAX} prepared statements")
    oids = [_oid(ctx, text, position) for text, position in stmt.types]
    seq = session.tenant.catalog.seq
    description = describe_statement(stmt.statement, ctx, oids)
    if stmt.name in session.prepared:
        raise DuplicatePreparedStatement(f'prepared statement "{stmt.name}" already exists')
    session.prepared[stmt.name] = Prepared(stmt.statement, description, seq, from_sql=True)
    return Result("PREPARE")


def _oid(ctx: Context, text: str, position: int) -> int:
    try:
        [(oid,)] = ctx.session.shadow.read_text("SELECT $1::pg_catalog.regtype::oid", (text,))
    except SqlError as error:
        error.position = position
        raise
    return int(oid or 0)


EXAMPLES: dict[str, object] = {
    "PREPARE p AS SELECT 1": ...,
    "PREPARE p (numeric(10,2), text[]) AS SELECT $1, $2": ...,
    "PREPARE p AS INSERT INTO t VALUES ($1)": ...,
    "PREPARE p AS SHOW search_path": ...,
    "PREPARE p AS BEGIN": "42601 at 14",
    "PREPARE p () AS SELECT 1": "42601 at 12",
    "PREPARE p SELECT 1": "42601 at 11",
    "PREPARE p AS": "42601 at 13",
}
