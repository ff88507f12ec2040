"""Drop connections.

    DROP CONNECTION IF EXISTS crm, erp

Of several all are dropped, or none; passwords that were written into their statements go with them, secrets by name
stay. For its owner and administrators. CASCADE drops what depends on them.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions import connection_actions
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("DROP", "CONNECTION"),)
SYNTAX = "DROP CONNECTION [ IF EXISTS ] name [, ...] [ CASCADE | RESTRICT ]"
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.IMMEDIATE


@dataclass(frozen=True, slots=True)
class DropConnections:
    names: tuple[str, ...]
    cascade: bool = False
    if_exists: bool = False


def parse(c: Cursor) -> DropConnections:
    if_exists = c.take("IF", "EXISTS")
    names = c.comma_list(c.identifier)
    cascade = c.take("CASCADE")
    if not cascade:
        c.take("RESTRICT")
    return DropConnections(names, cascade, if_exists)


EXAMPLES: dict[str, object] = {
    "DROP CONNECTION crm": DropConnections(("crm",)),
    "DROP CONNECTION IF EXISTS a, b CASCADE": DropConnections(("a", "b"), cascade=True, if_exists=True),
    "DROP CONNECTION a FORCE": "42601 at 19",
}


def run(stmt: DropConnections, ctx: Context) -> Result:
    connection_actions.drop(ctx, stmt.names, if_exists=stmt.if_exists)
    return Result("DROP CONNECTION")
