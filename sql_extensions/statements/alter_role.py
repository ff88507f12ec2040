"""Choose what the sessions of a user, or of everyone, begin with.

    ALTER ROLE bi SET kadali.cluster = 'etl'
    ALTER ROLE bi RESET ALL
    ALTER DATABASE shop SET statement_timeout = '5min'

It holds for sessions of this database that begin later. What a user has goes before what the database has, and what a
client sends on connecting (`options=-c ...`) before both. A setting that no longer holds when a session begins, as the
name of a cluster that has been dropped, is left out with a WARNING. Users may change their own, administrators those of
all. ALTER ROLE ALL is ALTER DATABASE. kadali.role_settings shows them; PostgreSQL's pg_db_role_setting stays empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported, InsufficientPrivilege
from engine.base import Action, Result
from sql_extensions.cluster_actions import ONESELF
from sql_extensions.cluster_waits import role_name
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule
from sql_extensions.setting_values import SettingValue
from sql_extensions.settings import Reset
from sql_extensions.settings.session import setting_key
from sql_extensions.statements import reset
from sql_extensions.statements.set import assignment

HEADS = (("ALTER", "ROLE"), ("ALTER", "USER"), ("ALTER", "DATABASE"))
SYNTAX = """ALTER { ROLE | USER } { name | ALL } [ IN DATABASE name ] change
ALTER DATABASE name change
change: { SET name { TO | = } { value [, ...] | DEFAULT } | SET name FROM CURRENT | RESET name | RESET ALL }"""
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.IMMEDIATE
_NEVER = ("role", "session_authorization", "transaction_isolation", "transaction_read_only", "transaction_deferrable")


@dataclass(frozen=True, slots=True)
class AlterRole:
    """`role` None: everyone. `name` None: all settings. `value` None: reset."""

    role: str | None
    name: str | None
    value: SettingValue | None = None
    database: str | None = None
    tag: str = "ALTER ROLE"


def parse(c: Cursor) -> AlterRole:
    whole, role, database = c.passed("DATABASE"), None, None
    if whole:
        database = c.identifier()
    else:
        role = None if c.take("ALL") else role_name(c)
        if c.take("IN", "DATABASE"):
            database = c.identifier()
    tag = "ALTER DATABASE" if whole else "ALTER ROLE"
    if c.take("RESET"):
        return AlterRole(role, reset.parse(c).name, None, database, tag)
    if not c.take("SET"):
        raise FeatureNotSupported(f"{tag} is supported with SET and RESET only", position=c.here())
    name, value = assignment(c)
    return AlterRole(role, name, None if value is Reset.DEFAULT else value, database, tag)


EXAMPLES: dict[str, object] = {
    "ALTER ROLE bi SET kadali.cluster = 'etl'": AlterRole("bi", "kadali.cluster", ("etl",)),
    "ALTER USER CURRENT_USER SET search_path TO sales, public": AlterRole(ONESELF, "search_path", ("sales", "public")),
    "ALTER ROLE bi IN DATABASE shop RESET ALL": AlterRole("bi", None, database="shop"),
    "ALTER ROLE ALL SET statement_timeout TO DEFAULT": AlterRole(None, "statement_timeout"),
    "ALTER ROLE bi SET TIME ZONE 'UTC'": AlterRole("bi", "timezone", ("UTC",)),
    "ALTER DATABASE shop SET kadali.cluster FROM CURRENT": AlterRole(
        None, "kadali.cluster", Reset.CURRENT, "shop", "ALTER DATABASE"
    ),
    "ALTER DATABASE shop RESET kadali.cluster": AlterRole(None, "kadali.cluster", None, "shop", "ALTER DATABASE"),
    "ALTER ROLE bi PASSWORD 'x'": "0A000 at 15",
    "ALTER DATABASE shop RENAME TO other": "0A000 at 21",
    "ALTER ROLE bi SET": "42601 at 18",
}


def run(stmt: AlterRole, ctx: Context) -> Result:
    role = _allowed(stmt, ctx)
    name = None if stmt.name is None else setting_key(stmt.name)
    value = None
    if stmt.name is not None and stmt.value is not None:
        value = _checked(stmt.name, stmt.value, ctx)
    with ctx.session.tenant.catalog.change() as change:
        change.set_setting(role, name, value)
    return Result(stmt.tag)


def _allowed(stmt: AlterRole, ctx: Context) -> str | None:
    """The role it is about. Raises InsufficientPrivilege (42501), FeatureNotSupported (0A000)."""
    principal = ctx.session.principal
    if stmt.database not in (None, principal.tenant):
        raise FeatureNotSupported(
            f'database "{stmt.database}" cannot be changed from here', hint="Connect to it: settings belong to one."
        )
    role = principal.user if stmt.role == ONESELF else stmt.role
    if not principal.admin and role != principal.user:
        what = f"must be owner of database {principal.tenant}" if role is None else "permission denied to alter role"
        raise InsufficientPrivilege(what)
    return role


def _checked(name: str, value: SettingValue, ctx: Context) -> str:
    """In PostgreSQL's spelling. Raises what SET would."""
    settings = ctx.session.settings
    if name.lower() in _NEVER:
        raise FeatureNotSupported(f'sessions cannot begin with another "{name}"')
    if isinstance(value, Reset):
        return settings.show(name)[1]
    before = settings.mark()
    try:
        settings.set_list(name, value)
        return settings.show(name)[1]
    finally:
        settings.restore(before)
