"""Comment on a schema, table, view or column.

    COMMENT ON COLUMN sales.orders.amount IS 'in euros, without VAT'

As in PostgreSQL; NULL removes the comment. Tools show it.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Result
from sql_extensions import definition
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("COMMENT", "ON"),)
SYNTAX = "COMMENT ON { SCHEMA name | TABLE name | VIEW name | COLUMN relation.column } IS { 'text' | NULL }"
ACTION = Action.DEFINE
TRANSACTION = TransactionRule.TRANSACTIONAL
_KINDS = ("SCHEMA", "TABLE", "VIEW", "COLUMN")


@dataclass(frozen=True, slots=True)
class Comment:
    sql: str


def parse(c: Cursor) -> Comment:
    tokens, kind = c.tokens(), c.peek()
    if kind is not None and kind.word and kind.word not in _KINDS:
        raise FeatureNotSupported(f"COMMENT ON {kind.word} is not supported", position=kind.start + 1)
    c.rest()
    return Comment(c.sql[tokens[0].start : tokens[-1].end])


EXAMPLES: dict[str, object] = {
    "COMMENT ON TABLE t IS 'x'": Comment("COMMENT ON TABLE t IS 'x'"),
    "COMMENT ON ROLE r IS 'x'": "0A000 at 12",
}


def run(stmt: Comment, ctx: Context) -> Result:
    return definition.define(ctx, stmt.sql, "COMMENT")
