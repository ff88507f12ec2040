"""Change a setting of the session, or of the transaction.

    SET search_path TO sales, public
    SET LOCAL statement_timeout = '30s'
    SET TIME ZONE 'Europe/Berlin'

Values are checked and spelled as PostgreSQL does it. `SET LOCAL` lasts until the transaction ends, a plain `SET` until
the session ends; both are undone by `ROLLBACK`, also to a savepoint. `TO DEFAULT` is `RESET`.

Settings with a dot that belong to nobody are accepted, as in PostgreSQL. Ours are `kadali.cluster` and `kadali.as_of`,
which may be written without the prefix. Planner costs and memory sizes are remembered and shown, and have no effect.
A value that cannot be honoured (another `client_encoding` than UTF8, `standard_conforming_strings = off`) is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Notice, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.setting_values import SettingValue, setting_name, setting_value, zone_value
from sql_extensions.settings import Reset
from sql_extensions.transaction_modes import set_mode

HEADS = (("SET",),)
SYNTAX = """\
SET [ SESSION | LOCAL ] name { TO | = } { value [, ...] | DEFAULT }
SET [ SESSION | LOCAL ] TIME ZONE { value | 'value' | INTERVAL 'value' [ HOUR TO MINUTE ] | LOCAL | DEFAULT }
SET [ SESSION | LOCAL ] NAMES [ 'encoding' | DEFAULT ]
SET [ SESSION | LOCAL ] SCHEMA 'name'
SET [ SESSION | LOCAL ] XML OPTION { DOCUMENT | CONTENT }"""
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class Set:
    name: str
    value: SettingValue
    local: bool = False


def parse(c: Cursor) -> Set:
    local = False
    if _is_scope(c, "LOCAL"):
        c.expect("LOCAL")
        local = True
    elif _is_scope(c, "SESSION"):
        c.expect("SESSION")
    name, value = assignment(c)
    return Set(name, value, local)


def _is_scope(c: Cursor, word: str) -> bool:
    return c.at(word) and not (c.at(word, "=") or c.at(word, "TO") or c.at(word, "."))


def assignment(c: Cursor) -> tuple[str, SettingValue]:
    """`name { TO | = } value`, or one of its older spellings."""
    if c.take("TIME", "ZONE"):
        return "timezone", zone_value(c)
    if c.at("CATALOG") and not _assigns(c):
        c.next()
        at = c.peek()
        c.string()
        raise FeatureNotSupported("current database cannot be changed", position=at.start + 1 if at else None)
    if c.at("SCHEMA") and not _assigns(c):
        c.next()
        return "search_path", (c.string(),)
    if c.at("NAMES") and not _assigns(c):
        c.next()
        if c.at_end() or c.take("DEFAULT"):
            return "client_encoding", Reset.DEFAULT
        return "client_encoding", (c.string(),)
    if c.take("XML", "OPTION"):
        return "xmloption", (c.one_of("DOCUMENT", "CONTENT").lower(),)
    name = setting_name(c)
    if c.take("FROM"):
        c.expect("CURRENT")
        return name, Reset.CURRENT
    c.one_of("TO", "=")
    return name, setting_value(c)


def _assigns(c: Cursor) -> bool:
    token = c.peek(1)
    return token is None or token.text == "=" or token.word in ("TO", "FROM") or token.text == "."


def run(stmt: Set, ctx: Context) -> Result:
    session = ctx.session
    if stmt.local and not session.transaction.in_any_block:
        ctx.call.notice(Notice("WARNING", "SET LOCAL can only be used in transaction blocks", "25P01"))
    session.before_setting_change()
    name = stmt.name.lower()
    if stmt.value is Reset.DEFAULT:
        session.settings.set_default(stmt.name, local=stmt.local)
    elif isinstance(stmt.value, Reset):
        session.settings.set(stmt.name, session.settings.show(stmt.name)[1], local=stmt.local)
    elif name in ("transaction_isolation", "transaction_read_only", "transaction_deferrable") and len(stmt.value) == 1:
        set_mode(session, name.removeprefix("transaction_"), session.settings.spelled(name, stmt.value[0]))
    else:
        session.settings.set_list(stmt.name, stmt.value, local=stmt.local)
    return Result("SET")


EXAMPLES: dict[str, object] = {
    "SET search_path TO sales, public": Set("search_path", ("sales", "public")),
    "SET LOCAL statement_timeout = '30s'": Set("statement_timeout", ("30s",), True),
    "SET SESSION extra_float_digits = 3": Set("extra_float_digits", ("3",)),
    "SET x = -1.5e3": Set("x", ("-1.5e3",)),
    "SET my.Var TO ON": Set("my.var", ("on",)),
    "SET DateStyle TO DEFAULT": Set("datestyle", Reset.DEFAULT),
    "SET TIME ZONE 'Europe/Berlin'": Set("timezone", ("Europe/Berlin",)),
    "SET TIME ZONE -8": Set("timezone", ("-8",)),
    "SET TIME ZONE LOCAL": Set("timezone", Reset.DEFAULT),
    "SET TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE": Set("timezone", ("INTERVAL '-08:00'",)),
    "SET NAMES 'UTF8'": Set("client_encoding", ("UTF8",)),
    "SET SCHEMA 'sales'": Set("search_path", ("sales",)),
    "SET kadali.cluster = embedded": Set("kadali.cluster", ("embedded",)),
    "SET work_mem FROM CURRENT": Set("work_mem", Reset.CURRENT),
    "SET": "42601 at 4",
    "SET x": "42601 at 6",
    "SET x = ": "42601 at 9",
    "SET x = select": "42601 at 9",
    "SET x TO a b": "42601 at 12",
    "SET CATALOG 'x'": "0A000 at 13",
}
