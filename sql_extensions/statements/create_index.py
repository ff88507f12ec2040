"""Declare an index.

    CREATE INDEX ON sales.orders (customer_id)

Kept and shown to tools, never used: Delta tables are pruned by file statistics (see OPTIMIZE ... ZORDER BY). A unique
index declares uniqueness and does not enforce it.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions import definition
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("CREATE", "INDEX"), ("CREATE", "UNIQUE", "INDEX"))
SYNTAX = "CREATE [ UNIQUE ] INDEX [ [ IF NOT EXISTS ] name ] ON table ( column [, ...] )"
ACTION = Action.DEFINE
TRANSACTION = TransactionRule.TRANSACTIONAL


@dataclass(frozen=True, slots=True)
class CreateIndex:
    sql: str


def parse(c: Cursor) -> CreateIndex:
    concurrently = next((token for token in c.tokens() if token.word == "CONCURRENTLY"), None)
    tokens = [token for token in c.tokens() if token is not concurrently]
    c.rest()
    return CreateIndex(" ".join(c.sql[token.start : token.end] for token in tokens))


EXAMPLES: dict[str, object] = {
    "CREATE INDEX CONCURRENTLY i ON t (a)": CreateIndex("CREATE INDEX i ON t ( a )"),
}


def run(stmt: CreateIndex, ctx: Context) -> Result:
    return definition.define(ctx, stmt.sql, "CREATE INDEX")
