"""Drop secrets.

    DROP SECRET IF EXISTS old_pw

Of several all are dropped, or none. A secret that a connection uses is not dropped (2BP01). For its owner and
administrators.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions import secret_actions
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("DROP", "SECRET"),)
SYNTAX = "DROP SECRET [ IF EXISTS ] name [, ...]"
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.IMMEDIATE


@dataclass(frozen=True, slots=True)
class DropSecrets:
    names: tuple[str, ...]
    if_exists: bool = False


def parse(c: Cursor) -> DropSecrets:
    if_exists = c.take("IF", "EXISTS")
    return DropSecrets(c.comma_list(c.identifier), if_exists)


EXAMPLES: dict[str, object] = {
    "DROP SECRET s": DropSecrets(("s",)),
    "DROP SECRET IF EXISTS a, b": DropSecrets(("a", "b"), if_exists=True),
    "DROP SECRET s CASCADE": "42601 at 15",
    "DROP SECRET": "42601 at 12",
}


def run(stmt: DropSecrets, ctx: Context) -> Result:
    secret_actions.drop(ctx, stmt.names, if_exists=stmt.if_exists)
    return Result("DROP SECRET")
