"""Change a connection.

    ALTER CONNECTION crm SET (sslmode = 'verify-full', password = SECRET crm_pw)
    ALTER CONNECTION crm RENAME TO crm_old
    ALTER CONNECTION crm OWNER TO ann

Options that are not named stay as they are. For its owner and administrators; where the connection leads to (host,
port, endpoint) is for administrators to change, and its owner can give it his own secrets only.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.connections.tenant import SecretGiven
from engine.base import Action, Result
from sql_extensions import connection_actions, connection_options
from sql_extensions.cluster_waits import role_name
from sql_extensions.connection_options import Given
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("ALTER", "CONNECTION"),)
SYNTAX = """ALTER CONNECTION [ IF EXISTS ] name
    { SET ( option = value [, ...] ) | RENAME TO name | OWNER TO role }"""
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.IMMEDIATE


@dataclass(frozen=True, slots=True)
class AlterConnection:
    """One of `given`, `new_name`, `owner`."""

    name: str
    given: Given | None = None
    new_name: str | None = None
    owner: str | None = None
    if_exists: bool = False


def parse(c: Cursor) -> AlterConnection:
    if_exists = c.take("IF", "EXISTS")
    name, verb = c.identifier(), c.one_of("SET", "RENAME", "OWNER")
    if verb == "SET":
        return AlterConnection(name, connection_options.parse(c, None), if_exists=if_exists)
    c.expect("TO")
    if verb == "RENAME":
        return AlterConnection(name, new_name=c.identifier(), if_exists=if_exists)
    return AlterConnection(name, owner=role_name(c), if_exists=if_exists)


EXAMPLES: dict[str, object] = {
    "ALTER CONNECTION crm SET (sslmode = 'require', port = 5433)": AlterConnection(
        "crm", Given({"sslmode": "require", "port": 5433})
    ),
    "ALTER CONNECTION crm SET (password = SECRET s)": AlterConnection(
        "crm", Given(secrets={"password": SecretGiven(name="s")})
    ),
    "ALTER CONNECTION IF EXISTS crm RENAME TO erp": AlterConnection("crm", new_name="erp", if_exists=True),
    "ALTER CONNECTION crm OWNER TO ann": AlterConnection("crm", owner="ann"),
    "ALTER CONNECTION crm SET (sslmod = 'require')": "22023 at 27",
    "ALTER CONNECTION crm SET (port = 1, port = 2)": "42601 at 37",
    "ALTER CONNECTION crm SET (password = geheim)": "42601 at 38",
    "ALTER CONNECTION crm SET ()": "42601 at 27",
    "ALTER CONNECTION crm RESET (port)": "42601 at 22",
}


def run(stmt: AlterConnection, ctx: Context) -> Result:
    if stmt.if_exists and connection_actions.skips_missing(ctx, stmt.name):
        return Result("ALTER CONNECTION")
    if stmt.given is not None:
        connection_actions.alter(ctx, stmt.name, stmt.given)
    elif stmt.new_name is not None:
        connection_actions.rename(ctx, stmt.name, stmt.new_name)
    elif stmt.owner is not None:
        connection_actions.give(ctx, stmt.name, stmt.owner)
    return Result("ALTER CONNECTION")
