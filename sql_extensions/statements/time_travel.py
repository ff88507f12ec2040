"""Read all tables of the session, or some, as they were.

    TIME TRAVEL TO TIMESTAMP '2026-01-31 23:59:59'
    TIME TRAVEL TO VERSION 3 OF sales.orders, 7 OF sales.customers
    TIME TRAVEL OFF

With a timestamp every Delta table of the session is read as of that time; with versions only the tables named, the
others stay current. Relative values ('yesterday', '-1 day') are settled once, now. A time specification in a query wins
over the session's. While it is on, tables cannot be written (25006). It is the setting `kadali.as_of`, so that it can
also be set for a transaction (`SET LOCAL kadali.as_of = '...'`), a connection (`options=-c kadali.as_of=...`) or a
login, and ROLLBACK takes it back.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import DuplicateObject, InvalidParameterValue, UndefinedObject
from catalog.names import TableName
from engine.base import Action, Result
from sql_extensions import as_of, historic, tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.evaluation import read_text
from sql_extensions.names import Name
from sql_extensions.registry import TransactionRule
from sql_extensions.rewrites.time_spec import SpecKind, TimeSpec, ValueKind

HEADS = (("TIME", "TRAVEL"),)
SYNTAX = """TIME TRAVEL TO { TIMESTAMP 'time' | VERSION n OF table [, n OF table ...] | TAG 'name' }
TIME TRAVEL OFF"""
ACTION = Action.SESSION
TRANSACTION = TransactionRule.TRANSACTIONAL


@dataclass(frozen=True, slots=True)
class TimeTravel:
    """One of `time`, `versions`, `tag`; none of them: OFF."""

    time: str | None = None
    versions: tuple[tuple[int, Name], ...] = ()
    tag: str | None = None


def parse(c: Cursor) -> TimeTravel:
    if c.take("OFF"):
        return TimeTravel()
    c.expect("TO")
    kind = c.one_of("TIMESTAMP", "VERSION", "TAG")
    if kind == "TIMESTAMP":
        return TimeTravel(time=c.string())
    if kind == "TAG":
        return TimeTravel(tag=c.string())

    def one() -> tuple[int, Name]:
        version = c.integer()
        c.expect("OF")
        return version, tables.take_name(c)

    return TimeTravel(versions=c.comma_list(one))


EXAMPLES: dict[str, object] = {
    "TIME TRAVEL TO TIMESTAMP '2026-01-31 23:59:59'": TimeTravel(time="2026-01-31 23:59:59"),
    "TIME TRAVEL TO VERSION 3 OF sales.orders, 7 OF t": TimeTravel(
        versions=((3, Name(("sales", "orders"))), (7, Name(("t",))))
    ),
    "TIME TRAVEL TO TAG 'eom'": TimeTravel(tag="eom"),
    "TIME TRAVEL OFF": TimeTravel(),
    "TIME TRAVEL TO 3": "42601 at 16",
    "TIME TRAVEL TO VERSION 3": "42601 at 25",
    "TIME TRAVEL": "42601 at 12",
}


def run(stmt: TimeTravel, ctx: Context) -> Result:
    session = ctx.session
    if stmt.tag is not None:
        raise UndefinedObject(f'snapshot "{stmt.tag}" does not exist')
    value = ""
    if stmt.time is not None:
        if not stmt.time.strip():
            raise InvalidParameterValue("the time must not be empty")
        value = as_of.canonical(stmt.time, lambda sql, params: read_text(session, sql, *params))
    elif stmt.versions:
        value = as_of.of_versions(_versions(stmt, ctx))
    session.before_setting_change()
    session.settings.set("kadali.as_of", value)
    return Result("TIME TRAVEL")


def _versions(stmt: TimeTravel, ctx: Context) -> dict[TableName, int]:
    """The versions by resolved name, each checked to exist and to be readable."""
    found: dict[TableName, int] = {}
    for version, name in stmt.versions:
        relation = tables.resolve_table(name.parts, ctx.session, name.position)
        tables.require_privilege(relation, "SELECT", ctx.session)
        if relation.name in found:
            raise DuplicateObject(f"table {relation.name} is named twice", position=name.position)
        spec = TimeSpec(name.parts, SpecKind.VERSION, ValueKind.LITERAL, str(version))
        found[relation.name] = historic.resolve(ctx, relation, spec)
    return found
