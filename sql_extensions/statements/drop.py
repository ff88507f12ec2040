"""Drop tables, views and indexes.

    DROP TABLE IF EXISTS sales.staging CASCADE
    DROP VIEW sales.big_orders

As in PostgreSQL. A dropped table's files are removed when the transaction commits.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions import definition
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("DROP", "TABLE"), ("DROP", "VIEW"), ("DROP", "INDEX"))
SYNTAX = "DROP { TABLE | VIEW | INDEX } [ IF EXISTS ] name [, ...] [ CASCADE | RESTRICT ]"
ACTION = Action.DEFINE
TRANSACTION = TransactionRule.TRANSACTIONAL


@dataclass(frozen=True, slots=True)
class Drop:
    tag: str
    sql: str


def parse(c: Cursor) -> Drop:
    tokens = c.tokens()
    c.rest()
    return Drop(f"DROP {tokens[1].word}", c.sql[tokens[0].start : tokens[-1].end])


EXAMPLES: dict[str, object] = {"DROP TABLE IF EXISTS a, b": Drop("DROP TABLE", "DROP TABLE IF EXISTS a, b")}


def run(stmt: Drop, ctx: Context) -> Result:
    return definition.define(ctx, stmt.sql, stmt.tag)
