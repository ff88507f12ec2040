"""Give a secret another value, name or owner.

    ALTER SECRET crm_pw AS 'rotated'
    ALTER SECRET crm_pw FROM ENV 'CRM_PASSWORD'
    ALTER SECRET crm_pw RENAME TO crm_password

Connections that use it have the new value from their next use on. For its owner and administrators; FROM is for
administrators.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.secrets.model import Origin, SecretSource
from engine.base import Action, Result
from sql_extensions import secret_actions
from sql_extensions.cluster_waits import role_name
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule
from sql_extensions.secret_origin import parse_origin

HEADS = (("ALTER", "SECRET"),)
SYNTAX = """ALTER SECRET [ IF EXISTS ] name
    { AS 'value' | FROM { ENV 'variable' | FILE 'path' | KUBERNETES 'namespace/name' KEY 'key' }
    | RENAME TO name | OWNER TO role }"""
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.IMMEDIATE


@dataclass(frozen=True, slots=True)
class AlterSecret:
    """One of `origin`, `new_name`, `owner`."""

    name: str
    origin: Origin | None = None
    new_name: str | None = None
    owner: str | None = None
    if_exists: bool = False


def parse(c: Cursor) -> AlterSecret:
    if_exists = c.take("IF", "EXISTS")
    name, verb = c.identifier(), c.one_of("AS", "FROM", "RENAME", "OWNER")
    if verb in ("AS", "FROM"):
        return AlterSecret(name, parse_origin(c, verb), if_exists=if_exists)
    c.expect("TO")
    if verb == "RENAME":
        return AlterSecret(name, new_name=c.identifier(), if_exists=if_exists)
    return AlterSecret(name, owner=role_name(c), if_exists=if_exists)


EXAMPLES: dict[str, object] = {
    "ALTER SECRET s AS 'new'": AlterSecret("s", Origin(SecretSource.VALUE, value="new")),
    "ALTER SECRET IF EXISTS s FROM ENV 'X'": AlterSecret("s", Origin(SecretSource.ENV, "X"), if_exists=True),
    "ALTER SECRET s RENAME TO t": AlterSecret("s", new_name="t"),
    "ALTER SECRET s OWNER TO ann": AlterSecret("s", owner="ann"),
    "ALTER SECRET s SET 'new'": "42601 at 16",
    "ALTER SECRET s AS 'new' OWNER TO ann": "42601 at 25",
}


def run(stmt: AlterSecret, ctx: Context) -> Result:
    if stmt.if_exists and secret_actions.skips_missing(ctx, stmt.name):
        return Result("ALTER SECRET")
    if stmt.origin is not None:
        secret_actions.alter(ctx, stmt.name, stmt.origin)
    elif stmt.new_name is not None:
        secret_actions.rename(ctx, stmt.name, stmt.new_name)
    elif stmt.owner is not None:
        secret_actions.give(ctx, stmt.name, stmt.owner)
    return Result("ALTER SECRET")
