"""Lock tables: the modes that only say "I read" or "I write" are accepted, stronger ones are refused.

    LOCK TABLE sales.orders IN ACCESS SHARE MODE

Nothing is locked: writers of Delta tables do not wait for each other, the later of two that clash fails on commit with
40001. A lock that would keep others out (and the default, ACCESS EXCLUSIVE, does) is a promise that cannot be kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported, NoActiveSqlTransaction
from engine.base import Action, Result
from sql_extensions import tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.names import Name

HEADS = (("LOCK",),)
SYNTAX = """\
LOCK [ TABLE ] [ ONLY ] name [, ...] [ IN mode MODE ] [ NOWAIT ]

mode: ACCESS SHARE | ROW SHARE | ROW EXCLUSIVE"""
ACTION = Action.SESSION
_MODES = (
    ("ACCESS", "SHARE"),
    ("ROW", "SHARE"),
    ("ROW", "EXCLUSIVE"),
    ("SHARE", "UPDATE", "EXCLUSIVE"),
    ("SHARE", "ROW", "EXCLUSIVE"),
    ("SHARE",),
    ("EXCLUSIVE",),
    ("ACCESS", "EXCLUSIVE"),
)
_PRIVILEGES = {"ACCESS SHARE": "SELECT", "ROW SHARE": "SELECT,UPDATE,DELETE", "ROW EXCLUSIVE": "INSERT,UPDATE,DELETE"}


@dataclass(frozen=True, slots=True)
class Lock:
    tables: tuple[Name, ...]
    mode: str = "ACCESS EXCLUSIVE"


def parse(c: Cursor) -> Lock:
    c.take("TABLE")

    def one() -> Name:
        c.take("ONLY")
        name = tables.take_name(c)
        c.take("*")
        return name

    names, mode = c.comma_list(one), "ACCESS EXCLUSIVE"
    if c.take("IN"):
        words = next((words for words in _MODES if c.take(*words)), None)
        if words is None:
            c.fail("a lock mode")
        c.expect("MODE")
        mode = " ".join(words)
    c.take("NOWAIT")
    return Lock(names, mode)


def run(stmt: Lock, ctx: Context) -> Result:
    if not ctx.session.transaction.in_any_block:
        raise NoActiveSqlTransaction("LOCK TABLE can only be used in transaction blocks")
    for name in stmt.tables:
        relation = tables.resolve(name.parts, ctx.session)
        privilege = _PRIVILEGES.get(stmt.mode)
        if privilege is None:
            raise FeatureNotSupported(
                f"LOCK TABLE IN {stmt.mode} MODE is not supported",
                hint="Transactions that clash fail on commit with a serialization failure; try again then.",
            )
        tables.require_privilege(relation, privilege, ctx.session)
    return Result("LOCK TABLE")


EXAMPLES: dict[str, object] = {
    "LOCK TABLE sales.orders IN ACCESS SHARE MODE": Lock((Name(("sales", "orders"), 12),), "ACCESS SHARE"),
    "LOCK a, ONLY b NOWAIT": Lock((Name(("a",), 6), Name(("b",), 14))),
    "LOCK a IN SHARE ROW EXCLUSIVE MODE": Lock((Name(("a",), 6),), "SHARE ROW EXCLUSIVE"),
    "LOCK a IN MODE": "42601 at 11",
    "LOCK": "42601 at 5",
}
