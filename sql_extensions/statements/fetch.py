"""Take rows from a cursor, or pass over them.

    FETCH FORWARD 100 FROM c
    MOVE ABSOLUTE 10 IN c

`FETCH` gives the rows, `MOVE` only their number. Going backward needs a cursor declared SCROLL (else 55000), except
that a cursor may always be rewound before its first fetch. A negative count turns the direction round; 0 gives the
current row again.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import InvalidCursorName
from engine.base import Action, Description, Result
from engine.dialect.scanner import TokenKind
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.sql_cursor import Direction, SqlCursor

HEADS = (("FETCH",), ("MOVE",))
SYNTAX = """\
{ FETCH | MOVE } [ direction ] [ FROM | IN ] cursor

direction: NEXT | PRIOR | FIRST | LAST | ABSOLUTE n | RELATIVE n | n | ALL
    | FORWARD [ n | ALL ] | BACKWARD [ n | ALL ]"""
ACTION = Action.SESSION
_INTEGER_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Fetch:
    cursor: str
    direction: Direction = Direction.FORWARD
    count: int | None = 1
    """None: ALL."""
    move: bool = False


def parse(c: Cursor) -> Fetch:
    move = c.passed("MOVE")
    only = c.peek()
    if only is not None and c.peek(1) is None and only.kind is not TokenKind.NUMBER and only.word != "ALL":
        return Fetch(c.identifier(), move=move)
    direction, count = _direction(c)
    if not c.take("FROM"):
        c.take("IN")
    return Fetch(c.identifier(), direction, count, move)


_SIMPLE = {
    "NEXT": (Direction.FORWARD, 1),
    "PRIOR": (Direction.BACKWARD, 1),
    "FIRST": (Direction.ABSOLUTE, 1),
    "LAST": (Direction.ABSOLUTE, -1),
}


def _direction(c: Cursor) -> tuple[Direction, int | None]:
    for word, meaning in _SIMPLE.items():
        if c.take(word):
            return meaning
    for direction in (Direction.ABSOLUTE, Direction.RELATIVE):
        if c.take(direction.name):
            return direction, _count(c)
    for direction in (Direction.FORWARD, Direction.BACKWARD):
        if c.take(direction.name):
            if c.take("ALL"):
                return direction, None
            return direction, _count(c) if _at_count(c) else 1
    if c.take("ALL"):
        return Direction.FORWARD, None
    return Direction.FORWARD, _count(c) if _at_count(c) else 1


def _at_count(c: Cursor) -> bool:
    token = c.peek()
    return token is not None and (token.kind is TokenKind.NUMBER or token.text in ("+", "-"))


def _count(c: Cursor) -> int:
    sign = -1 if c.take("-") else 1
    if sign == 1:
        c.take("+")
    token = c.peek()
    if token is not None and token.text.isdigit() and int(token.text) > _INTEGER_MAX:
        c.fail("a smaller number")
    return sign * c.integer()


def describe(stmt: Fetch, ctx: Context) -> Description:
    cursor = ctx.session.cursors.get(stmt.cursor)
    return Description((), None if stmt.move or cursor is None else cursor.fields)


def run(stmt: Fetch, ctx: Context) -> Result:
    cursor = find_cursor(ctx, stmt.cursor)
    if stmt.move:
        ctx.call.on_cancel(cursor.cancel)
        return Result(f"MOVE {cursor.move(stmt.direction, stmt.count)}")
    ctx.call.on_cancel(cursor.cancel)
    if cursor.binary and not ctx.call.result_binary:
        ctx.call.result_binary = (True,)
    return Result("FETCH ", cursor.fetch(stmt.direction, stmt.count))


def find_cursor(ctx: Context, name: str) -> SqlCursor:
    """Raises InvalidCursorName (34000)."""
    cursor = ctx.session.cursors.get(name)
    if cursor is None:
        raise InvalidCursorName(f'cursor "{name}" does not exist')
    return cursor


EXAMPLES: dict[str, object] = {
    "FETCH c": Fetch("c"),
    "FETCH next": Fetch("next"),
    "FETCH NEXT FROM c": Fetch("c"),
    'fetch 2048 in "SQL_CUR0x1"': Fetch("SQL_CUR0x1", count=2048),
    "FETCH FORWARD 3 FROM nm": Fetch("nm", count=3),
    "FETCH ALL c": Fetch("c", count=None),
    "FETCH -3 FROM c": Fetch("c", count=-3),
    "FETCH BACKWARD ALL IN c": Fetch("c", Direction.BACKWARD, None),
    "FETCH LAST c": Fetch("c", Direction.ABSOLUTE, -1),
    "FETCH RELATIVE -2 FROM c": Fetch("c", Direction.RELATIVE, -2),
    "MOVE 3 IN c": Fetch("c", count=3, move=True),
    "MOVE FORWARD ALL IN c": Fetch("c", count=None, move=True),
    "FETCH": "42601 at 6",
    "FETCH 3": "42601 at 8",
    "FETCH ABSOLUTE FROM c": "42601 at 16",
    "FETCH c d": "42601 at 9",
}
